import type { ImportError } from '~/api/types';
import { CopyButton } from '~/components/copy';
import { Loading } from '~/components/empty';
import { count } from '~/components/format';
import { Icon } from '~/components/icons';
import { ProblemPanel } from '~/components/problem';
import { Ago } from '~/components/time';
import { Words } from '~/components/words';
import { useState } from 'react';
import { useImportErrors } from '../hooks/dags';
import { codeOf, hasTrace, headline, placeOf, where, traceOf } from '../lib/import-errors';

/** How many files are broken; opened, which, where and why. */
export function ImportErrorsBanner({ deployment, n }: { deployment: string; n: number }) {
  const [open, setOpen] = useState(false);
  if (n === 0) return null;
  return (
    <section
      aria-label="Import errors"
      className="mx-3 mb-3 rounded-lg border border-danger/50 bg-danger-soft sm:mx-5"
    >
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center gap-2 px-3 py-2 text-left"
      >
        <Icon name="warning" className="shrink-0 text-danger" />
        <span className="font-medium">{count(n, 'dag file')} cannot be imported</span>
        <span className="hidden text-muted sm:inline">
          Dags that loaded before go on with their last good version.
        </span>
        <Icon name={open ? 'chevron' : 'right'} className="ml-auto shrink-0 text-muted" />
      </button>
      {open && <ImportErrorList deployment={deployment} />}
    </section>
  );
}

function ImportErrorList({ deployment }: { deployment: string }) {
  const { data, error, refetch } = useImportErrors(deployment);
  if (error) return <ProblemPanel error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <ul className="max-h-[50vh] divide-y divide-line overflow-y-auto border-t border-line">
      {data.errors.map((item) => (
        <li key={item.import_error_id}>
          <ImportErrorItem error={item} />
        </li>
      ))}
      {data.total > data.errors.length && (
        <li className="px-3 py-2 text-muted">
          {count(data.total - data.errors.length, 'more file')}. Mend these first.
        </li>
      )}
    </ul>
  );
}

export function ImportErrorItem({ error }: { error: ImportError }) {
  const code = codeOf(error);
  const location = where(error.filename, placeOf(error));
  return (
    <div className="px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3">
        <code className="font-mono text-xs font-semibold break-all">{location}</code>
        <CopyButton text={location} what="the location" />
        <span className="ml-auto text-xs text-muted">
          <Ago at={error.timestamp} />
        </span>
      </div>
      <p className="break-words">
        {code && <code className="mr-2 font-mono text-danger">{code}</code>}
        <Words text={headline(error)} />
      </p>
      {hasTrace(error) && (
        <details className="mt-1">
          <summary className="w-fit text-muted">Stack trace</summary>
          <pre className="mt-1 overflow-x-auto font-mono text-xs" tabIndex={0}>
            {traceOf(error)}
          </pre>
        </details>
      )}
    </div>
  );
}
