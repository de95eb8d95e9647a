//! Timetables without ticks: once, without pause, and at given points in time.

use model::Timestamp;
use model::change::NextRun;
use model::schedule::DataInterval;

use super::{Bounds, exact, run_of};

/// Once, at the start date or now.
pub(super) fn once(bounds: &Bounds, last: Option<DataInterval>, now: Timestamp) -> Option<NextRun> {
    let at = bounds.start_date.unwrap_or(now);
    let is_over = bounds.end_date.is_some_and(|end| at > end);
    (last.is_none() && !is_over).then(|| run_of(exact(at)))
}

/// From where the last run's interval ended until now.
pub(super) fn continuous(
    bounds: &Bounds,
    last: Option<DataInterval>,
    now: Timestamp,
) -> Option<NextRun> {
    let first = bounds.start_date.unwrap_or(now);
    let interval = match last {
        None => DataInterval {
            start: first,
            end: first.max(now),
        },
        Some(last) if last.end > now => DataInterval {
            start: first,
            end: first.plus(last.end.since(last.start)),
        },
        Some(last) => DataInterval {
            start: last.end,
            end: now,
        },
    };
    let is_over = bounds.end_date.is_some_and(|end| interval.end > end);
    (!is_over).then(|| run_of(interval))
}

/// The first event that is not before the start date (or now, without catchup) and after the last
/// run.
pub(super) fn event(
    dates: &[Timestamp],
    bounds: &Bounds,
    last: Option<DataInterval>,
    now: Timestamp,
) -> Option<NextRun> {
    let earliest = match bounds.start_date {
        start if bounds.catchup => start,
        Some(start) => Some(start.max(now)),
        None => Some(now),
    };
    let is_next = |date: &&Timestamp| {
        earliest.is_none_or(|earliest| **date >= earliest)
            && last.is_none_or(|last| **date > last.end)
    };
    let date = *dates.iter().find(is_next)?;
    let is_over = bounds.end_date.is_some_and(|end| date > end);
    (!is_over).then(|| run_of(exact(date)))
}

/// The latest event for a manual run, or the first one when all are to come.
pub(super) fn manual_event(dates: &[Timestamp], run_after: Timestamp) -> DataInterval {
    let past = dates.iter().rev().find(|date| **date <= run_after);
    exact(past.or(dates.first()).copied().unwrap_or(run_after))
}
