//! A try ends.

use model::{
    Json, Timestamp,
    dag::OperatorKind,
    reason::Reason,
    report::{Outcome, Outlets, Usage},
    state::TaskInstanceState as State,
    task_instance::Returned,
};

use super::{At, Event, Next, defer::task_pushes, retry::fail, skip};
use crate::{
    assets, audit,
    callbacks::{self, Told},
    live::Cx,
};

/// The key of what a task returns.
const RETURN_VALUE: &str = "return_value";
/// What the audit log calls it when whoever had a running try is gone and beats no more.
const SILENT: &str = "heartbeat timeout";
/// The same when a try's process is gone, or never was, and the try itself has not said so.
const MISMATCH: &str = "state mismatch";

/// What its end says.
pub(crate) fn finish(cx: &mut Cx, place: At, outcome: Outcome, usage: Usage, at: Timestamp) {
    used(cx, place, usage, at);
    match outcome {
        Outcome::Success {
            xcoms,
            skip,
            outlets,
        } => succeed(cx, place, xcoms, &skip, *outlets, at),
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
            lost(cx, place, message, MISMATCH);
        }
        Outcome::Lost { message } => {
            let began = cx.ti(place).is_some_and(|ti| ti.state == State::Running);
            lost(cx, place, message, if began { SILENT } else { MISMATCH });
        }
        // The state `removed` belongs to what is not in the dag; a try that says so cannot run.
        Outcome::Removed { message } => {
            fail(cx, place, Reason::Failed { message }, false, None);
        }
    }
}

/// Nobody else can tell the task that its process is gone.
fn lost(cx: &mut Cx, place: At, message: String, event: &str) {
    audit::of_try(cx, place, event, &message);
    callbacks::try_failed(cx, place, &message, true, Told::CallbackAndMail);
    fail(cx, place, Reason::Lost { message }, true, None);
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
    outlets: Outlets,
    at: Timestamp,
) {
    let Some(key) = cx.ti(place).map(|ti| ti.key) else {
        return;
    };
    let pushes = task_pushes(cx, place);
    let returned = xcoms
        .iter()
        .find(|(name, _)| pushes && name == RETURN_VALUE);
    let returned = returned.map(|(_, value)| value.clone());
    if let Some(message) = unmappable(cx, place, returned.as_ref()) {
        return fail(cx, place, Reason::Failed { message }, true, None);
    }
    // Before its end, so that those below find it when they are examined.
    if let Some(value) = &returned {
        note_returned(cx, place, value);
    }
    if !cx.end(place, Event::Succeeded, None) {
        return;
    }
    for (name, value) in xcoms {
        if pushes || name != RETURN_VALUE {
            cx.live.dirty.put_xcom(key, name, value, at);
        }
    }
    assets::outlets::succeeded(cx, place, outlets);
    skip::skip_downstream(cx, place, skip);
}

/// Keeps what expansion needs to know of a returned value.
pub(crate) fn note_returned(cx: &mut Cx, place: At, value: &Json) {
    let returned = match value {
        Json::Null => None,
        Json::Array(items) => Some(Returned::Sized(crate::plan::position(items.len()))),
        Json::Object(items) => Some(Returned::Sized(crate::plan::position(items.len()))),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => Some(Returned::Value),
    };
    let live = &mut *cx.live;
    if let Some(run) = live.runs.get_mut(&place.run) {
        run.set_returned(place.at, returned, &mut live.dirty);
    }
}

/// Why nothing can be expanded over what a native task returned, where something is to be. A
/// task of Python finds that out for itself.
fn unmappable(cx: &Cx, place: At, returned: Option<&Json>) -> Option<String> {
    let run = cx.run(place.run)?;
    let (task, planned) = (run.task(place.at)?, run.planned(place.at)?);
    let is_python = task.operator.kind == OperatorKind::Python;
    if is_python || !planned.is_source || planned.mapping.is_some() {
        return None;
    }
    let Some(returned) = returned else {
        // It may have pushed what it returns before.
        let is_known = run.slot(place.at)?.ti.returned.is_some();
        let nothing = "it returned nothing, and others are to be expanded over it";
        return (!is_known).then(|| nothing.to_owned());
    };
    let length = match returned {
        Json::Array(items) => items.len(),
        Json::Object(items) => items.len(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            return Some("it returned nothing that others can be expanded over".to_owned());
        }
    };
    let limit = cx.live.options.max_map_length;
    (length > limit as usize).then(|| {
        format!(
            "it returned {length} items to expand others over: the most is {limit} (max_map_length)"
        )
    })
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
