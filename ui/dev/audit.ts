// The made-up deployment's audit log.
import type { AuditEntry } from '~/api/types';

const HOUR_MS = 3_600_000;

type Said = Partial<AuditEntry> & { event: string };

const SAID: Said[] = [
  {
    event: 'trigger_dag_run',
    dag_id: 'orders_hourly',
    run_id: 'manual__1',
    owner: 'ann',
    extra: '{"conf":{"day":"2026-11-20","password":"***"},"method":"POST"}',
  },
  {
    event: 'heartbeat timeout',
    dag_id: 'orders_hourly',
    run_id: 'manual__1',
    task_id: 'extract',
    map_index: -1,
    try_number: 1,
    extra: 'the worker process died while the task ran; nothing of it is left',
  },
  {
    event: 'paused',
    dag_id: 'billing_nightly',
    owner: 'scheduler',
    extra: "[('dag_id', 'billing_nightly'), ('is_paused', True)]",
  },
  { event: 'post_variable', owner: 'bob', extra: '{"key":"region","value":"***","method":"POST"}' },
  { event: 'delete_dag', dag_id: 'gone', owner: 'bob', extra: '{"method":"DELETE"}' },
];

export function auditOf(now: number): AuditEntry[] {
  return Array.from({ length: 120 }, (_, n) => {
    const at = now - n * HOUR_MS;
    return {
      event_log_id: at * 1000,
      when: new Date(at).toISOString(),
      dag_id: null,
      task_id: null,
      run_id: null,
      map_index: null,
      try_number: null,
      logical_date: null,
      owner: null,
      extra: null,
      dag_display_name: null,
      task_display_name: null,
      ...SAID[n % SAID.length]!,
    };
  });
}

/** One page of it, as the API answers. */
export function auditPage(all: AuditEntry[], query: URLSearchParams) {
  const like = (name: string, value: string | null) => {
    const part = query.get(`${name}_pattern`)?.toLowerCase();
    const is = query.get(name);
    return (
      (part === undefined || (value ?? '').toLowerCase().includes(part)) &&
      (is === null || is === value)
    );
  };
  const [after, before] = [query.get('after'), query.get('before')];
  const found = all.filter(
    (entry) =>
      like('event', entry.event) &&
      like('owner', entry.owner) &&
      like('dag_id', entry.dag_id) &&
      like('run_id', entry.run_id) &&
      like('task_id', entry.task_id) &&
      (after === null || entry.when > after) &&
      (before === null || entry.when < before),
  );
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  return { event_logs: found.slice(offset, offset + limit), total_entries: found.length };
}
