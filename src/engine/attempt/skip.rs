//! What a task's end does to tasks that are not to run because of it.

use model::{TaskId, reason::Reason, state::TaskInstanceState as State};

use super::{At, End, Event, halt};
use crate::live::Cx;

/// Skips direct downstream tasks that a branch did not choose. Running ones and those that ended
/// are left alone, by the table.
pub(crate) fn skip_downstream(cx: &mut Cx, place: At, skip: &[TaskId]) {
    let Some(run) = cx.run(place.run) else { return };
    let plan = std::sync::Arc::clone(&run.plan);
    let Some(task) = plan.task(place.at) else {
        return;
    };
    for &below in &task.downstream {
        let other = At {
            run: place.run,
            at: crate::plan::position(below),
        };
        let Some(child) = plan.task(other.at) else {
            continue;
        };
        let reason = Reason::NotChosen {
            task: task.task_id.clone(),
        };
        if skip.contains(&child.task_id) {
            let state = cx.ti(other).map(|ti| ti.state);
            if state == Some(State::Queued) || state == Some(State::Deferred) {
                halt::halt(cx, other);
            }
            cx.end(other, Event::NotChosen, Some(reason));
        } else if cx
            .ti(other)
            .is_some_and(|ti| is_kept_skipped(ti.state, ti.reason.as_ref(), &reason))
            && let Some(ti) = cx.change(other)
        {
            ti.reason = None;
        }
    }
}

/// Whether a cleared instance stays skipped because of what `by` says.
fn is_kept_skipped(state: State, reason: Option<&Reason>, by: &Reason) -> bool {
    state == State::NoStatus && reason == Some(by)
}

/// Ends all else when the dag asks for it: running ones as failed, the others as skipped.
pub(crate) fn fail_fast(cx: &mut Cx, place: At) {
    let Some(run) = cx.run(place.run) else { return };
    let plan = std::sync::Arc::clone(&run.plan);
    if !plan.dag.fail_fast {
        return;
    }
    let Some(task) = plan.task(place.at) else {
        return;
    };
    let reason = Reason::FailFast {
        task: task.task_id.clone(),
    };
    for at in 0..crate::plan::position(plan.tasks.len()) {
        let other = At { run: place.run, at };
        let Some(state) = cx.ti(other).map(|ti| ti.state) else {
            continue;
        };
        let is_teardown = plan.task(at).is_some_and(|task| task.is_teardown);
        if is_teardown || state.is_finished() {
            continue;
        }
        let end = if state == State::Running {
            End::Failed
        } else {
            End::Skipped
        };
        halt::halt(cx, other);
        cx.end(other, Event::Stopped(end), Some(reason.clone()));
    }
}
