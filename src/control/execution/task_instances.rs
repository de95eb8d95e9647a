//! Task instances of this and other dags.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    DagId, DagNo, Json, JsonMap, MapIndex, RunId, RunNo, TaskId, TaskNo, TiKey, Timestamp,
    dag::{Dag, TaskGroup},
    execution::{Answer, PreviousTi},
    state::TaskInstanceState as State,
    task_instance::TaskInstance,
};
use serde_json::json;
use store::Snapshot;

use super::{
    Desk, Planned, Wrong,
    find::{self, EARLIER_RUNS_MAX, Earlier},
    now,
};

/// Which instances.
pub(super) struct Which {
    pub(super) dag_id: DagId,
    pub(super) map_index: Option<i64>,
    pub(super) task_ids: Option<Vec<TaskId>>,
    pub(super) task_group_id: Option<String>,
    pub(super) logical_dates: Option<Vec<Timestamp>>,
    pub(super) run_ids: Option<Vec<RunId>>,
}

pub(super) fn count(desk: &Desk, which: &Which, states: Option<&[String]>) -> Planned {
    let book = desk.reader.snapshot()?;
    let Some(dag) = book.dag_no(&which.dag_id)? else {
        return now(Answer::TICount { count: 0 });
    };
    let mut tasks = by_id(&book, dag, which)?;
    if let Some(group) = by_group(desk, &book, dag, which)? {
        tasks = Some(match tasks {
            Some(tasks) => tasks.intersection(&group).copied().collect(),
            None => group,
        });
    }
    let states = states.filter(|states| !states.is_empty());
    let takes = |ti: &TaskInstance| {
        states.is_none_or(|states| states.iter().any(|state| *state == word(ti.state)))
    };
    let found = instances(&book, dag, which, |task| {
        tasks.as_ref().is_none_or(|tasks| tasks.contains(&task))
    })?;
    let n = found.iter().filter(|(_, ti)| takes(ti)).count();
    let count = i64::try_from(n).unwrap_or(i64::MAX);
    now(Answer::TICount { count })
}

pub(super) fn states(desk: &Desk, which: &Which) -> Planned {
    let book = desk.reader.snapshot()?;
    let mut task_states = JsonMap::new();
    let Some(dag) = book.dag_no(&which.dag_id)? else {
        return now(Answer::TaskStatesResult { task_states });
    };
    let tasks = by_id(&book, dag, which)?;
    let group = by_group(desk, &book, dag, which)?;
    let found = instances(&book, dag, which, |task| match (&tasks, &group) {
        (None, None) => true,
        (tasks, group) => [tasks, group]
            .into_iter()
            .flatten()
            .any(|of| of.contains(&task)),
    })?;
    let names: BTreeMap<TaskNo, TaskId> = book.task_names(dag)?.into_iter().collect();
    for (run_id, ti) in found {
        let Some(task_id) = names.get(&ti.key.task) else {
            continue;
        };
        let name = match ti.key.map {
            MapIndex::NONE => task_id.to_string(),
            map => format!("{task_id}_{map}"),
        };
        let of_run = task_states
            .entry(run_id.as_str())
            .or_insert_with(|| Json::Object(JsonMap::new()));
        if let Json::Object(of_run) = of_run {
            of_run.insert(name, state(ti.state));
        }
    }
    now(Answer::TaskStatesResult { task_states })
}

pub(super) fn previous(
    desk: &Desk,
    (dag_id, task_id): (&DagId, &TaskId),
    before: Option<Timestamp>,
    map_index: i64,
    state: Option<State>,
) -> Planned {
    let book = desk.reader.snapshot()?;
    let task_instance = None;
    let Some(dag) = book.dag_no(dag_id)? else {
        return now(Answer::PreviousTIResult { task_instance });
    };
    let Some(task) = find::task(&book, dag, task_id)? else {
        return now(Answer::PreviousTIResult { task_instance });
    };
    let map = i32::try_from(map_index).map_or(MapIndex::NONE, MapIndex);
    for run in Earlier::new(&book, dag, before, None) {
        let run = run?;
        let key = TiKey {
            run: run.no,
            task,
            map,
        };
        let Some(ti) = book.task_instance(key)? else {
            continue;
        };
        if state.is_some_and(|state| state != ti.state) {
            continue;
        }
        let task_instance = Some(Box::new(PreviousTi {
            task_id: task_id.clone(),
            dag_id: dag_id.clone(),
            run_id: run.run_id,
            logical_date: run.logical_date,
            start_date: ti.start_date,
            end_date: ti.end_date,
            state: Some(ti.state).filter(|state| *state != State::NoStatus),
            try_number: i64::from(ti.try_number),
            map_index,
            duration: seconds(&ti),
        }));
        return now(Answer::PreviousTIResult { task_instance });
    }
    now(Answer::PreviousTIResult { task_instance })
}

/// What a run's finished tasks did, by task id and map index.
pub(super) fn breadcrumbs(desk: &Desk, dag_id: &str, run_id: &str) -> Planned {
    let book = desk.reader.snapshot()?;
    let Ok(run) = find::run(&book, dag_id, run_id) else {
        let breadcrumbs = Vec::new();
        return now(Answer::TaskBreadcrumbsResult { breadcrumbs });
    };
    let dag = desk.reader.dags.get(&book, run.dag, run.version);
    let dag = dag.map_err(|e| Wrong::new(500, e.to_string()))?;
    let names: BTreeMap<TaskNo, TaskId> = book.task_names(run.dag)?.into_iter().collect();
    let finished = book.task_instances(run.no)?.into_iter();
    let mut found: Vec<(String, i32, Json)> = Vec::new();
    for ti in finished.filter(|ti| ti.state.is_finished()) {
        let Some(task_id) = names.get(&ti.key.task) else {
            continue;
        };
        let class = dag.as_ref().and_then(|dag| dag.task(ti.key.task));
        let class = class.map(|task| task.operator.class.rsplit('.').next().unwrap_or_default());
        let crumb = json!({
            "task_id": task_id.as_str(),
            "map_index": ti.key.map.0,
            "state": ti.state.as_str(),
            "operator": class,
            "duration": seconds(&ti),
        });
        found.push((task_id.to_string(), ti.key.map.0, crumb));
    }
    found.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let breadcrumbs = found.into_iter().map(|(_, _, crumb)| crumb).collect();
    now(Answer::TaskBreadcrumbsResult { breadcrumbs })
}

/// Instances with the ids of their runs.
fn instances(
    book: &Snapshot,
    dag: DagNo,
    which: &Which,
    takes: impl Fn(TaskNo) -> bool,
) -> Result<Vec<(RunId, TaskInstance)>, Wrong> {
    let dates = which.logical_dates.as_deref();
    let runs = match find::chosen(book, dag, dates, which.run_ids.as_deref())? {
        Some(runs) => runs.into_iter().collect(),
        None => book.last_runs(dag, EARLIER_RUNS_MAX)?,
    };
    let map = which.map_index.and_then(|map| i32::try_from(map).ok());
    let map = map.filter(|map| *map >= 0).map(MapIndex);
    let mut found = Vec::new();
    for no in runs {
        let no: RunNo = no;
        let Some(run) = book.run(no)? else { continue };
        let all = book.task_instances(no)?.into_iter();
        let all = all.filter(|ti| takes(ti.key.task) && map.is_none_or(|map| map == ti.key.map));
        found.extend(all.map(|ti| (run.run_id.clone(), ti)));
    }
    Ok(found)
}

fn by_id(book: &Snapshot, dag: DagNo, which: &Which) -> Result<Option<BTreeSet<TaskNo>>, Wrong> {
    let ids = which.task_ids.as_ref().filter(|ids| !ids.is_empty());
    let Some(ids) = ids else { return Ok(None) };
    let names = book.task_names(dag)?.into_iter();
    let found = names.filter(|(_, name)| ids.contains(name));
    Ok(Some(found.map(|(no, _)| no).collect()))
}

/// The tasks of a group of the dag's latest version, and of the groups in it.
fn by_group(
    desk: &Desk,
    book: &Snapshot,
    dag: DagNo,
    which: &Which,
) -> Result<Option<BTreeSet<TaskNo>>, Wrong> {
    let Some(id) = which.task_group_id.as_deref().filter(|id| !id.is_empty()) else {
        return Ok(None);
    };
    let row = book.dag(dag)?;
    let cached = match row {
        Some(row) => desk.reader.dags.get(book, dag, row.version),
        None => Ok(None),
    };
    let cached = cached.map_err(|e| Wrong::new(500, e.to_string()))?;
    let found = cached.and_then(|cached| {
        let group = group(&cached.dag.groups, id)?;
        let mut positions = Vec::new();
        collect(&cached.dag, group, &mut positions);
        let numbers = positions
            .into_iter()
            .filter_map(|at| cached.numbers.get(at));
        Some(numbers.copied().collect())
    });
    let missing = || {
        let message = format!("Task group {id} not found in DAG {}", which.dag_id);
        Wrong::new(404, message)
    };
    found.ok_or_else(missing).map(Some)
}

fn group<'g>(groups: &'g [TaskGroup], id: &str) -> Option<&'g TaskGroup> {
    groups.iter().find_map(|found| {
        if found.group_id == id {
            return Some(found);
        }
        group(&found.groups, id)
    })
}

fn collect(dag: &Dag, group: &TaskGroup, positions: &mut Vec<usize>) {
    positions.extend(group.tasks.iter().filter(|at| **at < dag.tasks.len()));
    for inner in &group.groups {
        collect(dag, inner, positions);
    }
}

fn seconds(ti: &TaskInstance) -> Option<f64> {
    let (start, end) = (ti.start_date?, ti.end_date?);
    #[allow(clippy::cast_precision_loss)] // Exact for 285 years.
    Some(end.since(start).as_micros() as f64 / 1e6)
}

fn state(state: State) -> Json {
    if state == State::NoStatus {
        return Json::Null;
    }
    state.as_str().into()
}

/// The state's word in a question.
fn word(state: State) -> &'static str {
    if state == State::NoStatus {
        return "null";
    }
    state.as_str()
}
