//! Waiting without a worker.

use model::{
    Json, RunNo, Timestamp,
    effect::Effect,
    reason::Reason,
    state::TaskInstanceState as State,
    task_instance::{Deferral, Trigger},
};

use super::{At, Event, Next, retry::fail};
use crate::live::{Cx, load::waits, timers::Timer};

/// The task lets go of its worker. The permission stays: the trigger answers under it.
pub(crate) fn defer(cx: &mut Cx, place: At, deferral: Deferral) {
    if cx.apply(place, Event::Deferred) != Next::To(State::Deferred) {
        return;
    }
    if let Some(timeout) = deferral.timeout {
        let timer = Timer::DeferralTimeout(place.run, place.at);
        cx.live.timers.at(timeout, timer);
    }
    let Some(ti) = cx.change(place) else { return };
    ti.reason = Some(why(&deferral.trigger));
    ti.deferral = Some(deferral.clone());
    ti.pid = None;
    if let (key, Some(fence)) = (ti.key, ti.fence) {
        cx.live.dirty.arm(key, fence, deferral);
    }
}

/// The task looks again later, in the same try.
pub(crate) fn reschedule(cx: &mut Cx, place: At, at: Timestamp) {
    if !matches!(cx.apply(place, Event::Rescheduled), Next::To(_)) {
        return;
    }
    let Some(ti) = cx.change(place) else { return };
    ti.fence = None;
    ti.pid = None;
    ti.not_before = Some(at);
    if let Some(at) = waits(ti) {
        cx.live.timers.at(at, Timer::Wait(place.run, place.at));
    }
}

/// What it waited for is there. A native wait ends the instance; another one goes on at its method.
pub(crate) fn fire(cx: &mut Cx, place: At, payload: Json, at: Timestamp) {
    let Some(ti) = cx.ti(place) else { return };
    let (key, deferral) = (ti.key, ti.deferral.clone());
    let Some(deferral) = deferral.filter(|_| ti.state == State::Deferred) else {
        return;
    };
    let Some((method, kwargs)) = deferral.resume.clone() else {
        if let Some(ti) = cx.change(place) {
            ti.end_date = Some(at);
        }
        let pushes = task_pushes(cx, place);
        if cx.end(place, Event::Succeeded, None) && pushes && !payload.is_null() {
            cx.live
                .dirty
                .put_xcom(key, "return_value".to_owned(), payload, at);
        }
        return;
    };
    let mut kwargs = match kwargs {
        Json::Object(map) => map,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            model::JsonMap::new()
        }
    };
    kwargs.insert("event".to_owned(), payload);
    if let Some(ti) = cx.change(place) {
        ti.fence = None;
        ti.reason = None;
        ti.scheduled_when = Some(at);
        let resume = Some((method, Json::Object(kwargs)));
        ti.deferral = Some(Deferral {
            resume,
            timeout: None,
            ..deferral
        });
    }
    cx.apply(place, Event::Resumed);
}

/// The time to wait is over. Upstream's sensors do not try again after that.
pub(crate) fn time_out(cx: &mut Cx, run: RunNo, at: u32) {
    let place = At { run, at };
    let Some(ti) = cx.ti(place).filter(|ti| ti.state == State::Deferred) else {
        return;
    };
    let Some(deferral) = ti.deferral.as_ref() else {
        return;
    };
    let Some(timeout) = deferral.timeout.filter(|timeout| *timeout <= cx.now) else {
        return;
    };
    let (key, fence, soft_fail) = (ti.key, ti.fence, deferral.soft_fail);
    if let Some(fence) = fence {
        cx.live.dirty.effects.push(Effect::Disarm { key, fence });
    }
    let message = format!("what it waited for did not come until {timeout}");
    if soft_fail {
        let reason = Reason::SkippedItself { message };
        cx.end(place, Event::SkippedItself, Some(reason));
    } else {
        fail(cx, place, Reason::Failed { message }, false, None);
    }
}

/// Whether return values are kept.
pub(crate) fn task_pushes(cx: &Cx, place: At) -> bool {
    cx.run(place.run)
        .and_then(|run| run.plan.task(place.at))
        .is_none_or(|task| task.do_xcom_push)
}

/// The wait in words.
pub(crate) fn why(trigger: &Trigger) -> Reason {
    match trigger {
        Trigger::At(at) => Reason::DeferredUntil { at: *at },
        Trigger::File { path, .. } => Reason::DeferredFor {
            what: format!("file `{path}`"),
        },
        Trigger::Python { class, .. } => Reason::DeferredFor {
            what: format!("trigger `{class}`"),
        },
    }
}
