//! Pausing and deleting dags.

use model::{
    DagId, DagNo,
    command::{Refusal, Reply},
    state::TaskInstanceState as State,
};

use crate::{
    assets::{register, watch},
    live::{Cx, state::refresh_dag},
    refusals,
    run::{delete, next, select},
};

/// Runs of a deleted dag whose logs are told to go one by one; the others go with its folder.
const RUNS_TOLD_MAX: usize = 100_000;

/// Pauses or unpauses by a person's word.
pub(crate) fn set_paused(cx: &mut Cx, dag_id: &DagId, paused: bool) -> Result<Reply, Refusal> {
    let dag = select::dag(cx, dag_id)?;
    pause(cx, dag, paused);
    Ok(Reply::Done)
}

/// Pauses or unpauses. What ran meanwhile runs to its end; when the dag comes back the next run is
/// worked out anew, so that without catchup nothing old is made up for.
pub(crate) fn pause(cx: &mut Cx, dag: DagNo, paused: bool) {
    let is_paused = cx.live.dags.get(&dag).map(|dag| dag.row.is_paused);
    if is_paused.is_none_or(|is_paused| is_paused == paused) {
        return;
    }
    if let Some(row) = cx.live.change_dag(dag) {
        row.is_paused = paused;
    }
    refresh_dag(cx.live, dag, cx.now);
    watch::refresh_dag(cx, dag);
    if paused {
        next::arm(cx.live, dag);
    } else {
        next::refresh(cx, dag);
    }
}

/// Deletes a dag with all of it. Refused while a task of it runs.
pub(crate) fn delete(cx: &mut Cx, dag_id: &DagId) -> Result<Reply, Refusal> {
    let dag = select::dag(cx, dag_id)?;
    let Some(found) = cx.live.dags.get(&dag) else {
        return Err(refusals::no_dag(dag_id));
    };
    let live_runs = found.live_runs();
    for run in &live_runs {
        let Some(run) = cx.run(*run) else { continue };
        let running = run
            .slots
            .iter()
            .find(|slot| slot.ti.state == State::Running);
        if let Some(slot) = running {
            let task = run.plan.task(slot.task).map(|task| &*task.task_id);
            return Err(refusals::is_running(task));
        }
    }
    if let Some(found) = cx.live.dags.get_mut(&dag) {
        found.backfills.clear();
    }
    let mut runs = cx.view.last_runs(dag, RUNS_TOLD_MAX);
    runs.extend(live_runs);
    runs.sort_unstable();
    runs.dedup();
    for no in runs {
        let live = cx.run(no).map(|run| run.row.run_id.clone());
        if let Some(run_id) = live.or_else(|| cx.view.run(no).map(|row| row.run_id)) {
            delete::remove(cx, dag, no, run_id);
        }
    }
    forget(cx, dag, dag_id);
    Ok(Reply::Done)
}

fn forget(cx: &mut Cx, dag: DagNo, dag_id: &DagId) {
    register::forget(cx, dag);
    let live = &mut *cx.live;
    if let Some(found) = live.dags.get_mut(&dag) {
        // No next run: takes the timer out.
        found.row.next_run = None;
    }
    next::arm(live, dag);
    live.dags.remove(&dag);
    live.by_id.remove(dag_id);
    live.promote.remove(&dag);
    live.making.retain(|(_, of)| *of != dag);
    live.dirty
        .backfills
        .retain(|_, backfill| backfill.dag != dag);
    live.dirty.dags.remove(&dag);
    live.dirty.names.retain(|(other, _, _)| *other != dag);
    live.dirty.versions.retain(|(other, _), _| *other != dag);
    live.dirty.deleted_dags.push((dag, dag_id.clone()));
    let paths: Vec<String> = live
        .files
        .iter()
        .filter(|(_, file)| file.dags.contains(&dag))
        .map(|(path, _)| path.clone())
        .collect();
    for path in paths {
        if let Some(file) = live.files.get_mut(&path) {
            file.dags.retain(|other| *other != dag);
            live.dirty.files.insert(path);
        }
    }
}
