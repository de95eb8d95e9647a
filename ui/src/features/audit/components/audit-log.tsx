import { Link, useSearchParams } from 'react-router';
import { buttonClass, Button } from '~/components/button';
import { Empty, Loading } from '~/components/empty';
import { ProblemPanel } from '~/components/problem';
import { useAudit } from '../hooks/audit';
import {
  AUDIT_PAGE_SIZE,
  filtersOf,
  pageOf,
  withFilters,
  withPage,
  type AuditFilters,
  type AuditOf,
} from '../lib/filters';
import { AuditFilterBar } from './audit-filters';
import { AuditRow } from './audit-row';

const COLUMNS = ['When', 'Event', 'User', 'Of', 'Details'];

/** Who did what when: all of it, or what is about one dag, run or task instance. */
export function AuditLog({ deployment, of = {} }: { deployment: string; of?: AuditOf }) {
  const [search, setSearch] = useSearchParams();
  const filters = filtersOf(search);
  const page = pageOf(search);
  const { data, error, isPending, isPlaceholderData, isFetching, refetch } = useAudit(
    deployment,
    filters,
    of,
    page,
  );
  const change = (next: AuditFilters) => setSearch(withFilters(search, next), { replace: true });
  const entries = data?.event_logs ?? [];
  const total = data?.total_entries ?? 0;
  const filtered = Object.values(filters).some(Boolean);
  return (
    <section aria-label="Audit log">
      <AuditFilterBar filters={filters} of={of} onChange={change} />
      <div className="flex flex-wrap items-center gap-3 pb-2">
        <span role="status" className="text-muted">
          {data && (total === 1 ? '1 entry' : `${total.toLocaleString('en')} entries`)}
        </span>
        <Button look="ghost" icon="redo" disabled={isFetching} onClick={() => void refetch()}>
          Refresh
        </Button>
        <Pager search={search} page={page} shown={entries.length} total={total} />
      </div>
      {error && (
        <ProblemPanel
          what="The audit log could not be loaded."
          error={error}
          isShown={data !== undefined}
          onRetry={() => void refetch()}
        />
      )}
      {isPending && !error && <Loading label="Loading the audit log" />}
      {data && entries.length === 0 && (
        <NoEntries filtered={filtered} beyond={total > 0} onClear={() => change(filtersOf(NONE))} />
      )}
      {entries.length > 0 && (
        <div
          className={`panel overflow-x-auto ${isPlaceholderData ? 'opacity-60' : ''}`}
          // A region that scrolls must be reachable by keyboard.
          tabIndex={0}
          role="region"
          aria-label="Entries"
        >
          <table className="w-full text-left">
            <thead className="border-b border-line text-xs text-muted">
              <tr>
                {COLUMNS.map((heading) => (
                  <th key={heading} scope="col" className="py-1.5 pr-4 font-normal first:pl-3">
                    {heading}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {entries.map((entry) => (
                <tr
                  key={entry.event_log_id}
                  className="border-b border-line last:border-b-0 hover:bg-sunk"
                >
                  <AuditRow deployment={deployment} entry={entry} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

const NONE = new URLSearchParams();

type PagerProps = { search: URLSearchParams; page: number; shown: number; total: number };

/** Pages are addresses, too. */
function Pager({ search, page, shown, total }: PagerProps) {
  const first = (page - 1) * AUDIT_PAGE_SIZE;
  if (total <= AUDIT_PAGE_SIZE && page === 1) return null;
  const to = (other: number) => `?${withPage(search, other)}`;
  return (
    <nav aria-label="Pages" className="ml-auto flex items-center gap-2">
      {shown > 0 && (
        <span className="text-muted">
          {(first + 1).toLocaleString('en')}–{(first + shown).toLocaleString('en')}
        </span>
      )}
      {page > 1 && (
        <Link to={to(page - 1)} className={buttonClass()}>
          Newer
        </Link>
      )}
      {first + shown < total && shown > 0 && (
        <Link to={to(page + 1)} className={buttonClass()}>
          Older
        </Link>
      )}
    </nav>
  );
}

type NoEntriesProps = { filtered: boolean; beyond: boolean; onClear: () => void };

function NoEntries({ filtered, beyond, onClear }: NoEntriesProps) {
  if (beyond) return <Empty title="No entries on this page">The newer ones are before it.</Empty>;
  if (filtered) {
    return (
      <Empty title="No entry matches" action={<Button onClick={onClear}>Clear the filters</Button>}>
        Another word, or fewer filters, may find it.
      </Empty>
    );
  }
  return (
    <Empty title="Nothing yet">
      What people ask for, and what the scheduler does by itself, is recorded here.
    </Empty>
  );
}
