import { useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import type { DagRun, TaskInstance, TaskReasons } from '~/api/types';
import { Button } from '~/components/button';
import { Empty, Loading } from '~/components/empty';
import { useMedia } from '~/components/media';
import { ProblemPanel } from '~/components/problem';
import { useWindowRows } from '~/components/window-rows';
import { TASK_PAGE_SIZE, useTaskCounts, useTaskPages } from '../hooks/tasks';
import { inOrderOfStart } from '../lib/timeline';
import { TaskFilterBar } from './task-filter-bar';
import { TASK_COLUMNS, TaskRow } from './task-row';

const ROW_PX = { wide: 38, narrow: 58 };
const HEADINGS = ['State', 'Task', 'When in the run', 'Duration', 'Try', 'Operator'];

type Props = {
  deployment: string;
  dag: string;
  run: DagRun;
  waiting: TaskReasons[] | undefined;
};

export function TaskList({ deployment, dag, run, waiting }: Props) {
  const [params, setParams] = useSearchParams();
  const filters = {
    state: params.get('state') ?? '',
    search: params.get('q') ?? '',
    task: params.get('task') ?? '',
  };
  const change = (name: string, value: string) => {
    const next = new URLSearchParams(params);
    if (value) next.set(name, value);
    else next.delete(name);
    setParams(next, { replace: true });
  };
  const rowHeight = useMedia('(min-width: 48rem)') ? ROW_PX.wide : ROW_PX.narrow;
  const [total, setTotal] = useState(0);
  const { list, rows, height, visible } = useWindowRows(total, rowHeight);
  const tasks = useTaskPages(deployment, dag, run.dag_run_id, filters, visible);
  if (tasks.total !== total) setTotal(tasks.total);
  const counts = useTaskCounts(deployment, dag, run.dag_run_id);

  const whole = total <= TASK_PAGE_SIZE;
  const first = tasks.head?.items;
  const sorted = useMemo(() => inOrderOfStart(first ?? []), [first]);
  const item = (index: number): TaskInstance | undefined =>
    whole ? sorted[index] : tasks.item(index);
  const reasons = useMemo(
    () => new Map(waiting?.map((w) => [`${w.task_id}:${w.map_index ?? -1}`, w.reasons])),
    [waiting],
  );

  return (
    <section aria-label="Task instances">
      <TaskFilterBar
        filters={filters}
        total={tasks.head ? total : null}
        counts={counts.data ?? []}
        onChange={change}
      />
      {tasks.error && (
        <ProblemPanel
          what="The task instances could not be loaded."
          error={tasks.error}
          isShown={tasks.head !== undefined}
          onRetry={tasks.refetch}
        />
      )}
      {tasks.isPending && !tasks.error && <Loading label="Loading task instances" />}
      {tasks.head && total === 0 && (
        <Empty
          title={params.size > 0 ? 'No task instance matches' : 'No task instances yet'}
          action={
            params.size > 0 && (
              <Button onClick={() => setParams({}, { replace: true })}>Clear the filters</Button>
            )
          }
        />
      )}
      {total > 0 && (
        <div role="table" aria-label="Task instances" aria-rowcount={total + 1} className="panel">
          <div
            role="row"
            aria-rowindex={1}
            className={`${TASK_COLUMNS} sticky top-0 z-10 rounded-t-lg border-b border-line bg-surface py-1.5 text-xs text-muted max-md:sr-only`}
          >
            {HEADINGS.map((heading) => (
              <div key={heading} role="columnheader">
                {heading}
              </div>
            ))}
            <div role="columnheader">
              <span className="sr-only">Actions</span>
            </div>
          </div>
          <div ref={list} role="rowgroup" className="relative" style={{ height }}>
            {rows.map(({ index, y }) => {
              const task = item(index);
              return (
                <div
                  key={task?.id ?? index}
                  role="row"
                  aria-rowindex={index + 2}
                  style={{ height: rowHeight, transform: `translateY(${y}px)` }}
                  className={`${TASK_COLUMNS} absolute inset-x-0 top-0 border-b border-line last:border-b-0 hover:bg-sunk`}
                >
                  {task ? (
                    <TaskRow
                      deployment={deployment}
                      run={run}
                      task={task}
                      reasons={reasons.get(`${task.task_id}:${task.map_index}`)}
                    />
                  ) : (
                    <div role="cell" className="h-3 w-24 rounded bg-line" />
                  )}
                </div>
              );
            })}
          </div>
        </div>
      )}
    </section>
  );
}
