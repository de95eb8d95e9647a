import { useVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef } from 'react';
import { Button } from '~/components/button';
import { Empty, Loading } from '~/components/empty';
import { ProblemPanel } from '~/components/problem';
import { useGrid } from '../hooks/grid';
import { columnsOf } from '../lib/columns';
import { moveInGrid } from '../lib/keyboard';
import { GridRow } from './grid-row';
import { RunBars } from './run-bars';
import { Legend } from './legend';

export const CELL_PX = 20;
const ROW_PX = 24;

type Props = { deployment: string; dag: string; onTrigger: () => void };

export function DagGrid({ deployment, dag, onTrigger }: Props) {
  const grid = useGrid(deployment, dag);
  const scroller = useRef<HTMLDivElement>(null);
  const { tasks, columns } = columnsOf(grid.data?.pages ?? []);
  const virtual = useVirtualizer({
    count: tasks.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 10,
  });
  // Newest on the right: begin there, and stay there when a run arrives.
  const newest = columns.at(-1)?.run.dag_run_id;
  useLayoutEffect(() => {
    if (scroller.current) scroller.current.scrollLeft = scroller.current.scrollWidth;
  }, [newest]);

  if (grid.error && !grid.data) {
    return (
      <ProblemPanel
        what="The grid could not be loaded."
        error={grid.error}
        onRetry={() => void grid.refetch()}
      />
    );
  }
  if (!grid.data) return <Loading label="Loading runs" />;
  if (columns.length === 0) {
    return (
      <Empty
        title="This dag has not run yet"
        action={
          <Button look="solid" icon="play" onClick={onTrigger}>
            Trigger a run
          </Button>
        }
      >
        Its runs will stand here side by side, a row for each of{' '}
        {tasks.length === 1 ? 'its one task' : `its ${tasks.length} tasks`}.
      </Empty>
    );
  }

  return (
    <div className="flex flex-col gap-3">
      <div
        ref={scroller}
        className="panel relative max-h-[calc(100dvh-15rem)] w-fit max-w-full overflow-auto"
      >
        <div
          role="grid"
          aria-label={`Runs and tasks of ${dag}`}
          aria-rowcount={tasks.length + 1}
          tabIndex={-1}
          onKeyDown={moveInGrid}
          className="w-max pr-2"
        >
          <RunBars
            deployment={deployment}
            dag={dag}
            columns={columns}
            earlier={
              grid.hasNextPage && (
                <Button
                  className="!h-6 !px-2 text-xs"
                  disabled={grid.isFetchingNextPage}
                  onClick={() => void grid.fetchNextPage()}
                >
                  {grid.isFetchingNextPage ? 'Loading…' : 'Earlier runs'}
                </Button>
              )
            }
          />
          <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
            {virtual.getVirtualItems().map(({ index, start }) => (
              <GridRow
                key={tasks[index]!.task_id}
                deployment={deployment}
                dag={dag}
                task={tasks[index]!}
                columns={columns}
                index={index}
                top={start}
                height={ROW_PX}
              />
            ))}
          </div>
        </div>
      </div>
      <Legend columns={columns} tasks={tasks} />
    </div>
  );
}
