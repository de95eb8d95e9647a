import type { StateCount } from '~/api/types';
import { Button } from '~/components/button';
import { count } from '~/components/format';
import { SearchBox } from '~/components/search-box';
import { StateMark, TASK_STATES, stateLabel } from '~/components/state';
import type { TaskFilters } from '../hooks/tasks';

type Props = {
  filters: TaskFilters;
  total: number | null;
  /** Of all the run's task instances, whatever the filters leave. */
  counts: StateCount[];
  onChange: (name: 'state' | 'q' | 'task', value: string) => void;
};

// What an operator looks for comes first.
const FIRST = ['failed', 'upstream_failed', 'up_for_retry', 'running'];

export function TaskFilterBar({ filters, total, counts, onChange }: Props) {
  return (
    <div className="mb-2 flex flex-wrap items-center gap-2">
      <h2 className="text-base font-semibold">Tasks</h2>
      <span role="status" className="mr-2 text-muted">
        {total !== null && count(total, 'instance')}
      </span>
      <StateCounts
        counts={counts}
        chosen={filters.state}
        onChoose={(state) => onChange('state', state)}
      />
      <div className="ml-auto flex flex-wrap items-center gap-2 max-md:w-full">
        {filters.task && (
          <Button onClick={() => onChange('task', '')} aria-label="Show all tasks">
            {filters.task} ✕
          </Button>
        )}
        <SearchBox
          label="Search tasks"
          className="w-52 max-md:flex-1"
          value={filters.search}
          onChange={(text) => onChange('q', text)}
        />
        <select
          aria-label="State of the task"
          className="field"
          value={filters.state}
          onChange={(event) => onChange('state', event.target.value)}
        >
          <option value="">Any state</option>
          {TASK_STATES.map((state) => (
            <option key={state} value={state}>
              {stateLabel(state)}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

type CountsProps = { counts: StateCount[]; chosen: string; onChoose: (state: string) => void };

function StateCounts({ counts, chosen, onChoose }: CountsProps) {
  const rank = ({ state }: StateCount) => {
    const at = FIRST.indexOf(state ?? '');
    return at < 0 ? FIRST.length : at;
  };
  return counts
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ state, count: n }) => {
      const key = state ?? 'none';
      const pressed = key === chosen;
      return (
        <button
          key={key}
          type="button"
          aria-pressed={pressed}
          data-tip={pressed ? 'Show all of them' : 'Show only these'}
          onClick={() => onChoose(pressed ? '' : key)}
          className="inline-flex h-8 items-center gap-1.5 rounded-md border border-transparent px-1.5 text-muted hover:bg-sunk aria-pressed:border-brass aria-pressed:bg-brass-soft"
        >
          <StateMark state={state} size={13} />
          <span className="font-medium text-ink">{n.toLocaleString('en')}</span>
          {stateLabel(state).toLowerCase()}
        </button>
      );
    });
}
