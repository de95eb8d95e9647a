import { Link } from 'react-router';
import type { GridTask } from '~/api/types';
import { paths } from '~/app/paths';
import { absolute, count } from '~/components/format';
import { StateMark, stateLabel } from '~/components/state';
import { useZone } from '~/components/zone';
import type { Column } from '../lib/columns';
import { CELL_PX } from './dag-grid';

export const LABEL_CLASS = 'sticky left-0 z-[5] w-40 shrink-0 bg-surface pl-3 sm:w-64';

type Props = {
  deployment: string;
  dag: string;
  task: GridTask;
  columns: Column[];
  index: number;
  top: number;
  height: number;
};

export function GridRow({ deployment, dag, task, columns, index, top, height }: Props) {
  const { zone } = useZone();
  const after = task.upstream.length > 0 ? `\nafter ${task.upstream.slice(0, 6).join(', ')}` : '';
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className="group absolute inset-x-0 flex items-center hover:bg-sunk"
      style={{ height, transform: `translateY(${top}px)` }}
    >
      <div role="rowheader" className={`${LABEL_CLASS} group-hover:bg-sunk`}>
        <div
          className="flex items-baseline gap-1.5 overflow-hidden pr-3"
          style={{ paddingLeft: Math.min(task.depth, 6) * 8 }}
          data-tip={`${task.task_id}\n${task.operator_name ?? ''}${after}\n${task.trigger_rule}`}
        >
          <span className="truncate">{task.label}</span>
          {task.is_mapped && <span className="text-xs text-muted">[ ]</span>}
        </div>
      </div>
      {columns.map(({ run, cell }, column) => {
        const { state, tries, absent } = cell(task);
        if (absent) {
          return (
            <div key={run.dag_run_id} role="gridcell" style={{ width: CELL_PX }}>
              <span className="sr-only">Not in this run</span>
            </div>
          );
        }
        const words = `${task.task_id}, ${stateLabel(state)}`;
        const more = tries > 1 ? `\n${count(tries, 'try', 'tries')}` : '';
        const to = task.is_mapped
          ? `${paths.run(deployment, dag, run.dag_run_id)}?task=${encodeURIComponent(task.task_id)}`
          : paths.task(deployment, dag, run.dag_run_id, task.task_id);
        return (
          <div key={run.dag_run_id} role="gridcell" style={{ width: CELL_PX }}>
            <Link
              to={to}
              data-cell={`${index}:${column}`}
              tabIndex={index === 0 && column === columns.length - 1 ? 0 : -1}
              aria-label={`${words}, run of ${absolute(run.run_after, zone)}`}
              data-tip={`${words}${more}\n${absolute(run.run_after, zone)}`}
              className="flex h-6 items-center justify-center hover:bg-line"
            >
              <StateMark state={state} size={15} />
            </Link>
          </div>
        );
      })}
    </div>
  );
}
