//! A run takes longer than `dagrun_timeout`: it fails, and what has not ended is skipped.

use model::{RunNo, reason::Reason, state::DagRunState};

use super::{finish, start::timeout_at};
use crate::{
    attempt::{At, End, Event, halt::halt},
    callbacks,
    live::Cx,
};

/// The timer fired.
pub(crate) fn time_out(cx: &mut Cx, no: RunNo) {
    let Some(run) = cx.run(no) else { return };
    if run.row.state != DagRunState::Running || run.held {
        return;
    }
    if timeout_at(run).is_none_or(|at| at > cx.now) {
        return;
    }
    let timeout = run.plan.dag.dagrun_timeout.unwrap_or_default();
    let after_s = u64::try_from(timeout.as_micros() / 1_000_000).unwrap_or(0);
    let reason = Reason::RunTimedOut { after_s };
    let last = callbacks::last_begun(run);
    let n_tasks = crate::plan::position(run.slots.len());
    for at in 0..n_tasks {
        let place = At { run: no, at };
        if cx.ti(place).is_some_and(|ti| !ti.state.is_finished()) {
            halt(cx, place);
            cx.end(place, Event::Stopped(End::Skipped), Some(reason.clone()));
        }
    }
    finish::close(cx, no, DagRunState::Failed, Some(reason));
    callbacks::run_ended(cx, no, "timed_out", last);
}
