import { SearchBox } from '~/components/search-box';
import { RUN_STATES, stateLabel } from '~/components/state';
import { useDagTags, type Filters } from '../hooks/dags';

type Props = { deployment: string; filters: Filters; onChange: (change: Partial<Filters>) => void };

const PAUSED: [string, boolean | null][] = [
  ['All', null],
  ['Active', false],
  ['Paused', true],
];

export function DagFilters({ deployment, filters, onChange }: Props) {
  const { data: tags = [] } = useDagTags(deployment);
  return (
    <div role="search" className="flex flex-wrap items-center gap-2 px-3 pb-3 sm:px-5">
      <SearchBox
        label="Search dags"
        className="min-w-48 flex-1 sm:max-w-80"
        value={filters.search}
        onChange={(search) => onChange({ search })}
      />
      <fieldset className="flex overflow-hidden rounded-md border border-line-strong">
        <legend className="sr-only">Schedule</legend>
        {PAUSED.map(([label, paused]) => (
          <button
            key={label}
            type="button"
            aria-pressed={filters.paused === paused}
            onClick={() => onChange({ paused })}
            className="h-[30px] bg-raised px-3 aria-pressed:bg-solid aria-pressed:text-on-solid"
          >
            {label}
          </button>
        ))}
      </fieldset>
      <select
        aria-label="State of the last run"
        className="field"
        value={filters.state}
        onChange={(event) => onChange({ state: event.target.value })}
      >
        <option value="">Any last run</option>
        {RUN_STATES.map((state) => (
          <option key={state} value={state}>
            {stateLabel(state)}
          </option>
        ))}
      </select>
      {(tags.length > 0 || filters.tag) && (
        <select
          aria-label="Tag"
          className="field max-w-48"
          value={filters.tag}
          onChange={(event) => onChange({ tag: event.target.value })}
        >
          <option value="">Any tag</option>
          {[...new Set([...tags, filters.tag])].filter(Boolean).map((tag) => (
            <option key={tag}>{tag}</option>
          ))}
        </select>
      )}
    </div>
  );
}
