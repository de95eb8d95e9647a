//! A worker has a try and does not begin.

use model::{TimeDelta, Timestamp, reason::Reason, state::TaskInstanceState as State};

use super::{At, Event, halt::halt, retry::fail};
use crate::{
    Options, audit,
    callbacks::{self, Told},
    live::Cx,
};

/// When a try that was queued at `queued_when` is stuck.
pub(crate) fn stuck_at(options: &Options, queued_when: Timestamp) -> Timestamp {
    let us = options.task_queued_timeout_ms.saturating_mul(1_000);
    queued_when.plus(TimeDelta::from_micros(us))
}

/// The time is over: the try is taken back and lined up again, a few times; then it fails for good.
pub(crate) fn stuck(cx: &mut Cx, place: At) {
    let Some(ti) = cx.ti(place).filter(|ti| ti.state == State::Queued) else {
        return;
    };
    let is_over = |at: Timestamp| stuck_at(&cx.live.options, at) <= cx.now;
    let n_stuck = ti.n_stuck;
    if !ti.queued_when.is_some_and(is_over) {
        return;
    }
    halt(cx, place);
    if n_stuck >= cx.live.options.num_stuck_in_queued_retries {
        let message = "stuck in queued tries exceeded".to_owned();
        let most = cx.live.options.num_stuck_in_queued_retries;
        let told = format!("it was queued anew {most} times (num_stuck_in_queued_retries)");
        audit::of_try(cx, place, &message, &told);
        callbacks::try_failed(cx, place, &message, false, Told::Callback);
        return fail(cx, place, Reason::Lost { message }, false, None);
    }
    let after_s = cx.live.options.task_queued_timeout_ms / 1_000;
    let told = format!("it was queued for {after_s} s (task_queued_timeout) and did not begin");
    audit::of_try(cx, place, "stuck in queued reschedule", &told);
    cx.apply(place, Event::Stuck);
    if let Some(ti) = cx.change(place) {
        ti.n_stuck = n_stuck + 1;
        ti.queued_when = None;
    }
}
