//! Setting task instances by hand.

use std::collections::BTreeSet;

use model::{
    RunNo, TaskId,
    command::{Refusal, Reply, SetGroupState, SetTaskState},
    dag::Task,
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
    let already = refusals::set_already(&ask.task_id, ask.state.as_str());
    let tasks = [(ask.task_id, ask.map_index)];
    let dag = select::dag(cx, &ask.dag_id)?;
    select::known(cx, dag, &tasks)?;
    let how = SetGroupState {
        dag_id: ask.dag_id,
        run_id: ask.run_id,
        group_id: String::new(),
        state: ask.state,
        include_upstream: ask.include_upstream,
        include_downstream: ask.include_downstream,
        include_future: ask.include_future,
        include_past: ask.include_past,
        dry_run: ask.dry_run,
        user: ask.user,
    };
    set_all(cx, &how, &tasks, already)
}

/// Sets all tasks of a group, as the latest version of its dag has them.
pub(crate) fn set_group(cx: &mut Cx, ask: SetGroupState) -> Result<Reply, Refusal> {
    let dag = select::dag(cx, &ask.dag_id)?;
    let plan = cx.live.latest(dag, cx.view);
    let plan = plan.ok_or_else(|| refusals::unreadable(&ask.dag_id))?;
    let is_in = |task: &&Task| {
        let mut groups = plan.dag.groups_of(task);
        groups.any(|group| group.group_id == ask.group_id)
    };
    let tasks = plan.dag.tasks.iter().filter(is_in);
    let tasks: Vec<_> = tasks.map(|task| (task.task_id.clone(), None)).collect();
    if tasks.is_empty() {
        return Err(refusals::no_group(&ask.dag_id, &ask.group_id));
    }
    let already = refusals::group_set_already(&ask.group_id, ask.state.as_str());
    set_all(cx, &ask, &tasks, already)
}

fn set_all(
    cx: &mut Cx,
    ask: &SetGroupState,
    tasks: &[(TaskId, Option<i32>)],
    already: Refusal,
) -> Result<Reply, Refusal> {
    let end = end(ask.state).ok_or_else(|| refusals::state_not_settable(ask.state.as_str()))?;
    let run = select::run(cx, &ask.dag_id, &ask.run_id)?;
    let runs = clear::neighbours(cx, run, ask.include_past, ask.include_future);
    let mut places = Vec::new();
    for run in &runs {
        let (up, down) = (ask.include_upstream, ask.include_downstream);
        places.extend(named::tasks(cx, *run, tasks, up, down));
    }
    if let ([(task_id, Some(map))], true) = (tasks, places.is_empty()) {
        return Err(refusals::no_instance(task_id, *map));
    }
    places.retain(|place| cx.ti(*place).is_some_and(|ti| ti.state != end.state()));
    let reply = select::reply(cx, &places);
    if ask.dry_run {
        return Ok(reply);
    }
    if places.is_empty() {
        return Err(already);
    }
    for place in &places {
        mark(cx, *place, end, ask.user.clone());
    }
    for run in runs {
        go_on_below(cx, run, tasks);
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

/// Clears what failed below the tasks that were set, and puts the run back when that gives it work.
/// As upstream has it, this is so too for what was set to failed along with them.
fn go_on_below(cx: &mut Cx, run: RunNo, tasks: &[(TaskId, Option<i32>)]) {
    let Some(live) = cx.run(run) else { return };
    let named = tasks
        .iter()
        .filter_map(|(task, _)| live.plan.dag.position(task));
    let named: BTreeSet<u32> = named.map(crate::plan::position).collect();
    let below = named.iter().flat_map(|at| live.plan.transitive(*at, false));
    let below: BTreeSet<u32> = below.filter(|at| !named.contains(at)).collect();
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
