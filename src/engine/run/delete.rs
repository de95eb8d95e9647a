//! A run goes, with all that it has.

use model::{
    DagId, DagNo, RunId, RunNo, TiKey,
    command::{Refusal, Reply},
    state::DagRunState,
};

use super::{follow::take_out, select};
use crate::{
    attempt::{At, Event, halt::halt},
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

/// Deletes a task instance, whatever its state. As upstream has it the run goes on as if it had
/// never had one there, so that what is right below waits for ever; a version that has the task
/// brings it back.
pub(crate) fn instance(cx: &mut Cx, key: TiKey) -> Result<Reply, Refusal> {
    if !cx.wake_run(key.run) {
        return Err(refusals::no_task_instance());
    }
    let set_aside = cx.live.runs.get_mut(&key.run).and_then(|run| {
        run.removed_dirty.retain(|other| *other != key);
        run.removed.remove(&key)
    });
    let was = if let Some((_, was)) = set_aside {
        was
    } else {
        let at = cx.run(key.run).and_then(|run| run.find(key));
        let at = at.filter(|at| cx.run(key.run).is_some_and(|run| !run.is_absent(*at)));
        let at = at.ok_or_else(refusals::no_task_instance)?;
        let place = At { run: key.run, at };
        halt(cx, place);
        cx.end(place, Event::Removed, None);
        let run = cx.live.runs.get_mut(&key.run);
        run.and_then(|run| {
            let slot = run.slots.get_mut(at as usize)?;
            slot.dirty = false;
            let was = slot.book.take();
            run.recount();
            was
        })
    };
    cx.live.dirty.clear_xcoms(key);
    if let Some(run) = cx.live.runs.get_mut(&key.run).filter(|_| was.is_some()) {
        run.deleted.push(key);
    }
    cx.live.dirty.runs.insert(key.run);
    cx.live.settle.insert(key.run);
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
