export type Bar = { left: number; width: number };
type Span = { start_date: string | null; end_date: string | null };

const LEAST_PERCENT = 0.6;

/** Where a task stands within its run, in percent of the run's length. */
export function barOf(task: Span, run: Span, now: number): Bar | null {
  if (!task.start_date || !run.start_date) return null;
  const from = Date.parse(run.start_date);
  const to = Math.max(run.end_date ? Date.parse(run.end_date) : now, from + 1);
  const start = Date.parse(task.start_date);
  const end = task.end_date ? Date.parse(task.end_date) : now;
  const clamp = (percent: number) => Math.min(100, Math.max(0, percent));
  const width = Math.max(LEAST_PERCENT, clamp((100 * (end - start)) / (to - from)));
  const left = Math.min(clamp((100 * (start - from)) / (to - from)), 100 - width);
  return { left, width };
}

/** In the order in which things happened; what has not begun comes last, in the dag's order. */
export function inOrderOfStart<T extends Span>(tasks: T[]): T[] {
  const at = (task: T) => (task.start_date ? Date.parse(task.start_date) : Infinity);
  return tasks
    .map((task, index) => ({ task, index, start: at(task) }))
    .sort((a, b) => (a.start === b.start ? a.index - b.index : a.start - b.start))
    .map(({ task }) => task);
}
