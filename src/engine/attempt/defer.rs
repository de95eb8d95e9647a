//! Waiting without a worker.

use model::{
    Json, RunNo, Timestamp,
    change::{Kept, KeptValue},
    effect::Effect,
    reason::Reason,
    report::Outlets,
    state::TaskInstanceState as State,
    task_instance::{Deferral, TaskInstance, Trigger},
};

use super::{
    At, Event, Next, finish, human,
    retry::{fail, has_try_left},
};
use crate::{
    assets::outlets,
    callbacks::{self, Told},
    live::{Cx, load::waits, timers::Timer},
};

/// The task lets go of its worker. The permission stays: the trigger answers under it.
pub(crate) fn defer(cx: &mut Cx, place: At, deferral: Deferral) {
    if cx.apply(place, Event::Deferred) != Next::To(State::Deferred) {
        return;
    }
    wait(cx, place, deferral);
}

/// Notes what a deferred instance waits for, and has it waited for.
pub(crate) fn wait(cx: &mut Cx, place: At, deferral: Deferral) {
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
    count_reschedule(cx, place);
    let Some(ti) = cx.change(place) else { return };
    ti.fence = None;
    ti.pid = None;
    ti.not_before = Some(at);
    // The next look begins at the top, not where a wait has led to.
    ti.deferral = None;
    if let Some(at) = waits(ti) {
        cx.live.timers.at(at, Timer::Wait(place.run, place.at));
    }
}

/// Keeps how often the try has looked already, and when it first did.
fn count_reschedule(cx: &mut Cx, place: At) {
    let Some(ti) = cx.ti(place) else { return };
    let (key, try_number) = (ti.key, ti.try_number);
    let start = ti.start_date.map(|at| at.to_string());
    let fresh = cx.live.dirty.kept.get(&(key, Kept::Rescheduled)).cloned();
    let known = fresh.unwrap_or_else(|| cx.view.kept(key, &Kept::Rescheduled));
    let of = |kept: &KeptValue| kept.value.get("try").and_then(Json::as_u64);
    let known = known.filter(|kept| of(kept) == Some(u64::from(try_number)));
    let said = |name: &str| known.as_ref().and_then(|kept| kept.value.get(name));
    let count = said("count").and_then(Json::as_u64).unwrap_or(0) + 1;
    let since = said("since").cloned().unwrap_or_else(|| start.into());
    let value = KeptValue {
        value: serde_json::json!({"try": try_number, "count": count, "since": since}),
        expires_at: None,
        updated_at: Some(cx.now),
    };
    let kept = &mut cx.live.dirty.kept;
    kept.insert((key, Kept::Rescheduled), Some(value));
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
        if !cx.end(place, Event::Succeeded, None) {
            return;
        }
        if pushes && !payload.is_null() {
            finish::note_returned(cx, place, &payload);
            let name = "return_value".to_owned();
            cx.live.dirty.put_xcom(key, name, payload, at);
        }
        outlets::succeeded(cx, place, Outlets::default());
        return;
    };
    resume(cx, place, method, with_event(kwargs, payload), at);
}

/// The waiting itself went wrong. The task goes on only to fail, so that its own code is asked.
pub(crate) fn trigger_failed(cx: &mut Cx, place: At, error: &str, traceback: Json) {
    let now = cx.now;
    let waits = |ti: &&TaskInstance| ti.state == State::Deferred;
    let Some(ti) = cx.ti(place).filter(waits) else {
        return;
    };
    if ti
        .deferral
        .as_ref()
        .is_none_or(|deferral| deferral.resume.is_none())
    {
        let message = error.to_owned();
        return fail(cx, place, Reason::Failed { message }, true, None);
    }
    let mut kwargs = model::JsonMap::new();
    kwargs.insert("error".to_owned(), Json::from(error));
    if !traceback.is_null() {
        kwargs.insert("traceback".to_owned(), traceback);
    }
    let kwargs = Json::Object(kwargs);
    resume(cx, place, "__fail__".to_owned(), kwargs, now);
}

/// Its trigger ends the instance, and no worker comes after it.
pub(crate) fn trigger_ended(
    cx: &mut Cx,
    place: At,
    state: State,
    xcoms: Vec<(String, Json)>,
    at: Timestamp,
) {
    let waits = |ti: &&TaskInstance| ti.state == State::Deferred;
    let Some(ti) = cx.ti(place).filter(waits) else {
        return;
    };
    let again = has_try_left(ti);
    let key = ti.key;
    if let Some(ti) = cx.change(place) {
        ti.end_date = Some(at);
    }
    let what = format!("its trigger ended it as {state}");
    let is_failure = state == State::Failed;
    if state == State::Success {
        cx.end(place, Event::Succeeded, None);
    } else if state == State::Skipped {
        let reason = Reason::SkippedItself { message: what };
        cx.end(place, Event::SkippedItself, Some(reason));
    } else {
        callbacks::try_failed(cx, place, &what, true, Told::Callback);
        fail(cx, place, Reason::Failed { message: what }, true, None);
    }
    if !(is_failure && again) {
        for (name, value) in xcoms {
            if name == "return_value" {
                finish::note_returned(cx, place, &value);
            }
            cx.live.dirty.put_xcom(key, name, value, at);
        }
    }
}

/// The same try goes on at a method of its own.
pub(crate) fn resume(cx: &mut Cx, place: At, method: String, kwargs: Json, at: Timestamp) {
    if let Some(ti) = cx.change(place) {
        ti.fence = None;
        ti.reason = None;
        ti.scheduled_when = Some(at);
        if let Some(deferral) = ti.deferral.as_mut() {
            deferral.resume = Some((method, kwargs));
            deferral.timeout = None;
        }
    }
    cx.apply(place, Event::Resumed);
}

/// The arguments with the payload as `event`; in upstream's older form they are wrapped.
pub(crate) fn with_event(kwargs: Json, payload: Json) -> Json {
    let mut kwargs = match kwargs {
        Json::Object(map) => map,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            model::JsonMap::new()
        }
    };
    let is_wrapped = kwargs.get("__type").is_some_and(|kind| kind == "dict");
    match kwargs.get_mut("__var") {
        Some(Json::Object(inner)) if is_wrapped => inner.insert("event".to_owned(), payload),
        Some(_) | None => kwargs.insert("event".to_owned(), payload),
    };
    Json::Object(kwargs)
}

/// The time to wait is over. Upstream's sensors do not try again after that; a task of its own code
/// goes on, to be told.
pub(crate) fn time_out(cx: &mut Cx, run: RunNo, at: u32) {
    let place = At { run, at };
    let waits = |ti: &&TaskInstance| matches!(ti.state, State::Deferred | State::AwaitingInput);
    let Some(ti) = cx.ti(place).filter(waits) else {
        return;
    };
    let Some(deferral) = ti.deferral.as_ref() else {
        return;
    };
    let Some(timeout) = deferral.timeout.filter(|timeout| *timeout <= cx.now) else {
        return;
    };
    if ti.state == State::AwaitingInput {
        return human::time_out(cx, place);
    }
    let (key, fence, soft_fail) = (ti.key, ti.fence, deferral.soft_fail);
    let goes_on = deferral.resume.is_some();
    if let Some(fence) = fence {
        cx.live.dirty.effects.push(Effect::Disarm { key, fence });
    }
    if goes_on {
        return trigger_failed(cx, place, "Trigger timeout", Json::Null);
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
        .and_then(|run| run.task(place.at))
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
        Trigger::Human => Reason::DeferredFor {
            what: "a person's answer".to_owned(),
        },
    }
}
