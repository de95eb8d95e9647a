//! Which runs and task instances a request means.

use model::{
    DagId, DagNo, RunNo, TaskId, Timestamp,
    command::{Refusal, Reply},
};

use crate::{
    attempt::At,
    live::{Cx, run::LiveRun},
    plan::mapping::Group,
    refusals,
};

/// The dag with this id.
pub(crate) fn dag(cx: &Cx, dag_id: &DagId) -> Result<DagNo, Refusal> {
    cx.live
        .by_id
        .get(dag_id)
        .copied()
        .ok_or_else(|| refusals::no_dag(dag_id))
}

/// The run with this id, made live.
pub(crate) fn run(cx: &mut Cx, dag_id: &DagId, run_id: &str) -> Result<RunNo, Refusal> {
    let dag = dag(cx, dag_id)?;
    let found = super::create::run_of_id(cx, dag, run_id);
    let no = found.ok_or_else(|| refusals::no_run(dag_id, run_id))?;
    if cx.wake_run(no) {
        Ok(no)
    } else {
        Err(refusals::unreadable(dag_id))
    }
}

/// Runs of a dag by logical date, both ends included, made live, oldest first.
pub(crate) fn between(
    cx: &mut Cx,
    dag: DagNo,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
) -> Vec<RunNo> {
    let mut runs = cx.view.runs_between(dag, from, to);
    let is_in = |at: Timestamp| from.is_none_or(|from| from <= at) && to.is_none_or(|to| at <= to);
    if let Some(dag) = cx.live.dags.get(&dag) {
        let live = dag.by_date.iter().filter(|(at, _)| is_in(**at));
        runs.extend(live.map(|(_, no)| *no));
    }
    runs.sort_unstable();
    runs.dedup();
    runs.retain(|no| cx.wake_run(*no));
    runs.sort_by_key(|no| cx.run(*no).map(|run| (run.row.logical_date, run.row.no)));
    runs
}

/// The instances of a run that a request names, with those above and below; all when it names none.
pub(crate) fn tasks(
    cx: &Cx,
    run: RunNo,
    tasks: &[(TaskId, Option<i32>)],
    upstream: bool,
    downstream: bool,
) -> Vec<At> {
    let Some(live) = cx.run(run) else {
        return Vec::new();
    };
    let n_slots = crate::plan::position(live.slots.len());
    if tasks.is_empty() {
        return (0..n_slots).map(|at| At { run, at }).collect();
    }
    let mut places: Vec<u32> = Vec::new();
    for (task, map) in tasks {
        let dag = cx.live.dags.get(&live.row.dag);
        let no = dag.and_then(|dag| dag.tasks.get(task).copied());
        let Some(position) = no.and_then(|no| live.plan.position(no)) else {
            continue;
        };
        let has_index = |at: &u32| {
            let slot = live.slot(*at);
            map.is_none_or(|map| slot.is_some_and(|slot| slot.ti.key.map.0 == map))
        };
        places.extend(live.slots_of(position).filter(has_index));
        let index = map.and_then(|map| u32::try_from(map).ok());
        if upstream {
            places.extend(relatives(live, position, index, true));
        }
        if downstream {
            places.extend(relatives(live, position, index, false));
        }
    }
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|at| At { run, at }).collect()
}

/// The instances above or below a task. Where one index is meant, those of it alone in the mapped
/// groups that the tasks share.
fn relatives(run: &LiveRun, position: u32, index: Option<u32>, upstream: bool) -> Vec<u32> {
    let own_group = |at: u32| run.plan.plan(at).and_then(|task| task.mapping.as_deref());
    let shares_group = |at: u32| {
        let (one, other) = (own_group(position), own_group(at));
        one.zip(other).is_some_and(|(one, other)| {
            let ids = |group: &Group| other.groups.iter().any(|g| g.group_id == group.group_id);
            one.own.is_none() && other.own.is_none() && one.groups.iter().any(ids)
        })
    };
    let mut found = Vec::new();
    for at in run.plan.transitive(position, upstream) {
        let same = index.filter(|_| shares_group(at));
        let slots = run.slots_of(at);
        found.extend(slots.filter(|at| {
            let map = run.slot(*at).map_or(-1, |slot| slot.ti.key.map.0);
            same.is_none_or(|index| map < 0 || u32::try_from(map) == Ok(index))
        }));
    }
    found
}

/// Checks that the dag ever had these tasks.
pub(crate) fn known(cx: &Cx, dag: DagNo, tasks: &[(TaskId, Option<i32>)]) -> Result<(), Refusal> {
    let Some(dag) = cx.live.dags.get(&dag) else {
        return Ok(());
    };
    let unknown = tasks.iter().find(|(task, _)| !dag.tasks.contains_key(task));
    unknown.map_or(Ok(()), |(task, _)| {
        Err(refusals::no_task(&dag.row.dag_id, task))
    })
}

/// The keys of instances, as an answer.
pub(crate) fn reply(cx: &Cx, places: &[At]) -> Reply {
    let keys = places
        .iter()
        .filter_map(|place| cx.ti(*place).map(|ti| ti.key));
    Reply::TaskInstances(keys.collect())
}
