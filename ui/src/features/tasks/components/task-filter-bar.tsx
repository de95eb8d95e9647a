import { useEffect, useRef } from 'react';
import type { TaskInstance } from '~/api/types';
import { Button } from '~/components/button';
import { count } from '~/components/format';
import { StateMark, TASK_STATES, stateLabel } from '~/components/state';
import type { TaskFilters } from '../hooks/tasks';

type Props = {
  filters: TaskFilters;
  total: number | null;
  /** All task instances of the run, when one page holds them. */
  counted: TaskInstance[] | null;
  onChange: (name: 'state' | 'q' | 'task', value: string) => void;
};

const SEARCH_WAIT_MS = 200;

export function TaskFilterBar({ filters, total, counted, onChange }: Props) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div className="mb-2 flex flex-wrap items-center gap-2">
      <h2 className="text-base font-semibold">Tasks</h2>
      <span role="status" className="mr-2 text-muted">
        {total !== null && count(total, 'instance')}
      </span>
      {counted && <StateCounts tasks={counted} onChoose={(state) => onChange('state', state)} />}
      <div className="ml-auto flex flex-wrap items-center gap-2">
        {filters.task && (
          <Button onClick={() => onChange('task', '')} aria-label="Show all tasks">
            {filters.task} ✕
          </Button>
        )}
        <input
          type="search"
          aria-label="Search tasks"
          placeholder="Search tasks"
          defaultValue={filters.search}
          className="field w-44"
          onChange={(event) => {
            const text = event.target.value.trim();
            clearTimeout(timer.current);
            timer.current = setTimeout(() => onChange('q', text), SEARCH_WAIT_MS);
          }}
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

type CountsProps = { tasks: TaskInstance[]; onChoose: (state: string) => void };

function StateCounts({ tasks, onChoose }: CountsProps) {
  const counts = new Map<string, number>();
  for (const { state } of tasks) counts.set(state ?? '', (counts.get(state ?? '') ?? 0) + 1);
  return [...counts].map(([state, n]) => {
    const content = (
      <>
        <StateMark state={state} size={13} />
        <span className="font-medium text-ink">{n}</span>
        {stateLabel(state).toLowerCase()}
      </>
    );
    const look = 'inline-flex items-center gap-1.5 rounded px-1.5 py-0.5 text-muted';
    // Upstream's filter has no word for a task instance without a state.
    if (!state) {
      return (
        <span key="none" className={look}>
          {content}
        </span>
      );
    }
    return (
      <button
        key={state}
        type="button"
        onClick={() => onChoose(state)}
        className={`${look} hover:bg-sunk`}
      >
        {content}
      </button>
    );
  });
}
