import { Button } from '~/components/button';
import { SearchBox } from '~/components/search-box';
import { useZone } from '~/components/zone';
import { NO_FILTERS, type AuditFilters, type AuditOf } from '../lib/filters';
import { fromField, toField } from '../lib/moment-field';
import { FilterBox } from './filter-box';

type Props = {
  filters: AuditFilters;
  of: AuditOf;
  onChange: (filters: AuditFilters) => void;
};

export function AuditFilterBar({ filters, of, onChange }: Props) {
  const { zone } = useZone();
  const set = (name: keyof AuditFilters) => (value: string) =>
    onChange({ ...filters, [name]: value });
  const box = (name: keyof AuditFilters, label: string) => (
    <FilterBox key={name} label={label} value={filters[name]} onChange={set(name)} />
  );
  const moment = (name: 'after' | 'before', label: string) => (
    <label className="flex items-center gap-1.5 text-muted">
      {label}
      <input
        type="datetime-local"
        className="field"
        value={toField(filters[name], zone)}
        onChange={(event) => set(name)(fromField(event.target.value, zone))}
      />
    </label>
  );
  const filtered = Object.values(filters).some(Boolean);
  return (
    <div role="search" className="flex flex-wrap items-center gap-2 pb-3">
      <SearchBox
        label="Event"
        className="min-w-48 flex-1 sm:max-w-64"
        value={filters.event}
        onChange={set('event')}
      />
      {box('user', 'User')}
      {of.dag === undefined && box('dag', 'Dag')}
      {of.run === undefined && box('run', 'Run')}
      {of.task === undefined && box('task', 'Task')}
      {moment('after', 'From')}
      {moment('before', 'To')}
      {filtered && (
        <Button look="ghost" onClick={() => onChange(NO_FILTERS)}>
          Clear the filters
        </Button>
      )}
    </div>
  );
}
