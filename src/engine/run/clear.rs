//! Clearing: task instances run again, with all their tries.

use std::collections::BTreeSet;

use model::{
    RunNo,
    command::{Clear, Refusal, Reply},
    reason::Reason,
    state::{DagRunState, TaskInstanceState as State},
};

use super::{enter, follow, named, select};
use crate::{
    attempt::{At, Event, halt::halt},
    deadlines,
    live::Cx,
    refusals,
};

/// Clears what the request means, or says what it would clear.
pub(crate) fn clear(cx: &mut Cx, ask: Clear) -> Result<Reply, Refusal> {
    let runs = runs(cx, &ask)?;
    if ask.only_new {
        return only_new(cx, &ask, &runs);
    }
    let mut places = Vec::new();
    for run in &runs {
        let (up, down) = (ask.include_upstream, ask.include_downstream);
        let mut found = named::tasks(cx, *run, &ask.tasks, up, down);
        named::with_scopes(cx, *run, &mut found);
        places.extend(found);
    }
    let state = |place: &At| cx.ti(*place).map_or(State::Removed, |ti| ti.state);
    places.retain(|place| !ask.only_failed || state(place).is_failure());
    places.retain(|place| !ask.only_running || state(place) == State::Running);
    let reply = select::reply(cx, &places);
    if ask.dry_run {
        return Ok(reply);
    }
    let running = places.iter().find(|place| state(place) == State::Running);
    if let Some(place) = running.filter(|_| ask.prevent_running_task) {
        return Err(refusals::is_running(task_id(cx, *place).as_deref()));
    }
    let keys: Vec<_> = places
        .iter()
        .filter_map(|place| cx.ti(*place).map(|ti| ti.key))
        .collect();
    let moves = wants_latest(cx, &ask);
    let is_over = |run: &RunNo| cx.run(*run).is_some_and(|run| run.row.state.is_finished());
    let over: Vec<RunNo> = runs
        .iter()
        .copied()
        .filter(|run| moves && is_over(run))
        .collect();
    if moves {
        for run in &runs {
            if !follow::latest(cx, *run) {
                let dag_id = ask.dag_id.clone().unwrap_or_else(|| "".into());
                return Err(refusals::unreadable(&dag_id));
            }
        }
    }
    let place = |cx: &Cx, key: model::TiKey| {
        let at = cx.run(key.run)?.find(key)?;
        Some(At { run: key.run, at })
    };
    let places: Vec<At> = keys.iter().filter_map(|key| place(cx, *key)).collect();
    instances(cx, &places, ask.note.as_ref());
    for run in over {
        follow::unplace(cx, run);
    }
    if ask.reset_dag_runs {
        for run in runs {
            if places.iter().any(|place| place.run == run) {
                requeue(cx, run);
            }
        }
    }
    Ok(reply)
}

/// Has runs follow the latest version where that has tasks that they do not have; those alone are
/// new, so that nothing else runs again.
fn only_new(cx: &mut Cx, ask: &Clear, runs: &[RunNo]) -> Result<Reply, Refusal> {
    let dag_id = ask.dag_id.clone().unwrap_or_else(|| "".into());
    let unreadable = || refusals::unreadable(&dag_id);
    let mut places = Vec::new();
    for no in runs {
        let before = known_tasks(cx, *no);
        let plan = cx.run(*no).map(|run| run.row.dag);
        let plan = plan.and_then(|dag| cx.live.latest(dag, cx.view));
        let plan = plan.ok_or_else(unreadable)?;
        let is_new = plan.tasks.iter().any(|task| !before.contains(&task.no));
        if ask.dry_run || !is_new {
            continue;
        }
        if !follow::latest(cx, *no) {
            return Err(unreadable());
        }
        let Some(run) = cx.run(*no) else { continue };
        let slots = 0..crate::plan::position(run.slots.len());
        let added = slots.filter(|at| {
            let ti = run.slot(*at).map(|slot| &slot.ti);
            ti.is_some_and(|ti| !before.contains(&ti.key.task))
        });
        let added: Vec<At> = added.map(|at| At { run: *no, at }).collect();
        instances(cx, &added, ask.note.as_ref());
        if ask.reset_dag_runs && !added.is_empty() {
            requeue(cx, *no);
        }
        places.extend(added);
    }
    Ok(select::reply(cx, &places))
}

/// The tasks of a run, those that were removed among them.
fn known_tasks(cx: &Cx, no: RunNo) -> BTreeSet<model::TaskNo> {
    let run = cx.run(no).into_iter();
    let tasks = run.flat_map(|run| {
        let slots = run.slots.iter().map(|slot| slot.ti.key.task);
        slots.chain(run.removed.keys().map(|key| key.task))
    });
    tasks.collect()
}

/// Whether what runs again follows the latest version: as asked, else as the dag says, else not.
fn wants_latest(cx: &mut Cx, ask: &Clear) -> bool {
    let dag = ask
        .dag_id
        .as_ref()
        .and_then(|id| cx.live.by_id.get(id).copied());
    let says = |cx: &mut Cx| {
        let plan = cx.live.latest(dag?, cx.view)?;
        plan.dag.rerun_with_latest_version
    };
    ask.run_on_latest_version
        .or_else(|| says(cx))
        .unwrap_or(false)
}

fn runs(cx: &mut Cx, ask: &Clear) -> Result<Vec<RunNo>, Refusal> {
    let dag_id = ask.dag_id.clone().ok_or_else(|| refusals::no_dag(""))?;
    let dag = select::dag(cx, &dag_id)?;
    let Some(run_id) = &ask.run_id else {
        // Without a run to start from, past and future are what their end is left open for.
        let from = ask.start_date.filter(|_| !ask.include_past);
        let to = ask.end_date.filter(|_| !ask.include_future);
        return Ok(select::between(cx, dag, from, to));
    };
    let run = select::run(cx, &dag_id, run_id)?;
    let has_date = cx
        .run(run)
        .is_some_and(|run| run.row.logical_date.is_some());
    if (ask.include_past || ask.include_future) && !has_date {
        return Err(refusals::no_date_to_span(run_id));
    }
    Ok(neighbours(cx, run, ask.include_past, ask.include_future))
}

/// A run with all earlier and later ones of its dag, where that is asked for.
pub(crate) fn neighbours(cx: &mut Cx, run: RunNo, past: bool, future: bool) -> Vec<RunNo> {
    let Some(row) = cx.run(run).map(|run| run.row.clone()) else {
        return Vec::new();
    };
    let mut runs = vec![run];
    if let Some(date) = row.logical_date.filter(|_| past || future) {
        let from = if past { None } else { Some(date) };
        let to = if future { None } else { Some(date) };
        runs.extend(select::between(cx, row.dag, from, to));
    }
    runs.sort_unstable();
    runs.dedup();
    runs
}

/// Clears instances: running ones are ended first, the others wait for their turn at once.
pub(crate) fn instances(cx: &mut Cx, places: &[At], note: Option<&String>) {
    for place in places {
        instance(cx, *place);
        if let (Some(note), Some(ti)) = (note, cx.change(*place)) {
            ti.note = Some(note.clone());
        }
    }
    let cleared: BTreeSet<(RunNo, u32)> = places.iter().map(|at| (at.run, at.at)).collect();
    for place in places {
        chosen_again(cx, *place, &cleared);
    }
}

fn instance(cx: &mut Cx, place: At) {
    let Some(ti) = cx.ti(place) else { return };
    let (key, state, fence) = (ti.key, ti.state, ti.fence);
    if state == State::Running {
        cx.apply(place, Event::Cleared);
        if let Some(fence) = fence {
            cx.live.dirty.kill(key, fence);
        }
        return;
    }
    if state == State::Restarting {
        return;
    }
    // What ended without ever having run is kept as well, as try 0.
    if state.is_finished() || (ti.try_number > 0 && state != State::NoStatus) {
        let mut finished = ti.clone();
        finished.fence = None;
        if !state.is_finished() {
            finished.state = State::Failed;
            finished.end_date.get_or_insert(cx.now);
        }
        cx.live.dirty.archive(finished);
    }
    halt(cx, place);
    cx.apply(place, Event::Cleared);
    forget_try(cx, place);
    let version = cx.run(place.run).map(|run| run.row.version);
    if let (Some(version), Some(ti)) = (version, cx.change(place)) {
        ti.version = version;
    }
    cx.live.push_work(place.run, place.at);
}

/// The instance is as before its next try, which is given the task's retries anew.
pub(crate) fn forget_try(cx: &mut Cx, place: At) {
    let task = cx.run(place.run).and_then(|run| run.task(place.at));
    let retries = task.map_or(0, |task| task.retries);
    let Some(ti) = cx.change(place) else { return };
    ti.max_tries = ti.try_number.saturating_add(retries);
    ti.fence = None;
    ti.pid = None;
    ti.not_before = None;
    ti.deferral = None;
    ti.start_date = None;
    ti.end_date = None;
    let keeps_reason = matches!(ti.reason, Some(Reason::NotChosen { .. }));
    if !keeps_reason {
        ti.reason = None;
    }
}

/// A branch that runs again chooses again: what it did not choose is open.
fn chosen_again(cx: &mut Cx, place: At, cleared: &BTreeSet<(RunNo, u32)>) {
    let Some(ti) = cx.ti(place) else { return };
    let Some(Reason::NotChosen { task }) = ti.reason.clone() else {
        return;
    };
    let branch = cx.run(place.run).and_then(|run| {
        let at = run.plan.dag.position(&task)?;
        Some(run.slots_of(crate::plan::position(at)).collect::<Vec<_>>())
    });
    let is_cleared =
        branch.is_none_or(|slots| slots.iter().any(|at| cleared.contains(&(place.run, *at))));
    if let Some(ti) = cx.change(place).filter(|_| is_cleared) {
        ti.reason = None;
    }
}

/// A finished run goes back to queued. A running one goes on; it too counts how often it was
/// cleared, and its deadlines count from now.
pub(crate) fn requeue(cx: &mut Cx, no: RunNo) {
    let now = cx.now;
    let Some(run) = cx.live.runs.get_mut(&no) else {
        return;
    };
    let is_finished = run.row.state.is_finished();
    let row = run.change_row(&mut cx.live.dirty);
    row.clear_number += 1;
    row.queued_at = Some(now);
    if is_finished {
        row.last_scheduling_decision = None;
        enter(cx, no, DagRunState::Queued, None);
    }
    deadlines::requeued(cx, no);
}

fn task_id(cx: &Cx, place: At) -> Option<String> {
    let task = cx.run(place.run)?.task(place.at)?;
    Some(task.task_id.to_string())
}
