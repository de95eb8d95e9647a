import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { paths } from '~/app/paths';
import { absolute, count, duration } from '~/components/format';
import { stateLabel, stateVar } from '~/components/state';
import { useZone } from '~/components/zone';
import type { Column } from '../lib/columns';
import { CELL_PX } from './dag-grid';
import { LABEL_CLASS } from './grid-row';

type Props = { deployment: string; dag: string; columns: Column[]; earlier: ReactNode };

const HEIGHT = 56;

/** Above each column, its run: how long it took, how it ended. */
export function RunBars({ deployment, dag, columns, earlier }: Props) {
  const { zone } = useZone();
  const longest = Math.max(1, ...columns.map(({ run }) => run.duration ?? 0));
  return (
    <div
      role="row"
      aria-rowindex={1}
      className="sticky top-0 z-10 mb-1 flex items-end border-b border-line bg-surface pt-3"
    >
      <div role="columnheader" className={`${LABEL_CLASS} self-stretch !z-20`}>
        <div className="flex h-full flex-col items-start justify-between pr-3 pb-1 text-xs text-muted">
          <span className="self-end" data-tip="The longest run shown: the height of a full bar">
            {duration(longest)}
          </span>
          {earlier || <span>{count(columns.length, 'run')}</span>}
        </div>
      </div>
      {columns.map(({ run }, column) => {
        const height = Math.max(4, (HEIGHT * (run.duration ?? 0)) / longest);
        const words = `${stateLabel(run.state)} run of ${absolute(run.run_after, zone)}`;
        return (
          <div key={run.dag_run_id} role="columnheader" style={{ width: CELL_PX }}>
            <Link
              to={paths.run(deployment, dag, run.dag_run_id)}
              data-cell={`-1:${column}`}
              tabIndex={-1}
              aria-label={words}
              data-tip={`${words}\n${duration(run.duration)} · ${run.run_type}${run.note ? `\n${run.note}` : ''}`}
              className="flex items-end justify-center hover:bg-line"
              style={{ height: HEIGHT }}
            >
              <span
                style={{ ...stateVar(run.state), height }}
                className={`state-fill w-3 rounded-t-[3px] ${run.state === 'running' ? 'breathing' : ''}`}
              />
            </Link>
          </div>
        );
      })}
    </div>
  );
}
