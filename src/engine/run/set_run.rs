//! Setting a run by hand.

use model::{
    DagId, RunId, RunNo,
    command::{Refusal, Reply},
    reason::Reason,
    state::{DagRunState, TaskInstanceState as State},
};

use super::{enter, finish, select};
use crate::{
    attempt::{At, End},
    live::Cx,
    refusals,
};

/// Sets a run's state: ends what runs the same way and skips what waits, or puts it back to queued.
/// A run whose teardowns have not ended stays until they have.
pub(crate) fn set(
    cx: &mut Cx,
    dag_id: &DagId,
    run_id: &RunId,
    state: DagRunState,
    user: Option<String>,
) -> Result<Reply, Refusal> {
    let no = select::run(cx, dag_id, run_id)?;
    let end = match state {
        DagRunState::Success => End::Success,
        DagRunState::Failed => End::Failed,
        DagRunState::Queued => {
            // Queued runs of a backfill leave the memory, which what is under way must not do.
            let stays = |run: &crate::live::run::LiveRun| {
                run.row.backfill.is_some() && run.row.state == DagRunState::Running
            };
            if !cx.run(no).is_some_and(stays) {
                enter(cx, no, DagRunState::Queued, None);
            }
            return Ok(done(cx, no));
        }
        DagRunState::Running => return Err(refusals::state_not_settable(state.as_str())),
    };
    let mut teardown_waits = false;
    for at in 0..crate::plan::position(cx.run(no).map_or(0, |run| run.slots.len())) {
        let place = At { run: no, at };
        let task = cx.run(no).and_then(|run| run.task(at));
        let is_teardown = task.is_some_and(|task| task.is_teardown);
        let Some(found) = cx
            .ti(place)
            .map(|ti| ti.state)
            .filter(|state| !state.is_finished())
        else {
            continue;
        };
        if is_teardown {
            teardown_waits = true;
        } else {
            let end = if is_running_like(found) {
                end
            } else {
                End::Skipped
            };
            super::set_task::mark(cx, place, end, user.clone());
        }
    }
    if !teardown_waits {
        finish::close(cx, no, state, Some(Reason::SetByHand { user }));
    }
    Ok(done(cx, no))
}

const fn is_running_like(state: State) -> bool {
    matches!(
        state,
        State::Running
            | State::Restarting
            | State::Deferred
            | State::UpForReschedule
            | State::AwaitingInput
    )
}

/// The run as an answer.
pub(crate) fn done(cx: &Cx, no: RunNo) -> Reply {
    cx.run(no).map_or(Reply::Done, |run| Reply::Run {
        dag: run.row.dag,
        run: no,
        run_id: run.row.run_id.clone(),
    })
}
