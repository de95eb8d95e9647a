//! A run goes, with all that it has.

use model::{
    DagId, DagNo, RunId, RunNo,
    command::{Refusal, Reply},
    state::DagRunState,
};

use super::{follow::take_out, select};
use crate::{
    attempt::{At, halt::halt},
    deadlines,
    live::Cx,
    refusals,
    rules::depends_on_past,
};

/// Deletes a run that a person names. A running one is refused.
pub(crate) fn delete(cx: &mut Cx, dag_id: &DagId, run_id: &RunId) -> Result<Reply, Refusal> {
    let dag = select::dag(cx, dag_id)?;
    let found = super::create::run_of_id(cx, dag, run_id);
    let no = found.ok_or_else(|| refusals::no_run(dag_id, run_id))?;
    if cx
        .run(no)
        .is_some_and(|run| run.row.state == DagRunState::Running)
    {
        return Err(refusals::run_is_running(run_id));
    }
    remove(cx, dag, no, run_id.clone());
    Ok(Reply::Done)
}

/// Deletes what retention has chosen; what is not finished is left.
pub(crate) fn prune(cx: &mut Cx, runs: Vec<RunNo>) -> Reply {
    for no in runs {
        let gone = cx.live.dirty.deleted_runs.contains_key(&no);
        if cx.live.runs.contains_key(&no) || gone {
            continue;
        }
        if let Some(row) = cx.view.run(no).filter(|row| row.state.is_finished()) {
            remove(cx, row.dag, no, row.run_id);
        }
    }
    Reply::Done
}

/// Deletes a run whatever its state.
pub(crate) fn remove(cx: &mut Cx, dag: DagNo, no: RunNo, run_id: RunId) {
    let mut in_book = true;
    if let Some(run) = cx.run(no) {
        in_book = run.book.is_some();
        for at in 0..crate::plan::position(run.slots.len()) {
            halt(cx, At { run: no, at });
        }
        take_out(cx, no);
    } else if let Some(dag) = cx.live.dags.get_mut(&dag) {
        for backfill in dag.backfills.values_mut() {
            backfill.waiting.retain(|(_, of), _| *of != no);
        }
    }
    deadlines::deleted(cx.live, no);
    cx.live.dirty.delete_run(no, in_book);
    cx.live.dirty.run_deleted(dag, run_id);
    cx.live.promote.insert(dag);
    depends_on_past::forget(cx.live, dag);
}
