//! A try begins: it is lined up, and handed to a worker when it gets its slots.

use model::{effect::Effect, state::TaskInstanceState as State};

use super::{At, Event, Next};
use crate::live::Cx;

/// Lines a ready instance up. A new try gets its number now (upstream counts at scheduling).
pub(crate) fn schedule(cx: &mut Cx, place: At) {
    begin(cx, place);
    cx.apply(place, Event::Ready);
}

/// Ends a ready instance well that has nothing to run.
pub(crate) fn pass(cx: &mut Cx, place: At) {
    let now = cx.now;
    begin(cx, place);
    if let Some(ti) = cx.change(place) {
        ti.start_date = Some(now);
        ti.end_date = Some(now);
    }
    cx.apply(place, Event::Passed);
}

/// Counts the try, keeps the one before, and clears what belonged to it. Another look of a sensor
/// and what follows a wait belong to the same try.
fn begin(cx: &mut Cx, place: At) {
    let now = cx.now;
    let Some(run) = cx.live.runs.get_mut(&place.run) else {
        return;
    };
    let Some(ti) = run.change(place.at, &mut cx.live.dirty) else {
        return;
    };
    ti.scheduled_when = Some(now);
    ti.queued_when = None;
    ti.not_before = None;
    ti.reason = None;
    if ti.state == State::UpForReschedule {
        return;
    }
    if ti.state == State::UpForRetry {
        let mut finished = ti.clone();
        finished.state = State::Failed;
        cx.live.dirty.archive(finished);
    }
    ti.n_stuck = 0;
    ti.try_number += 1;
    ti.start_date = None;
    ti.end_date = None;
    ti.pid = None;
    ti.cpu_us = None;
    ti.memory_peak_bytes = None;
    ti.deferral = None;
    if ti.try_number > 1 {
        cx.live.dirty.clear_xcoms(ti.key);
    }
    run.set_returned(place.at, None, &mut cx.live.dirty);
}

/// Hands a scheduled instance to a worker under a new permission.
pub(crate) fn queue(cx: &mut Cx, place: At) -> bool {
    if cx.apply(place, Event::Queued) != Next::To(State::Queued) {
        return false;
    }
    let (now, fence) = (cx.now, cx.live.new_fence());
    let Some(ti) = cx.change(place) else {
        return false;
    };
    ti.queued_when = Some(now);
    ti.fence = Some(fence);
    let (key, try_number) = (ti.key, ti.try_number);
    cx.live.dirty.effects.push(Effect::Start {
        key,
        try_number,
        fence,
    });
    true
}
