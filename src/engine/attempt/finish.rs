//! A try ends.

use model::{
    Timestamp,
    reason::Reason,
    report::{Outcome, Usage},
    state::TaskInstanceState as State,
};

use super::{At, Event, Next, defer::task_pushes, retry::fail, skip};
use crate::live::Cx;

/// What its end says.
pub(crate) fn finish(cx: &mut Cx, place: At, outcome: Outcome, usage: Usage, at: Timestamp) {
    used(cx, place, usage, at);
    match outcome {
        Outcome::Success {
            xcoms,
            skip,
            // Asset events are not kept yet.
            outlets: _,
        } => succeed(cx, place, xcoms, &skip, at),
        Outcome::Skipped { message } => {
            let reason = Reason::SkippedItself { message };
            cx.end(place, Event::SkippedItself, Some(reason));
        }
        Outcome::Failed {
            message,
            may_retry,
            retry_delay,
        } => {
            fail(
                cx,
                place,
                Reason::Failed { message },
                may_retry,
                retry_delay,
            );
        }
        Outcome::TimedOut { limit } => {
            let after_s = u64::try_from(limit.as_micros() / 1_000_000).unwrap_or(0);
            fail(cx, place, Reason::TimedOut { after_s }, true, None);
        }
        // Upstream's "killed externally".
        Outcome::Killed => {
            let message = "the process was ended from outside".to_owned();
            fail(cx, place, Reason::Lost { message }, true, None);
        }
        Outcome::Lost { message } => fail(cx, place, Reason::Lost { message }, true, None),
        // The state `removed` belongs to what is not in the dag; a try that says so cannot run.
        Outcome::Removed { message } => {
            fail(cx, place, Reason::Failed { message }, false, None);
        }
    }
}

fn used(cx: &mut Cx, place: At, usage: Usage, at: Timestamp) {
    if let Some(ti) = cx.change(place) {
        let start = *ti.start_date.get_or_insert(at);
        ti.end_date = Some(at.max(start));
        ti.cpu_us = Some(usage.cpu_us);
        ti.memory_peak_bytes = Some(usage.memory_peak_bytes);
    }
}

fn succeed(
    cx: &mut Cx,
    place: At,
    xcoms: Vec<(String, model::Json)>,
    skip: &[model::TaskId],
    at: Timestamp,
) {
    let Some(key) = cx.ti(place).map(|ti| ti.key) else {
        return;
    };
    let pushes = task_pushes(cx, place);
    if !cx.end(place, Event::Succeeded, None) {
        return;
    }
    for (name, value) in xcoms {
        if pushes || name != "return_value" {
            cx.live.dirty.put_xcom(key, name, value, at);
        }
    }
    skip::skip_downstream(cx, place, skip);
}

/// The process of a cleared instance is gone: it may run again, with all its tries.
pub(crate) fn gone(cx: &mut Cx, place: At, usage: Option<Usage>, at: Timestamp) {
    if let Some(usage) = usage {
        used(cx, place, usage, at);
    }
    let Some(ti) = cx.ti(place) else { return };
    let mut finished = ti.clone();
    finished.state = State::Failed;
    finished.fence = None;
    finished.end_date = finished.end_date.or(Some(at));
    cx.live.dirty.archive(finished);
    if cx.apply(place, Event::Gone) != Next::To(State::NoStatus) {
        return;
    }
    crate::run::clear::forget_try(cx, place);
    cx.live.push_work(place.run, place.at);
}
