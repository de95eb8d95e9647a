/** What the audit log is filtered by, as the address has it. */
export type AuditFilters = {
  event: string;
  user: string;
  dag: string;
  run: string;
  task: string;
  /** Points in time in ISO 8601 and UTC. */
  after: string;
  before: string;
};

/** What a page is of, which its tab does not ask for again. */
export type AuditOf = { dag?: string; run?: string; task?: string; mapIndex?: number };

export const NO_FILTERS: AuditFilters = {
  event: '',
  user: '',
  dag: '',
  run: '',
  task: '',
  after: '',
  before: '',
};

export const AUDIT_PAGE_SIZE = 50;

const NAMES = Object.keys(NO_FILTERS) as (keyof AuditFilters)[];

export function filtersOf(search: URLSearchParams): AuditFilters {
  const filters = { ...NO_FILTERS };
  for (const name of NAMES) filters[name] = search.get(name) ?? '';
  return filters;
}

/** The page in the address, counted from 1. */
export function pageOf(search: URLSearchParams): number {
  const page = Number(search.get('page') ?? 1);
  return Number.isInteger(page) && page > 0 ? page : 1;
}

/** The address with other filters, on its first page; what else it says stays. */
export function withFilters(search: URLSearchParams, filters: AuditFilters): URLSearchParams {
  const next = new URLSearchParams(search);
  next.delete('page');
  for (const name of NAMES) {
    if (filters[name]) next.set(name, filters[name]);
    else next.delete(name);
  }
  return next;
}

export function withPage(search: URLSearchParams, page: number): URLSearchParams {
  const next = new URLSearchParams(search);
  if (page > 1) next.set('page', String(page));
  else next.delete('page');
  return next;
}

/** The question to the API. What a page is of is meant exactly, what is typed may be a part. */
export function queryOf(filters: AuditFilters, of: AuditOf, page: number) {
  const some = (text: string) => text || undefined;
  return {
    limit: AUDIT_PAGE_SIZE,
    offset: (page - 1) * AUDIT_PAGE_SIZE,
    order_by: ['-when'],
    dag_id: of.dag,
    run_id: of.run,
    task_id: of.task,
    map_index: of.mapIndex !== undefined && of.mapIndex >= 0 ? of.mapIndex : undefined,
    event_pattern: some(filters.event),
    owner_pattern: some(filters.user),
    dag_id_pattern: of.dag === undefined ? some(filters.dag) : undefined,
    run_id_pattern: of.run === undefined ? some(filters.run) : undefined,
    task_id_pattern: of.task === undefined ? some(filters.task) : undefined,
    after: instant(filters.after),
    before: instant(filters.before),
  };
}

/** A point in time that somebody may have typed into the address. */
function instant(text: string): string | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}

/** What is more of an entry, for people: JSON with its fields apart, anything else as it is. */
export function readable(extra: string): string {
  try {
    const value: unknown = JSON.parse(extra);
    return typeof value === 'object' ? JSON.stringify(value, null, 2) : extra;
  } catch {
    return extra;
  }
}
