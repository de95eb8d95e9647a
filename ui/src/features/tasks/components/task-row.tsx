import { Link } from 'react-router';
import type { DagRun, Reason, TaskInstance } from '~/api/types';
import { paths } from '~/app/paths';
import { IconButton } from '~/components/button';
import { useNow } from '~/components/clock';
import { StateBadge, stateVar } from '~/components/state';
import { Elapsed } from '~/components/time';
import { Words } from '~/components/words';
import { barOf } from '../lib/timeline';
import { TaskActions } from './task-actions';

export const TASK_COLUMNS =
  'grid items-center content-center gap-x-4 px-3 grid-cols-[minmax(0,1fr)_auto_auto_2rem] ' +
  'md:grid-cols-[9.5rem_minmax(0,1fr)_minmax(0,1.4fr)_5rem_2.5rem_8rem_2rem]';

type Props = {
  deployment: string;
  run: DagRun;
  task: TaskInstance;
  reasons: Reason[] | undefined;
};

export function TaskRow({ deployment, run, task, reasons }: Props) {
  const index = task.map_index >= 0 ? (task.rendered_map_index ?? String(task.map_index)) : null;
  return (
    <>
      <div role="cell" className="order-2 md:order-none">
        <StateBadge state={task.state} />
      </div>
      <div role="cell" className="order-1 min-w-0 truncate md:order-none">
        <Link
          to={paths.task(deployment, task.dag_id, task.dag_run_id, task.task_id, task.map_index)}
          className="link font-medium"
        >
          {task.task_display_name}
          {index !== null && <span className="text-muted"> [{index}]</span>}
        </Link>
      </div>
      <div
        role="cell"
        className="order-5 col-span-4 min-w-0 max-md:h-5 md:order-none md:col-span-1"
      >
        {reasons && reasons.length > 0 ? (
          <p
            className="truncate text-muted"
            data-tip={reasons.map((reason) => reason.text).join('\n')}
          >
            <Words text={reasons.map((reason) => reason.text).join(' · ')} />
          </p>
        ) : (
          <Timeline run={run} task={task} />
        )}
      </div>
      <div role="cell" className="order-3 md:order-none">
        <Elapsed of={task} />
      </div>
      <div role="cell" className="hidden text-muted md:block">
        {task.try_number > 0 ? task.try_number : '–'}
      </div>
      <div role="cell" className="hidden truncate text-muted md:block">
        {task.operator_name ?? task.operator}
      </div>
      <div role="cell" className="order-4 md:order-none">
        <TaskActions
          deployment={deployment}
          task={task}
          trigger={<IconButton icon="more" label={`Actions for ${task.task_id}`} />}
        />
      </div>
    </>
  );
}

function Timeline({ run, task }: { run: DagRun; task: TaskInstance }) {
  const now = useNow();
  const bar = barOf(task, run, now);
  if (!bar) return null;
  return (
    <div aria-hidden="true" className="relative h-2 rounded-sm bg-sunk">
      <span
        className={`state-fill absolute inset-y-0 rounded-sm ${task.state === 'running' ? 'breathing' : ''}`}
        style={{ ...stateVar(task.state), left: `${bar.left}%`, width: `${bar.width}%` }}
      />
    </div>
  );
}
