import type { ImportError } from '~/api/types';
import { CopyButton } from '~/components/copy';
import { Loading } from '~/components/empty';
import { count } from '~/components/format';
import { ProblemPanel } from '~/components/problem';
import { Ago } from '~/components/time';
import { Words } from '~/components/words';
import { useImportErrors } from '../hooks/dags';
import { codeOf, hasTrace, headline, placeOf, where, traceOf } from '../lib/import-errors';
import { Banner, BannerList } from './banner';

/** How many files are broken; opened, which, where and why. */
export function ImportErrorsBanner({ deployment, n }: { deployment: string; n: number }) {
  if (n === 0) return null;
  return (
    <Banner
      tone="danger"
      label="Import errors"
      title={`${count(n, 'dag file')} cannot be imported`}
      aside="Dags that loaded before go on with their last good version."
    >
      <ImportErrorList deployment={deployment} />
    </Banner>
  );
}

function ImportErrorList({ deployment }: { deployment: string }) {
  const { data, error, refetch } = useImportErrors(deployment);
  if (error) return <ProblemPanel error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const more = data.total - data.errors.length;
  return (
    <BannerList more={more > 0 ? `${count(more, 'more file')}. Mend these first.` : undefined}>
      {data.errors.map((item) => (
        <li key={item.import_error_id}>
          <ImportErrorItem error={item} />
        </li>
      ))}
    </BannerList>
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
