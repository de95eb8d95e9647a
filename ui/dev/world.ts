// A made-up deployment that moves: what `npm run dev:mock` shows and the tests ask.
import type {
  Dag,
  DagDetails,
  DagRun,
  GridTask,
  ImportError,
  LogLine,
  Question,
  Reason,
  TaskInstance,
  Setup,
} from '~/api/types';
import { auditOf } from './audit';
import { warningsOf } from './warnings';

type Task = { id: string; op: string; up: string[]; mapped?: number; rule?: string };
export type WorldTask = Task & GridTask;
type Spec = {
  id: string;
  schedule: string | null;
  every: number;
  about: string;
  tags: string[];
  tasks: Task[];
  paused?: boolean;
  runs: number;
  seconds: number;
  fails?: number;
  params?: Record<string, unknown>;
  doc?: string;
};

const chain = (...ids: [id: string, op: string][]): Task[] =>
  ids.map(([id, op], at) => ({ id, op, up: at > 0 ? [ids[at - 1]![0]] : [] }));

const param = (
  value: unknown,
  schema: Record<string, unknown>,
  description: string | null = null,
) => ({
  value,
  schema,
  description,
});

const SPECS: Spec[] = [
  {
    id: 'orders_hourly',
    schedule: '0 * * * *',
    every: 3600,
    about: 'Orders from the shop into the warehouse',
    tags: ['sales', 'core'],
    runs: 60,
    seconds: 210,
    fails: 9,
    tasks: [
      { id: 'wait_for_export', op: 'HttpSensor', up: [] },
      { id: 'extract', op: '@task', up: ['wait_for_export'] },
      { id: 'check_schema', op: 'BranchPythonOperator', up: ['extract'] },
      { id: 'transform', op: '@task', up: ['check_schema'], mapped: 6 },
      { id: 'quarantine', op: 'BashOperator', up: ['check_schema'] },
      { id: 'load', op: 'SQLExecuteQueryOperator', up: ['transform'] },
      { id: 'refresh_dashboard', op: 'HttpOperator', up: ['load'] },
      { id: 'notify', op: 'BashOperator', up: ['load', 'quarantine'], rule: 'one_failed' },
    ],
    params: {
      day: param(
        '2026-11-20',
        { type: 'string', format: 'date', title: 'Day' },
        'Which day to load.',
      ),
      region: param('eu', { type: 'string', enum: ['eu', 'us', 'apac'] }),
      batch: param(500, { type: 'integer', minimum: 1, maximum: 10_000 }, 'Rows in one insert.'),
      full_refresh: param(false, { type: 'boolean', title: 'Full refresh' }),
      tables: param(['orders', 'lines'], { type: 'array' }),
    },
    doc: '# Orders\n\nLoads what the shop **exported** in the last hour.\n\n- `extract` reads the export\n- `load` writes it, *once*\n\nWho to ask: [the wiki](https://wiki.example/orders).\n\n```\norrery dags trigger orders_hourly\n```',
  },
  {
    id: 'billing_nightly',
    schedule: '30 2 * * *',
    every: 86_400,
    about: 'Invoices, dunning and the ledger',
    tags: ['finance'],
    runs: 40,
    seconds: 2900,
    fails: 5,
    tasks: chain(
      ['collect_usage', '@task'],
      ['price', '@task'],
      ['render_invoices', 'BashOperator'],
      ['post_to_ledger', 'SQLExecuteQueryOperator'],
      ['send', 'HttpOperator'],
    ),
  },
  {
    id: 'sensor_readings',
    schedule: '*/5 * * * *',
    every: 300,
    about: 'Readings of 4,000 devices',
    tags: ['iot'],
    runs: 90,
    seconds: 24,
    fails: 31,
    tasks: chain(['pull', 'HttpOperator'], ['decode', '@task'], ['store', '@task']),
  },
  {
    id: 'model_training',
    schedule: null,
    every: 0,
    about: 'Retrains the demand model',
    tags: ['ml'],
    runs: 6,
    seconds: 7400,
    tasks: chain(
      ['features', '@task'],
      ['train', '@task'],
      ['evaluate', '@task'],
      ['publish', 'BashOperator'],
    ),
  },
  {
    id: 'customer_360',
    schedule: 'Asset',
    every: 0,
    about: 'One row for each customer',
    tags: ['sales', 'core'],
    runs: 22,
    seconds: 340,
    tasks: chain(['join', 'SQLExecuteQueryOperator'], ['score', '@task']),
  },
  {
    id: 'backup_warehouse',
    schedule: '0 4 * * 0',
    every: 604_800,
    about: 'Weekly copy of the warehouse',
    tags: ['ops'],
    paused: true,
    runs: 12,
    seconds: 5400,
    tasks: chain(
      ['snapshot', 'BashOperator'],
      ['copy', 'BashOperator'],
      ['verify', 'BashOperator'],
    ),
  },
  {
    id: 'gdpr_erasure',
    schedule: '@daily',
    every: 86_400,
    about: 'Erases what was asked to be erased',
    tags: ['legal'],
    runs: 30,
    seconds: 95,
    tasks: chain(['list_requests', '@task'], ['erase', '@task'], ['confirm', 'EmailOperator']),
  },
  {
    id: 'new_dag',
    schedule: '@weekly',
    every: 604_800,
    about: 'Written today',
    tags: [],
    paused: true,
    runs: 0,
    seconds: 10,
    tasks: chain(['hello', 'BashOperator']),
  },
];

/** What `MOCK_COPIES` adds: more tasks than any page may draw at once. */
const HUGE: Spec = {
  id: 'huge',
  schedule: null,
  every: 0,
  about: 'Ten thousand tasks',
  tags: [],
  runs: 3,
  seconds: 9000,
  tasks: Array.from({ length: 10_000 }, (_, n) => ({ id: `task_${n}`, op: '@task', up: [] })),
};

export type WorldRun = DagRun & { tasks: Map<string, TaskInstance[]> };
export type WorldDag = {
  dag: Dag;
  details: DagDetails;
  tasks: WorldTask[];
  runs: WorldRun[];
  spec: Spec;
};

/** Always the same sequence, so that a test may name what it finds. */
function chance(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const iso = (at: number) => new Date(at).toISOString();

export class World {
  readonly dags: WorldDag[] = [];
  readonly questions: Question[] = [];
  importErrors: ImportError[] = [];
  warnings = warningsOf('orders_hourly');
  audit: ReturnType<typeof auditOf>;
  setup: Setup = {
    state: 'off',
    what: '',
    step: '',
    percent: 0,
    lines: [],
    problem: null,
    code: null,
    n_examples: 0,
  };
  private readonly random = chance(7);
  readonly now: number;

  constructor({ now = Date.now(), copies = 0 }: { now?: number; copies?: number } = {}) {
    this.now = now;
    this.audit = auditOf(now);
    for (const spec of SPECS) this.add(spec);
    for (let n = 0; n < copies; n++) {
      const spec = SPECS[n % 7]!;
      this.add({
        ...spec,
        id: `${spec.id}_${String(n).padStart(4, '0')}`,
        runs: Math.min(3, spec.runs),
      });
    }
    if (copies > 0) this.add(HUGE);
    this.breakFile('gdpr_erasure');
  }

  find(id: string): WorldDag | undefined {
    return this.dags.find(({ dag }) => dag.dag_id === id);
  }

  private breakFile(id: string) {
    const found = this.find(id)!;
    const filename = found.dag.relative_fileloc!;
    const message = "NameError: name 'days_ago' is not defined";
    const error = { filename, line: 14, column: 23, message, code: 'DAG-003' };
    found.dag.import_error = error;
    found.dag.has_import_errors = true;
    found.details.has_import_errors = true;
    const trace = `Traceback (most recent call last):\n  File "${filename}", line 14, in <module>\n    start_date=days_ago(2),\n               ^^^^^^^^\n${message}`;
    this.importErrors = [
      {
        ...error,
        import_error_id: 1,
        timestamp: iso(this.now - 420_000),
        bundle_name: 'dags',
        stack_trace: trace,
      },
      {
        import_error_id: 2,
        timestamp: iso(this.now - 90_000),
        filename: 'experiments/churn.yaml',
        bundle_name: 'dags',
        line: 9,
        column: 5,
        code: 'DAG-007',
        message: 'Task `score` needs `prepare`, which is no task of this dag.',
        stack_trace: 'Task `score` needs `prepare`, which is no task of this dag.',
      },
    ];
  }

  private add(spec: Spec) {
    const depth = new Map<string, number>();
    const tasks = spec.tasks.map((task): WorldTask => {
      depth.set(task.id, task.up.length ? 1 + Math.max(...task.up.map((id) => depth.get(id)!)) : 0);
      return {
        ...task,
        task_id: task.id,
        label: task.id,
        operator_name: task.op,
        depth: depth.get(task.id)!,
        upstream: task.up,
        trigger_rule: task.rule ?? 'all_success',
        is_mapped: task.mapped !== undefined,
      };
    });
    const next = spec.every && spec.schedule ? iso(this.now + spec.every * 370 + 61_000) : null;
    const file = `${spec.id}.py`;
    const base = {
      dag_id: spec.id,
      dag_display_name: spec.id,
      is_paused: spec.paused ?? false,
      is_stale: false,
      has_import_errors: false,
      last_parsed_time: iso(this.now - 35_000),
      last_parse_duration: 0.04,
      last_expired: null,
      bundle_name: 'dags',
      bundle_version: '9f3c2e1',
      relative_fileloc: file,
      fileloc: `/srv/dags/${file}`,
      description: spec.about,
      timetable_summary: spec.schedule ?? 'None',
      timetable_description: spec.schedule?.includes('* *') ? 'As the cron expression says' : null,
      timetable_partitioned: false,
      timetable_periodic: spec.every > 0,
      tags: spec.tags.map((name) => ({ name, dag_id: spec.id, dag_display_name: spec.id })),
      max_active_tasks: 16,
      max_active_runs: 16,
      max_consecutive_failed_dag_runs: 0,
      has_task_concurrency_limits: false,
      next_dagrun_logical_date: next,
      next_dagrun_data_interval_start: next && iso(Date.parse(next) - spec.every * 1000),
      next_dagrun_data_interval_end: next,
      next_dagrun_run_after: next,
      allowed_run_types: null,
      owners: ['data'],
      is_backfillable: true,
      file_token: 'token',
    };
    const details: DagDetails = {
      ...base,
      catchup: false,
      dag_run_timeout: null,
      asset_expression: null,
      doc_md: spec.doc ?? null,
      start_date: iso(this.now - 86_400_000 * 90),
      end_date: null,
      is_paused_upon_creation: null,
      params: spec.params ?? {},
      render_template_as_native_obj: false,
      template_search_path: null,
      timezone: 'UTC',
      last_parsed: base.last_parsed_time,
      default_args: { retries: 2 },
      is_favorite: false,
      active_runs_count: 0,
      concurrency: 16,
      latest_dag_version: version(spec.id, this.now),
    };
    const entry: WorldDag = {
      dag: { ...base, recent_runs: [], import_error: null },
      details,
      tasks,
      runs: [],
      spec,
    };
    this.dags.push(entry);
    const step = (spec.every || 40_000) * 1000;
    for (let n = spec.runs; n > 0; n--) {
      const at = this.now - (n - 1) * step - (spec.every ? 61_000 : 3_000_000);
      const past = n > 1 || spec.id !== 'orders_hourly';
      this.addRun(entry, at, { past, fails: spec.fails !== undefined && n % spec.fails === 3 });
    }
    this.refresh(entry);
  }

  /** A run with all its task instances, finished in the past or just begun. */
  addRun(
    entry: WorldDag,
    at: number,
    how: {
      past: boolean;
      fails?: boolean;
      conf?: object;
      id?: string;
      type?: string;
      note?: string;
    },
  ) {
    const { spec, tasks } = entry;
    const type =
      how.type ?? (spec.every ? 'scheduled' : spec.schedule ? 'asset_triggered' : 'manual');
    const id = how.id ?? `${type}__${iso(at).replace('Z', '+00:00')}`;
    const fails = how.past && how.fails;
    const unlucky = fails ? tasks[Math.floor(this.random() * tasks.length)]!.id : null;
    const run = {
      dag_run_id: id,
      dag_id: spec.id,
      dag_display_name: spec.id,
      logical_date: type === 'manual' ? null : iso(at),
      queued_at: iso(at),
      start_date: iso(at + 400),
      end_date: null,
      duration: null,
      data_interval_start: null,
      data_interval_end: null,
      run_after: iso(at),
      last_scheduling_decision: iso(at),
      run_type: type,
      state: 'running',
      triggered_by: type === 'manual' ? 'ui' : 'timetable',
      triggering_user_name: type === 'manual' ? 'admin' : null,
      conf: how.conf ?? {},
      note: how.note ?? null,
      dag_versions: [version(spec.id, this.now)],
      bundle_version: '9f3c2e1',
      partition_key: null,
      partition_date: null,
      tasks: new Map<string, TaskInstance[]>(),
    } as WorldRun;
    const failed = new Set<string>();
    let clock = at + 500;
    for (const task of tasks) {
      const took = (spec.seconds / tasks.length) * 1000 * (0.5 + this.random());
      let state: TaskInstance['state'] = how.past ? 'success' : null;
      if (how.past && task.up.some((up) => failed.has(up))) state = 'upstream_failed';
      if (how.past && task.id === unlucky) state = 'failed';
      if (how.past && task.id === 'quarantine') state = 'skipped';
      if (how.past && task.rule === 'one_failed') state = failed.size ? 'success' : 'skipped';
      if (state === 'failed' || state === 'upstream_failed') failed.add(task.id);
      const ran = state === 'success' || state === 'failed';
      const copies = task.mapped ?? 1;
      const instances = Array.from({ length: copies }, (_, index) =>
        this.instance(run, task, task.mapped === undefined ? -1 : index, {
          state,
          start: ran ? clock + index * 300 : null,
          end: ran ? clock + took - index * 100 : null,
          tries: state === 'failed' ? 3 : ran ? 1 : 0,
        }),
      );
      if (ran) clock += took;
      run.tasks.set(task.id, instances);
    }
    if (how.past) {
      run.state = failed.size ? 'failed' : 'success';
      run.end_date = iso(clock);
      run.duration = (clock - at - 400) / 1000;
    }
    entry.runs.unshift(run);
    return run;
  }

  private instance(
    run: WorldRun,
    task: WorldTask,
    index: number,
    at: { state: TaskInstance['state']; start: number | null; end: number | null; tries: number },
  ): TaskInstance {
    return {
      id: `${run.dag_run_id}.${task.id}.${index}`,
      task_id: task.id,
      dag_id: run.dag_id,
      dag_run_id: run.dag_run_id,
      map_index: index,
      logical_date: run.logical_date,
      run_after: run.run_after,
      start_date: at.start && iso(at.start),
      end_date: at.end && iso(at.end),
      duration: at.start && at.end && (at.end - at.start) / 1000,
      state: at.state,
      try_number: at.tries,
      max_tries: 2,
      task_display_name: task.id,
      dag_display_name: run.dag_id,
      hostname: 'worker-1',
      unixname: 'orrery',
      pool: 'default_pool',
      pool_slots: 1,
      queue: 'default',
      priority_weight: 1,
      operator: task.op,
      operator_name: task.op,
      queued_when: at.start && iso(at.start - 40),
      scheduled_when: at.start && iso(at.start - 60),
      pid: at.start ? 4711 + index : null,
      executor: null,
      executor_config: '{}',
      note: null,
      rendered_map_index: null,
      rendered_fields: {
        bash_command: `python -m shop.${task.id} --region eu`,
        env: { TZ: 'UTC' },
      },
      trigger: null,
      triggerer_job: null,
      dag_version: version(run.dag_id, this.now),
      orrery: at.start ? { cpu_seconds: 1.84, peak_memory_bytes: 187_432_960 } : null,
    } as TaskInstance;
  }

  /** Derives what the list shows of a dag from its runs. */
  refresh(entry: WorldDag) {
    entry.dag.recent_runs = entry.runs.slice(0, 14);
    entry.details.active_runs_count = entry.runs.filter(({ state }) => state === 'running').length;
    entry.dag.is_paused = entry.details.is_paused;
  }

  reasons(run: WorldRun, task: WorldTask): Reason[] {
    const state = run.tasks.get(task.id)?.[0]?.state;
    if (state === 'running' || state === 'success' || state === 'failed') return [];
    if (state === 'upstream_failed') {
      return task.up.map((up) => ({
        kind: 'upstream_failed',
        text: `${up} failed, and the rule is ${task.trigger_rule}.`,
        task_id: up,
      }));
    }
    if (state === 'skipped')
      return [{ kind: 'skipped', text: 'A branch before it chose another way.' }];
    if (state === 'queued')
      return [
        {
          kind: 'pool',
          text: 'The pool has no free slot: 16 of 16 are taken.',
          pool: 'default_pool',
        },
      ];
    const waits = task.up.filter((up) => run.tasks.get(up)?.some((t) => t.state !== 'success'));
    return waits.map((up) => ({
      kind: 'upstream',
      text: `Waits for ${up}, which is ${run.tasks.get(up)?.[0]?.state ?? 'not started'}.`,
      task_id: up,
    }));
  }

  /** One second of work in every run that is under way. Returns which runs changed. */
  step(now = Date.now()): [dag: string, run: string][] {
    const changed: [string, string][] = [];
    for (const entry of this.dags) {
      for (const run of entry.runs.slice(0, 5)) {
        if (run.state !== 'running') continue;
        if (this.stepRun(run, now)) changed.push([run.dag_id, run.dag_run_id]);
      }
      this.refresh(entry);
    }
    return changed;
  }

  private stepRun(run: WorldRun, now: number): boolean {
    const instances = [...run.tasks.values()].flat();
    const running = instances.find(({ state }) => state === 'running');
    if (running) {
      if (now - Date.parse(running.start_date!) < 9000) return false;
      running.state = 'success';
      running.end_date = iso(now);
      running.duration = (now - Date.parse(running.start_date!)) / 1000;
      return true;
    }
    const queued = instances.find(({ state }) => state === 'queued');
    if (queued) {
      Object.assign(queued, {
        state: 'running',
        start_date: iso(now),
        try_number: queued.try_number + 1,
        pid: 5000,
      });
      return true;
    }
    const next = instances.find(({ state }) => state === null);
    if (!next) {
      Object.assign(run, {
        state: 'success',
        end_date: iso(now),
        duration: (now - Date.parse(run.start_date!)) / 1000,
      });
      return true;
    }
    next.state = next.task_id === 'quarantine' || next.task_id === 'notify' ? 'skipped' : 'queued';
    return true;
  }
}

function version(dag: string, now: number) {
  return {
    id: '00000000-0000-4000-8000-000000000000',
    version_number: 3,
    dag_id: dag,
    bundle_name: 'dags',
    bundle_version: '9f3c2e1',
    created_at: iso(now - 86_400_000),
    dag_display_name: dag,
    bundle_url: null,
  };
}

/** Line `n` of a log, for as long as anybody reads. */
export function logLine(n: number, at: number): LogLine {
  const level =
    n % 41 === 40 ? 'error' : n % 17 === 16 ? 'warning' : n % 5 === 3 ? 'debug' : 'info';
  const texts: Record<string, string> = {
    error: 'Could not reach shop-db-2, trying shop-db-1',
    warning: 'Row without a currency, taking EUR',
    debug: `SELECT * FROM orders WHERE id > ${n * 500} ORDER BY id LIMIT 500`,
    info: `Read ${n * 500} orders`,
  };
  const line: LogLine = { timestamp: iso(at), level, event: texts[level]!, logger: 'shop.extract' };
  if (level === 'info') line.batch = n;
  if (level === 'error') {
    line.error_detail = [
      {
        exc_type: 'ConnectionError',
        exc_value: 'timed out after 5 s',
        frames: [{ filename: 'shop/db.py', lineno: 88, name: 'connect' }],
      },
    ];
  }
  return line;
}
