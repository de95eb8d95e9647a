//! A try begins: it is lined up, and handed to a worker when it gets its slots.

use model::{
    dag::StartTrigger,
    effect::Effect,
    state::TaskInstanceState as State,
    task_instance::{Deferral, Trigger},
};

use super::{At, Event, Next, defer, stuck::stuck_at};
use crate::live::{Cx, timers::Timer};

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
    let version = run.plan.version;
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
    ti.version = version;
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
    let at = stuck_at(&cx.live.options, now);
    cx.live.timers.at(at, Timer::Stuck(place.run, place.at));
    true
}

/// Has a ready instance wait for its trigger without a worker before it (`start_from_trigger`).
pub(crate) fn defer(cx: &mut Cx, place: At, start: &StartTrigger) {
    let task = cx.run(place.run).and_then(|run| run.task(place.at));
    let limits = [start.timeout, task.and_then(|task| task.execution_timeout)];
    let timeout = limits
        .into_iter()
        .flatten()
        .min()
        .map(|limit| cx.now.plus(limit));
    begin(cx, place);
    if cx.apply(place, Event::StartsDeferred) != Next::To(State::Deferred) {
        return;
    }
    let (now, fence) = (cx.now, cx.live.new_fence());
    if let Some(ti) = cx.change(place) {
        ti.start_date = Some(now);
        ti.fence = Some(fence);
    }
    let deferral = Deferral {
        trigger: Trigger::Python {
            class: start.class.clone(),
            kwargs: start.kwargs.clone(),
        },
        timeout,
        soft_fail: false,
        resume: Some((start.next_method.clone(), start.next_kwargs.clone())),
    };
    defer::wait(cx, place, deferral);
}
