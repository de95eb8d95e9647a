//! What a task's end does to tasks that are not to run because of it.

use model::{
    MapIndex, TaskId, TiKey,
    command::{Refusal, Reply},
    dag::OperatorKind,
    reason::Reason,
    state::TaskInstanceState as State,
    task_instance::TaskInstance,
};

use super::{At, End, Event, halt};
use crate::{
    audit,
    live::Cx,
    plan::edges::{Edge, Kind},
    refusals,
};

/// Skips direct downstream tasks that a branch did not choose, of the same index where they share
/// a mapped group. Running ones and those that ended are left alone, by the table.
pub(crate) fn skip_downstream(cx: &mut Cx, place: At, skip: &[TaskId]) {
    let Some(run) = cx.run(place.run) else { return };
    let Some(slot) = run.slot(place.at) else {
        return;
    };
    let (position, index) = (slot.task, u32::try_from(slot.ti.key.map.0).ok());
    let plan = std::sync::Arc::clone(&run.plan);
    let (Some(task), Some(planned)) = (plan.task(position), plan.plan(position)) else {
        return;
    };
    let chooses = task.can_skip_downstream || task.operator.kind == OperatorKind::Branch;
    if skip.is_empty() && !chooses {
        // Nearly all ends: they cost nothing for each of the instances below.
        return;
    }
    let reason = Reason::NotChosen {
        task: task.task_id.clone(),
    };
    for edge in planned
        .edges
        .iter()
        .filter(|edge| edge.kind == Kind::Direct)
    {
        let Some(child) = plan.task(edge.below) else {
            continue;
        };
        let is_skipped = skip.contains(&child.task_id);
        for at in children(cx, place, edge, index) {
            let other = At { run: place.run, at };
            if is_skipped {
                one(cx, other, &reason);
                continue;
            }
            let kept = |ti: &TaskInstance| is_kept_skipped(ti.state, ti.reason.as_ref(), &reason);
            if cx.ti(other).is_some_and(kept)
                && let Some(ti) = cx.change(other)
            {
                ti.reason = None;
            }
        }
    }
}

/// The instances at the lower end of an edge that see the one above.
fn children(cx: &Cx, place: At, edge: &Edge, index: Option<u32>) -> Vec<u32> {
    let Some(run) = cx.run(place.run) else {
        return Vec::new();
    };
    let slots: Vec<u32> = run.slots_of(edge.below).collect();
    let Some(near) = edge.near else { return slots };
    if slots
        .first()
        .and_then(|at| run.slot(*at))
        .is_none_or(|slot| slot.ti.key.map.0 < 0)
    {
        return slots;
    }
    let indexes = run.indexes_below(edge.below, near, index);
    indexes
        .filter_map(|index| slots.get(index as usize).copied())
        .collect()
}

fn one(cx: &mut Cx, place: At, reason: &Reason) {
    let state = cx.ti(place).map(|ti| ti.state);
    if state == Some(State::Queued) || state == Some(State::Deferred) {
        halt::halt(cx, place);
    }
    cx.end(place, Event::NotChosen, Some(reason.clone()));
}

/// A running task says what is not to run because of it (`SkipDownstreamTasks`): any tasks of its
/// run, whole or by index.
pub(crate) fn asked(
    cx: &mut Cx,
    key: TiKey,
    tasks: &[(TaskId, Option<i32>)],
) -> Result<Reply, Refusal> {
    let place = cx.run(key.run).and_then(|run| run.find(key));
    let run = cx.run(key.run).ok_or_else(refusals::no_task_instance)?;
    let by = place
        .and_then(|at| run.task(at))
        .ok_or_else(refusals::no_task_instance)?;
    let reason = Reason::NotChosen {
        task: by.task_id.clone(),
    };
    let edges = place
        .and_then(|at| run.planned(at))
        .map_or(&[][..], |planned| &planned.edges);
    let is_alone = key.map == MapIndex::NONE;
    let mut places = Vec::new();
    for (task, map) in tasks {
        let Some(position) = run.plan.dag.position(task).map(crate::plan::position) else {
            continue;
        };
        let is_below = |edge: &Edge| edge.kind == Kind::Direct && edge.below == position;
        let is_child = is_alone && edges.iter().any(is_below);
        let slots = run.slots_of(position);
        places.extend(slots.filter(|at| {
            run.slot(*at)
                .is_some_and(|slot| match (map, slot.ti.key.map.0) {
                    // Upstream skips these when it looks at them next, by what the one above them
                    // has left for all that are right below it.
                    (Some(-1), 0..) if is_child => slot.ti.state.is_schedulable(),
                    (None, 0..) => slot.ti.state.is_schedulable(),
                    (Some(map), index) => *map == index,
                    (None, _) => true,
                })
        }));
    }
    for at in places {
        one(cx, At { run: key.run, at }, &reason);
    }
    Ok(Reply::Done)
}

/// Whether a cleared instance stays skipped because of what `by` says.
fn is_kept_skipped(state: State, reason: Option<&Reason>, by: &Reason) -> bool {
    state == State::NoStatus && reason == Some(by)
}

/// Ends all else when the dag asks for it: running ones as failed, the others as skipped, but for
/// teardowns and the task's own other instances.
pub(crate) fn fail_fast(cx: &mut Cx, place: At) {
    let Some(run) = cx.run(place.run) else { return };
    let plan = std::sync::Arc::clone(&run.plan);
    if !plan.dag.fail_fast {
        return;
    }
    let Some(position) = run.slot(place.at).map(|slot| slot.task) else {
        return;
    };
    let n_slots = crate::plan::position(run.slots.len());
    let Some(task) = plan.task(position) else {
        return;
    };
    let reason = Reason::FailFast {
        task: task.task_id.clone(),
    };
    for at in 0..n_slots {
        let other = At { run: place.run, at };
        let Some(slot) = cx.run(place.run).and_then(|run| run.slot(at)) else {
            continue;
        };
        let (state, own) = (slot.ti.state, slot.task == position);
        let is_teardown = plan.plan(slot.task).is_some_and(|task| task.is_teardown);
        if own || is_teardown || state.is_finished() {
            continue;
        }
        let (end, event) = if state == State::Running {
            (End::Failed, "fail task")
        } else {
            (End::Skipped, "skip task")
        };
        halt::halt(cx, other);
        audit::of_try(cx, other, event, &reason.to_string());
        cx.end(other, Event::Stopped(end), Some(reason.clone()));
    }
}
