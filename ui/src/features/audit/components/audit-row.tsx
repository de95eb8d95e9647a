import { Link } from 'react-router';
import type { AuditEntry } from '~/api/types';
import { paths } from '~/app/paths';
import { Moment } from '~/components/time';
import { readable } from '../lib/filters';

type Props = { deployment: string; entry: AuditEntry };

export function AuditRow({ deployment, entry }: Props) {
  return (
    <>
      <td className="py-1.5 pr-4 pl-3 align-top whitespace-nowrap">
        <Moment at={entry.when} />
      </td>
      <td className="py-1.5 pr-4 align-top font-medium">{entry.event}</td>
      <td className="py-1.5 pr-4 align-top">
        {entry.owner ?? <span className="text-muted">–</span>}
      </td>
      <td className="min-w-40 py-1.5 pr-4 align-top">
        <Place deployment={deployment} entry={entry} />
      </td>
      <td className="min-w-48 py-1.5 pr-3 align-top">
        <Extra extra={entry.extra} />
      </td>
    </>
  );
}

/** What it speaks of: links, though it may be gone. */
function Place({ deployment, entry }: Props) {
  const { dag_id: dag, run_id: run, task_id: task, map_index: mapIndex } = entry;
  // Upstream's word for all dags is none.
  if (!dag || dag === '~') return <span className="text-muted">–</span>;
  const index = mapIndex ?? -1;
  return (
    <ul className="wrap-anywhere">
      <li>
        <Link to={paths.dag(deployment, dag)} className="link">
          {entry.dag_display_name ?? dag}
        </Link>
      </li>
      {run && run !== '~' && (
        <li>
          <Link to={paths.run(deployment, dag, run)} className="link">
            {run}
          </Link>
        </li>
      )}
      {task && run && run !== '~' && (
        <li>
          <Link to={paths.task(deployment, dag, run, task, index)} className="link">
            {entry.task_display_name ?? task}
            {index >= 0 && ` [${index}]`}
          </Link>
          {entry.try_number !== null && <span className="text-muted"> try {entry.try_number}</span>}
        </li>
      )}
    </ul>
  );
}

function Extra({ extra }: { extra: string | null }) {
  if (!extra) return <span className="text-muted">–</span>;
  const whole = readable(extra);
  if (whole === extra && extra.length < 200) return <span className="wrap-anywhere">{extra}</span>;
  return (
    <details className="max-w-xl">
      <summary className="cursor-pointer truncate font-mono text-xs leading-5">{extra}</summary>
      <pre className="mt-1 font-mono text-xs leading-5 break-words whitespace-pre-wrap">
        {whole}
      </pre>
    </details>
  );
}
