import { useState } from 'react';
import { Link } from 'react-router';
import { paths } from '~/app/paths';
import type { DagWarning } from '~/api/types';
import { count } from '~/components/format';
import { Icon } from '~/components/icons';
import { Ago } from '~/components/time';
import { Words } from '~/components/words';
import { useDagWarnings } from '../hooks/dags';

/** What is odd with dags and keeps none from running; opened, with which and why. */
export function WarningsBanner({ deployment }: { deployment: string }) {
  const [open, setOpen] = useState(false);
  const { data } = useDagWarnings(deployment);
  if (!data || data.total === 0) return null;
  const more = data.total - data.warnings.length;
  return (
    <section
      aria-label="Warnings"
      className="mx-3 mb-3 rounded-lg border border-brass/40 bg-brass-soft sm:mx-5"
    >
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center gap-2 px-3 py-2 text-left"
      >
        <Icon name="warning" className="shrink-0 text-brass" />
        <span className="font-medium">{count(data.total, 'warning')} about dags</span>
        <span className="hidden text-muted sm:inline">They run all the same.</span>
        <Icon name={open ? 'chevron' : 'right'} className="ml-auto shrink-0 text-muted" />
      </button>
      {open && (
        <ul className="max-h-[50vh] divide-y divide-line overflow-y-auto border-t border-line">
          {data.warnings.map((warning) => (
            <li key={`${warning.dag_id} ${warning.warning_type} ${warning.message}`}>
              <WarningItem deployment={deployment} warning={warning} />
            </li>
          ))}
          {more > 0 && <li className="px-3 py-2 text-muted">{count(more, 'more warning')}.</li>}
        </ul>
      )}
    </section>
  );
}

function WarningItem({ deployment, warning }: { deployment: string; warning: DagWarning }) {
  return (
    <div className="px-3 py-2">
      <div className="flex flex-wrap items-center gap-x-3">
        <Link className="link font-semibold break-all" to={paths.dag(deployment, warning.dag_id)}>
          {warning.dag_display_name}
        </Link>
        <span className="text-xs text-muted">{warning.warning_type}</span>
        <span className="ml-auto text-xs text-muted">
          <Ago at={warning.timestamp} />
        </span>
      </div>
      <p className="break-words whitespace-pre-line">
        <Words text={warning.message} />
      </p>
    </div>
  );
}
