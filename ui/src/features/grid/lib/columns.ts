import type { Grid, GridRun, GridTask } from '~/api/types';

export type Cell = { state: string | null; tries: number; absent: boolean };
export type Column = { run: GridRun; cell: (task: GridTask) => Cell };

const ABSENT: Cell = { state: null, tries: 0, absent: true };

/**
 * Pages of the API, newest run first, become columns, oldest first. Each page may have been read
 * from another version of the dag, so a cell is found by its task and not by its row.
 */
export function columnsOf(pages: Grid[]): { tasks: GridTask[]; columns: Column[] } {
  const tasks = pages[0]?.tasks ?? [];
  const columns = pages.flatMap((page) => {
    const index = new Map(page.tasks.map((task, at) => [task.task_id, at]));
    return page.runs.map((run): Column => ({
      run,
      cell: (task) => {
        const at = index.get(task.task_id);
        const state = at === undefined ? '' : run.states[at];
        if (at === undefined || state === '' || state === undefined) return ABSENT;
        return { state, tries: run.tries[at] ?? 0, absent: false };
      },
    }));
  });
  return { tasks, columns: columns.reverse() };
}
