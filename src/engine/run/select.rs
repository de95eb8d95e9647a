//! Which runs and task instances a request means.

use model::{
    DagId, DagNo, RunNo, TaskId, Timestamp,
    command::{Refusal, Reply},
};

use crate::{attempt::At, live::Cx, refusals};

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
