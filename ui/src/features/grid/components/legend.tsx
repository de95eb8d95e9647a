import type { GridTask } from '~/api/types';
import { StateBadge } from '~/components/state';
import type { Column } from '../lib/columns';

// Enough cells to know what is on the screen; a grid of 10,000 tasks is not read for its legend.
const TASKS_READ = 200;

/** Only the states that can be seen. */
export function Legend({ columns, tasks }: { columns: Column[]; tasks: GridTask[] }) {
  const seen = new Set<string>();
  for (const task of tasks.slice(0, TASKS_READ)) {
    for (const { cell } of columns) {
      const { state, absent } = cell(task);
      if (!absent) seen.add(state ?? '');
    }
  }
  return (
    <ul aria-label="States" className="flex flex-wrap gap-x-4 gap-y-1 px-1 text-xs text-muted">
      {[...seen].sort().map((state) => (
        <li key={state}>
          <StateBadge state={state} />
        </li>
      ))}
    </ul>
  );
}
