import type { TaskInstance } from '~/api/types';
import { bytes, duration } from '~/components/format';
import { StateBadge } from '~/components/state';
import { Ago, Elapsed } from '~/components/time';

export function TaskSummary({ task }: { task: TaskInstance }) {
  const { orrery: usage } = task;
  return (
    <div className="mt-1.5 flex flex-wrap items-center gap-x-5 gap-y-1">
      <StateBadge state={task.state} />
      {task.start_date && (
        <span>
          <span className="text-muted">Started</span> <Ago at={task.start_date} />
        </span>
      )}
      {task.start_date && (
        <span>
          <span className="text-muted">{task.end_date ? 'Took' : 'For'}</span> <Elapsed of={task} />
        </span>
      )}
      {task.try_number > 0 && (
        <span>
          <span className="text-muted">Try</span> {task.try_number}
          {task.max_tries > 0 && <span className="text-muted"> of {task.max_tries + 1}</span>}
        </span>
      )}
      {usage?.cpu_seconds != null && (
        <span>
          <span className="text-muted">CPU</span> {duration(usage.cpu_seconds)}
        </span>
      )}
      {usage?.peak_memory_bytes != null && (
        <span>
          <span className="text-muted">Peak memory</span> {bytes(usage.peak_memory_bytes)}
        </span>
      )}
      <span className="text-muted">{task.operator_name ?? task.operator}</span>
    </div>
  );
}
