//! A try failed: another one later, or the end.

use model::{
    TimeDelta, Timestamp, dag::Task, limits::RETRY_DELAY_S_MAX, reason::Reason,
    task_instance::TaskInstance,
};

use super::{At, Event, skip};
use crate::live::{Cx, load::waits, timers::Timer};

/// Ends a try badly. It comes again when it may and a try is left.
pub(crate) fn fail(
    cx: &mut Cx,
    place: At,
    reason: Reason,
    may_retry: bool,
    delay: Option<TimeDelta>,
) {
    let Some(ti) = cx.ti(place) else { return };
    if !(may_retry && has_try_left(ti)) {
        if cx.end(place, Event::Failed, Some(reason)) {
            skip::fail_fast(cx, place);
        }
        return;
    }
    let Some(delay) = delay.or_else(|| own_delay(cx, place)) else {
        return;
    };
    if !cx.end(place, Event::Retried, Some(reason)) {
        return;
    }
    let now = cx.now;
    let Some(ti) = cx.change(place) else { return };
    ti.not_before = Some(ti.end_date.unwrap_or(now).plus(delay));
    if let Some(at) = waits(ti) {
        cx.live.timers.at(at, Timer::Wait(place.run, place.at));
    }
}

/// Whether a failure of this try may be followed by another.
pub(crate) const fn has_try_left(ti: &TaskInstance) -> bool {
    ti.max_tries != 0 && ti.try_number <= ti.max_tries
}

fn own_delay(cx: &Cx, place: At) -> Option<TimeDelta> {
    let run = cx.run(place.run)?;
    let task = run.task(place.at)?;
    let try_number = run.slot(place.at)?.ti.try_number;
    Some(retry_delay(
        task,
        &run.plan.dag.dag_id,
        run.row.logical_date,
        try_number,
    ))
}

/// How long the try after `try_number` waits. Upstream's formula to the microsecond: with backoff
/// the delay grows from try to try, and a number made of the names spreads those that failed
/// together.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // As Python's floats do.
pub(crate) fn retry_delay(
    task: &Task,
    dag_id: &str,
    logical_date: Option<Timestamp>,
    try_number: u32,
) -> TimeDelta {
    let multiplier = task.retry_exponential_backoff;
    if multiplier == 0.0 {
        return task.retry_delay;
    }
    let cap = TimeDelta::from_secs(RETRY_DELAY_S_MAX);
    let exponent = f64::from(try_number) - 1.0;
    let backoff = (task.retry_delay.as_secs_f64() * multiplier.powf(exponent)).ceil();
    // Beyond the cap neither the number nor its remainder matters.
    let least = if backoff.is_nan() {
        1.0
    } else {
        backoff.clamp(1.0, 1e15)
    } as i64;
    let date = logical_date.map_or_else(|| "None".to_owned(), Timestamp::python_str);
    let text = format!("{dag_id}#{}#{date}#{try_number}", task.task_id);
    let spread = remainder(&sha1_smol::Sha1::from(text).digest().bytes(), least);
    let delay = TimeDelta::from_secs(least.saturating_add(spread)).min(cap);
    task.max_retry_delay.map_or(delay, |max| delay.min(max))
}

/// A big-endian number's remainder.
fn remainder(digits: &[u8], divisor: i64) -> i64 {
    let divisor = i128::from(divisor.max(1));
    let rest = digits.iter().fold(0_i128, |rest, byte| {
        (rest * 256 + i128::from(*byte)) % divisor
    });
    i64::try_from(rest).unwrap_or(0)
}
