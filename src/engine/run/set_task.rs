//! Setting task instances by hand.

use model::{
    RunNo, TaskId,
    command::{Refusal, Reply, SetTaskState},
    reason::Reason,
    state::TaskInstanceState as State,
};

use super::{clear, named, select};
use crate::{
    attempt::{At, End, Event, halt::halt, skip::fail_fast},
    live::Cx,
    refusals,
};

/// Sets what the request means. What failed below it is cleared, so that it goes on.
pub(crate) fn set(cx: &mut Cx, ask: SetTaskState) -> Result<Reply, Refusal> {
    let end = end(ask.state).ok_or_else(|| refusals::state_not_settable(ask.state.as_str()))?;
    let dag = select::dag(cx, &ask.dag_id)?;
    let tasks = [(ask.task_id.clone(), ask.map_index)];
    select::known(cx, dag, &tasks)?;
    let run = select::run(cx, &ask.dag_id, &ask.run_id)?;
    let runs = clear::neighbours(cx, run, ask.include_past, ask.include_future);
    let mut places = Vec::new();
    for run in &runs {
        let (up, down) = (ask.include_upstream, ask.include_downstream);
        places.extend(named::tasks(cx, *run, &tasks, up, down));
    }
    if let (Some(map), true) = (ask.map_index, places.is_empty()) {
        return Err(refusals::no_instance(&ask.task_id, map));
    }
    places.retain(|place| cx.ti(*place).is_some_and(|ti| ti.state != end.state()));
    let reply = select::reply(cx, &places);
    if ask.dry_run {
        return Ok(reply);
    }
    if places.is_empty() {
        return Err(refusals::set_already(&ask.task_id, ask.state.as_str()));
    }
    for place in &places {
        mark(cx, *place, end, ask.user.clone());
    }
    for run in runs {
        go_on_below(cx, run, &ask.task_id);
    }
    Ok(reply)
}

const fn end(state: State) -> Option<End> {
    match state {
        State::Success => Some(End::Success),
        State::Failed => Some(End::Failed),
        State::Skipped => Some(End::Skipped),
        State::NoStatus
        | State::Removed
        | State::Scheduled
        | State::Queued
        | State::Running
        | State::Restarting
        | State::UpForRetry
        | State::UpForReschedule
        | State::UpstreamFailed
        | State::Deferred
        | State::AwaitingInput => None,
    }
}

/// Sets one instance, now: its process is ended, and what it still says is dropped.
pub(crate) fn mark(cx: &mut Cx, place: At, end: End, user: Option<String>) {
    halt(cx, place);
    let done = cx.end(place, Event::Marked(end), Some(Reason::SetByHand { user }));
    if done && end == End::Failed {
        fail_fast(cx, place);
    }
}

/// Clears what failed below the task that was set, and puts the run back when that gives it work.
/// As upstream has it, this is so too for what was set to failed along with it.
fn go_on_below(cx: &mut Cx, run: RunNo, task: &TaskId) {
    let Some(live) = cx.run(run) else { return };
    let Some(at) = live.plan.dag.position(task) else {
        return;
    };
    let below = live.plan.transitive(crate::plan::position(at), false);
    let below: Vec<At> = below
        .into_iter()
        .flat_map(|task| live.slots_of(task))
        .map(|at| At { run, at })
        .filter(|place| cx.ti(*place).is_some_and(|ti| ti.state.is_failure()))
        .collect();
    if !below.is_empty() {
        clear::instances(cx, &below, None);
        clear::requeue(cx, run);
    }
}
