import type { TaskInstance, TryRecord } from '~/api/types';
import { Facts } from '~/components/facts';
import { bytes, duration } from '~/components/format';
import { StateBadge } from '~/components/state';
import { Elapsed, Moment } from '~/components/time';

type Props = { task: TaskInstance; shown: TaskInstance | TryRecord };

/** Facts of the try that is shown; what only the newest try has is of the task instance. */
export function TaskDetails({ task, shown }: Props) {
  const usage = ('orrery' in shown ? shown.orrery : null) ?? null;
  return (
    <div className="flex flex-col gap-6">
      <Facts
        facts={[
          ['State', <StateBadge key="state" state={shown.state} />],
          ['Duration', <Elapsed key="duration" of={shown} />],
          ['Scheduled', <Moment key="scheduled" at={shown.scheduled_when} />],
          ['Queued', <Moment key="queued" at={shown.queued_when} />],
          ['Started', <Moment key="start" at={shown.start_date} />],
          ['Ended', <Moment key="end" at={shown.end_date} />],
          ['CPU time', usage?.cpu_seconds == null ? '–' : duration(usage.cpu_seconds)],
          ['Peak memory', bytes(usage?.peak_memory_bytes)],
          ['Process', shown.pid ?? '–'],
          ['Host', shown.hostname || '–'],
          ['User', shown.unixname || '–'],
          ['Pool', `${shown.pool} (${shown.pool_slots})`],
          ['Queue', shown.queue ?? '–'],
          ['Priority', shown.priority_weight ?? '–'],
          ['Operator', task.operator_name ?? task.operator ?? '–'],
          ['Executor', shown.executor ?? '–'],
          ['Dag version', shown.dag_version?.version_number ?? '–'],
        ]}
      />
      {task.note && <p className="border-l-2 border-brass pl-3">{task.note}</p>}
    </div>
  );
}
