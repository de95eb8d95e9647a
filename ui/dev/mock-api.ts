// The API of the made-up world, as a plain function: the dev server and the tests both call it.
import type { ClearBody, RunSummary, TaskInstance, TriggerBody } from '~/api/types';
import { auditPage } from './audit';
import type { World, WorldDag, WorldRun } from './world';

export type Answer = { status: number; body: unknown };
type Call = { world: World; query: URLSearchParams; body: unknown; part: string[] };

const fail = (status: number, detail: string, code: string, help: string): Answer => ({
  status,
  body: { detail, code, help },
});
const ok = (body: unknown): Answer => ({ status: 200, body });
const NO_DAG = fail(
  404,
  'There is no dag of this name.',
  'DAG-001',
  'Check the name, or whether its file was removed.',
);
const NO_RUN = fail(
  404,
  'There is no such run.',
  'RUN-001',
  'It may have been deleted by retention.',
);

function paged<T>(all: T[], query: URLSearchParams): T[] {
  const offset = Number(query.get('offset') ?? 0);
  return all.slice(offset, offset + Number(query.get('limit') ?? 50));
}

function summary(run: WorldRun): RunSummary {
  const { dag_run_id, state, run_type, logical_date, run_after, start_date, end_date, duration } =
    run;
  return { dag_run_id, state, run_type, logical_date, run_after, start_date, end_date, duration };
}

const plain = (run: WorldRun) => ({ ...run, tasks: undefined });

function listDags({ world, query }: Call): Answer {
  const search = query.get('search')?.toLowerCase();
  const paused = query.get('paused');
  const dags = world.dags
    .map(({ dag }) => dag)
    .filter(
      (dag) =>
        (!search || dag.dag_id.includes(search)) &&
        (paused === null || String(dag.is_paused) === paused) &&
        (!query.get('tag') || dag.tags.some(({ name }) => name === query.get('tag'))) &&
        (!query.get('state') || dag.recent_runs[0]?.state === query.get('state')),
    );
  return ok({
    dags: paged(dags, query).map((dag) => ({
      ...dag,
      recent_runs: dag.recent_runs.map((run) => summary(run as WorldRun)),
    })),
    total_entries: dags.length,
    import_errors: world.importErrors.length,
  });
}

const ORDER = [
  'failed',
  'upstream_failed',
  'running',
  'up_for_retry',
  'queued',
  'success',
  'skipped',
];

function grid(entry: WorldDag, query: URLSearchParams): Answer {
  const before = query.get('before');
  const from = before ? entry.runs.findIndex(({ dag_run_id }) => dag_run_id === before) + 1 : 0;
  const runs = entry.runs.slice(from, from + Number(query.get('limit') ?? 25));
  const left = from + runs.length < entry.runs.length;
  return ok({
    dag_id: entry.dag.dag_id,
    tasks: entry.tasks.map(
      ({ task_id, label, operator_name, depth, upstream, trigger_rule, is_mapped }) => ({
        task_id,
        label,
        operator_name,
        depth,
        upstream,
        trigger_rule,
        is_mapped,
      }),
    ),
    runs: runs.map((run) => ({
      ...summary(run),
      note: run.note,
      states: entry.tasks.map(({ id }) => {
        const states = run.tasks.get(id)!.map(({ state }) => state);
        return ORDER.find((state) => states.includes(state as never)) ?? null;
      }),
      tries: entry.tasks.map(({ id }) => run.tasks.get(id)![0]!.try_number),
    })),
    next_cursor: left ? runs.at(-1)!.dag_run_id : null,
  });
}

function trigger(world: World, entry: WorldDag, body: TriggerBody): Answer {
  const id = body.dag_run_id ?? undefined;
  if (id && entry.runs.some(({ dag_run_id }) => dag_run_id === id)) {
    return fail(
      409,
      `A run with the id ${id} exists.`,
      'RUN-004',
      'Choose another id, or leave it empty.',
    );
  }
  const run = world.addRun(entry, Date.now(), {
    past: false,
    type: 'manual',
    conf: body.conf ?? {},
    id,
    note: body.note ?? undefined,
  });
  world.refresh(entry);
  return ok(plain(run));
}

function clear(entry: WorldDag, body: ClearBody): Answer {
  const run = entry.runs.find(({ dag_run_id }) => dag_run_id === body.dag_run_id);
  if (!run) return NO_RUN;
  const wanted = new Map(
    (body.task_ids ?? entry.tasks.map(({ id }) => id)).map(
      (id) => (Array.isArray(id) ? [id[0], id[1]] : [id, null]) as [string, number | null],
    ),
  );
  if (body.include_downstream)
    for (const task of entry.tasks)
      if (task.up.some((up) => wanted.has(up))) wanted.set(task.id, wanted.get(task.id) ?? null);
  const instances = [...run.tasks.values()]
    .flat()
    .filter(
      (task) =>
        wanted.has(task.task_id) &&
        (wanted.get(task.task_id) === null || wanted.get(task.task_id) === task.map_index) &&
        (!body.only_failed || task.state === 'failed' || task.state === 'upstream_failed'),
    );
  const answer = ok({
    task_instances: instances.map((task) => ({ ...task })),
    total_entries: instances.length,
  });
  if (body.dry_run !== false) return answer;
  for (const task of instances)
    Object.assign(task, { state: null, start_date: null, end_date: null, duration: null });
  Object.assign(run, { state: 'running', end_date: null, duration: null });
  return answer;
}

function listTasks(run: WorldRun, query: URLSearchParams): Answer {
  const pattern = query.get('task_display_name_pattern')?.replaceAll('%', '');
  const all = [...run.tasks.values()]
    .flat()
    .filter(
      (task) =>
        (!query.get('state') || (task.state ?? 'none') === query.get('state')) &&
        (!query.get('task_id') || task.task_id === query.get('task_id')) &&
        (!pattern || task.task_id.includes(pattern)),
    );
  return ok({ task_instances: paged(all, query), total_entries: all.length });
}

function tries(task: TaskInstance): Answer {
  const all = Array.from({ length: task.try_number }, (_, index) => ({
    ...task,
    try_number: index + 1,
    state: index + 1 < task.try_number ? 'failed' : task.state,
  }));
  return ok({ task_instances: all, total_entries: all.length });
}

function xcoms(task: TaskInstance, key: string | undefined): Answer {
  const entry = {
    key: 'return_value',
    timestamp: task.end_date ?? task.run_after,
    logical_date: task.logical_date,
    map_index: task.map_index,
    task_id: task.task_id,
    dag_id: task.dag_id,
    run_id: task.dag_run_id,
    dag_display_name: task.dag_id,
    task_display_name: task.task_id,
    run_after: task.run_after,
  };
  const entries = task.state === 'success' ? [entry] : [];
  if (key === undefined) return ok({ xcom_entries: entries, total_entries: entries.length });
  return ok({ ...entry, value: { rows: 12_500, file: 's3://shop/orders/2026-11-20.parquet' } });
}

function questions({ world, query }: Call, entry: WorldDag): Answer {
  const all = world.questions.filter(
    ({ task_instance, response_received }) =>
      task_instance.dag_id === entry.dag.dag_id &&
      (query.get('response_received') === null ||
        String(response_received) === query.get('response_received')),
  );
  return ok({ hitl_details: paged(all, query), total_entries: all.length });
}

function question({ world, body }: Call, task: TaskInstance, method: string): Answer {
  const asked = world.questions.find(({ task_instance }) => task_instance === task);
  if (!asked) return fail(404, 'It asks nobody.', 'RUN-050', 'See what waits for an answer.');
  if (method === 'GET') return ok(asked);
  const said = body as { chosen_options: string[]; params_input: Record<string, unknown> };
  const by = { id: 'Anonymous', name: 'Anonymous' };
  const responded_at = new Date().toISOString();
  Object.assign(asked, { ...said, responded_at, responded_by_user: by, response_received: true });
  task.state = 'running';
  return ok({ ...said, responded_at, responded_by: by });
}

function inRun(
  call: Call,
  entry: WorldDag,
  run: WorldRun,
  method: string,
  rest: string[],
  ours: boolean,
): Answer {
  const [what, taskId, third, fourth] = rest;
  if (what === undefined && method === 'GET') return ok(plain(run));
  if (what === undefined) {
    Object.assign(run, {
      state: (call.body as { state: string }).state,
      end_date: new Date().toISOString(),
    });
    return ok(plain(run));
  }
  if (what === 'hitlDetails') return questions(call, entry);
  if (what === 'counts') {
    const states = [...run.tasks.values()].flat().map(({ state }) => state);
    return ok({
      counts: [...new Set(states)].map((state) => ({
        state,
        count: states.filter((other) => other === state).length,
      })),
    });
  }
  if (what === 'reasons') {
    const tasks = entry.tasks.flatMap((one) => {
      const { id } = one;
      const reasons = call.world.reasons(run, one);
      return reasons.length
        ? run.tasks
            .get(id)!
            .map(({ map_index, state }) => ({ task_id: id, map_index, state, reasons }))
        : [];
    });
    return ok({ reasons: [], tasks });
  }
  if (taskId === undefined) return listTasks(run, call.query);
  const byIndex =
    third === 'xcomEntries' || third === 'links' ? call.query.get('map_index') : third;
  const task = run.tasks.get(taskId)?.find(({ map_index }) => map_index === Number(byIndex ?? -1));
  if (!task)
    return fail(
      404,
      'There is no such task instance.',
      'TASK-001',
      'The task may not be in the version of the dag that this run began with.',
    );
  if (third === 'xcomEntries') return xcoms(task, fourth);
  if (third === 'links') {
    const extra_links = { 'Query history': 'https://warehouse.example/q/7', Receipt: null };
    return ok({ extra_links, total_entries: 2 });
  }
  if (ours && fourth === 'reasons')
    return ok({
      task_id: taskId,
      map_index: task.map_index,
      state: task.state,
      reasons: call.world.reasons(
        run,
        entry.tasks.find(({ id }) => id === taskId)!,
      ),
    });
  if (fourth === 'hitlDetails') return question(call, task, method);
  if (fourth === 'tries') return tries(task);
  if (method === 'PATCH')
    Object.assign(task, {
      state: (call.body as { new_state: string }).new_state,
      end_date: new Date().toISOString(),
    });
  return ok(method === 'PATCH' ? { task_instances: [task], total_entries: 1 } : task);
}

export function answer(world: World, method: string, url: URL, body: unknown): Answer {
  const path = url.pathname.replace(/^\/d\/[^/]+\/api\/v2\//, '');
  const ours = path.startsWith('orrery/');
  const part = path
    .replace(/^orrery\//, '')
    .split('/')
    .map(decodeURIComponent);
  const call: Call = { world, query: url.searchParams, body, part };
  const [root, dagId, below, runId, ...rest] = part;
  if (ours && root === 'setup') {
    if (dagId === 'cancel') world.setup = { ...world.setup, state: 'cancelled' };
    if (dagId === 'retry') world.setup = { ...world.setup, state: 'preparing', problem: null };
    return ok(world.setup);
  }
  if (root === 'importErrors')
    return ok({ import_errors: world.importErrors, total_entries: world.importErrors.length });
  if (root === 'eventLogs') return ok(auditPage(world.audit, url.searchParams));
  if (root === 'dagWarnings')
    return ok({ dag_warnings: world.warnings, total_entries: world.warnings.length });
  if (root === 'dagTags')
    return ok({
      tags: [...new Set(world.dags.flatMap(({ dag }) => dag.tags.map(({ name }) => name)))].sort(),
      total_entries: 0,
    });
  if (root === 'version') return ok({ version: '3.1.0', git_version: null });
  if (root === 'dags' && dagId === undefined) return listDags(call);
  const entry = world.find(dagId ?? '');
  if (!entry) return NO_DAG;
  if (root === 'dagSources') {
    const version = Number(url.searchParams.get('version_number') ?? 3);
    if (version === 1)
      return ok({ content: null, dag_id: dagId, version_number: 1, dag_display_name: dagId });
    const content = `# version ${version}\nfrom airflow.sdk import DAG, task\n\n${Array.from({ length: 40 }, (_, n) => `# line ${n + 3} of ${dagId}`).join('\n')}\n`;
    return ok({ content, dag_id: dagId, version_number: version, dag_display_name: dagId });
  }
  if (below === 'dagVersions') return ok({ dag_versions: versionsOf(dagId!), total_entries: 3 });
  if (below === 'details') return ok(entry.details);
  if (below === 'grid') return grid(entry, url.searchParams);
  if (below === 'clearTaskInstances') return clear(entry, body as ClearBody);
  if (below === undefined) {
    if (method === 'PATCH') entry.details.is_paused = (body as { is_paused: boolean }).is_paused;
    world.refresh(entry);
    return ok(entry.dag);
  }
  if (below !== 'dagRuns')
    return fail(404, 'There is nothing here.', 'API-001', 'Check the address.');
  if (runId === undefined && method === 'POST') return trigger(world, entry, body as TriggerBody);
  if (runId === undefined) {
    const state = url.searchParams.get('state');
    const runs = entry.runs.filter((run) => !state || run.state === state);
    return ok({ dag_runs: paged(runs, url.searchParams).map(plain), total_entries: runs.length });
  }
  if (runId === '~' && rest[0] === 'hitlDetails') return questions(call, entry);
  const run = entry.runs.find(({ dag_run_id }) => dag_run_id === runId);
  return run ? inRun(call, entry, run, method, rest, ours) : NO_RUN;
}

function versionsOf(dag_id: string) {
  return [3, 2, 1].map((version_number) => ({
    id: `00000000-0000-0000-0000-00000000000${version_number}`,
    version_number,
    dag_id,
    bundle_name: 'dags-folder',
    bundle_version: null,
    bundle_url: null,
    created_at: `2026-11-0${version_number}T10:00:00Z`,
    dag_display_name: dag_id,
  }));
}
