import { useState } from 'react';
import { Link } from 'react-router';
import type { DagRun } from '~/api/types';
import { paths } from '~/app/paths';
import { Empty, Loading } from '~/components/empty';
import { useMedia } from '~/components/media';
import { ProblemPanel } from '~/components/problem';
import { RUN_STATES, StateBadge, stateLabel } from '~/components/state';
import { Ago, Elapsed, Moment } from '~/components/time';
import { useWindowRows } from '~/components/window-rows';
import { useRunPages } from '../hooks/runs';

const ROW_PX = { wide: 40, narrow: 58 };
const COLUMNS =
  'grid items-center gap-x-4 px-3 content-center gap-y-0.5 grid-cols-[minmax(0,1fr)_auto_auto] ' +
  'md:grid-cols-[8rem_minmax(0,1fr)_9rem_13rem_6rem_6rem]';

export function RunList({ deployment, dag }: { deployment: string; dag: string }) {
  const [state, setState] = useState('');
  const [total, setTotal] = useState(0);
  const rowHeight = useMedia('(min-width: 48rem)') ? ROW_PX.wide : ROW_PX.narrow;
  const { list, rows, height, visible } = useWindowRows(total, rowHeight);
  const runs = useRunPages(deployment, dag, state, visible);
  if (runs.total !== total) setTotal(runs.total);
  return (
    <>
      <div className="mb-3 flex items-center gap-3">
        <select
          aria-label="State of the run"
          className="field"
          value={state}
          onChange={(event) => setState(event.target.value)}
        >
          <option value="">Any state</option>
          {RUN_STATES.map((value) => (
            <option key={value} value={value}>
              {stateLabel(value)}
            </option>
          ))}
        </select>
        <span role="status" className="text-muted">
          {runs.head && `${total.toLocaleString('en')} ${total === 1 ? 'run' : 'runs'}`}
        </span>
      </div>
      {runs.error && (
        <ProblemPanel
          what="The runs could not be loaded."
          error={runs.error}
          isShown={runs.head !== undefined}
          onRetry={runs.refetch}
        />
      )}
      {runs.isPending && !runs.error && <Loading label="Loading runs" />}
      {runs.head && total === 0 && (
        <Empty title={state ? `No run is ${stateLabel(state).toLowerCase()}` : 'No runs yet'} />
      )}
      {total > 0 && (
        <div role="table" aria-label={`Runs of ${dag}`} aria-rowcount={total + 1} className="panel">
          <div
            role="row"
            aria-rowindex={1}
            className={`${COLUMNS} sticky top-0 z-10 rounded-t-lg border-b border-line bg-surface py-1.5 text-xs text-muted max-md:sr-only`}
          >
            {['State', 'Run', 'Type', 'Run after', 'Started', 'Duration'].map((heading) => (
              <div key={heading} role="columnheader">
                {heading}
              </div>
            ))}
          </div>
          <div ref={list} role="rowgroup" className="relative" style={{ height }}>
            {rows.map(({ index, y }) => {
              const run = runs.item(index);
              return (
                <div
                  key={run?.dag_run_id ?? index}
                  role="row"
                  aria-rowindex={index + 2}
                  style={{ height: rowHeight, transform: `translateY(${y}px)` }}
                  className={`${COLUMNS} absolute inset-x-0 top-0 border-b border-line last:border-b-0 hover:bg-sunk`}
                >
                  {run && <RunRow deployment={deployment} dag={dag} run={run} />}
                </div>
              );
            })}
          </div>
        </div>
      )}
    </>
  );
}

function RunRow({ deployment, dag, run }: { deployment: string; dag: string; run: DagRun }) {
  return (
    <>
      <div role="cell">
        <StateBadge state={run.state} />
      </div>
      <div
        role="cell"
        className="order-first col-span-3 min-w-0 truncate md:order-none md:col-span-1"
      >
        <Link to={paths.run(deployment, dag, run.dag_run_id)} className="link">
          {run.dag_run_id}
        </Link>
        {run.note && <span className="ml-2 text-muted">{run.note}</span>}
      </div>
      <div role="cell" className="text-muted max-md:hidden">
        {run.run_type.replaceAll('_', ' ')}
      </div>
      <div role="cell" className="max-md:hidden">
        <Moment at={run.run_after} />
      </div>
      <div role="cell" className="max-md:text-muted">
        <Ago at={run.start_date} />
      </div>
      <div role="cell">
        <Elapsed of={run} />
      </div>
    </>
  );
}
