import { Link } from 'react-router';
import type { DagDetails } from '~/api/types';
import { usePlace } from '~/app/params';
import { paths } from '~/app/paths';
import { count } from '~/components/format';
import { scheduleOf } from '../lib/words';
import { NextRun } from './next-run';

/** One line of what matters: is it on, when, how much of it runs now. */
export function DagSummary({ dag }: { dag: DagDetails }) {
  const { deployment } = usePlace();
  const schedule = scheduleOf(dag);
  return (
    <div className="mt-1.5 flex flex-wrap items-center gap-x-5 gap-y-1">
      <span>
        <span className="text-muted">{dag.is_paused ? 'Paused' : 'Active'} · </span>
        {schedule ? (
          <>
            <span className="text-muted">Schedule </span>
            {schedule}
          </>
        ) : (
          'On demand'
        )}
        {schedule && dag.timetable_description && (
          <span className="hidden text-muted md:inline"> ({dag.timetable_description})</span>
        )}
      </span>
      {schedule && (
        <span className="inline-flex items-center gap-1.5">
          <span className="text-muted">Next run</span>
          <NextRun
            paused={dag.is_paused}
            next={dag.next_dagrun_run_after}
            last={dag.next_dagrun_data_interval_start}
            schedule={schedule}
          />
        </span>
      )}
      {dag.active_runs_count > 0 && <span>{count(dag.active_runs_count, 'active run')}</span>}
      {dag.tags.length > 0 && (
        <ul aria-label="Tags" className="flex flex-wrap gap-1">
          {dag.tags.map(({ name }) => (
            <li key={name}>
              <Link
                to={`${paths.dags(deployment)}?tag=${encodeURIComponent(name)}`}
                className="rounded bg-sunk px-1.5 py-0.5 text-xs text-muted hover:text-ink"
              >
                {name}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
