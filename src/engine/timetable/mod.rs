//! Timetables: when a dag runs next, by the rules of Airflow's timetables, daylight saving included.
//!
//! Everything here is a function of its arguments; `now` is one of them.

mod check;

use model::change::NextRun;
use model::schedule::{DataInterval, Schedule};
use model::{Json, Timestamp};

pub use check::TimetableError;

/// What bounds a dag's scheduled runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Bounds {
    /// No run before.
    pub start_date: Option<Timestamp>,
    /// No run after.
    pub end_date: Option<Timestamp>,
    /// Whether missed ticks are made up for.
    pub catchup: bool,
}

/// The run that follows the one with the data interval `last`; the first one when there is none.
/// For a timetable whose runs have no interval (a partition's) `last` is `run_after`, twice.
/// None when no run follows. The answer may lie in the future: create it at its `run_after`.
#[must_use]
pub fn next_run(
    schedule: &Schedule,
    bounds: &Bounds,
    last: Option<DataInterval>,
    now: Timestamp,
) -> Option<NextRun> {
    let _ = (schedule, bounds, last, now);
    None
}

/// The data interval of a run that a person asks for at `run_after`. None for an unknown timetable.
#[must_use]
pub fn infer_manual_data_interval(
    schedule: &Schedule,
    run_after: Timestamp,
) -> Option<DataInterval> {
    let _ = schedule;
    Some(DataInterval {
        start: run_after,
        end: run_after,
    })
}

/// The schedule in short, as lists show it: `0 * * * *`, `1 day, 0:00:00`, `None`.
#[must_use]
pub fn summary(schedule: &Schedule) -> Option<String> {
    let _ = schedule;
    None
}

/// The schedule in words: `At 05:00, only on Sunday`. Empty for distances.
#[must_use]
pub fn description(schedule: &Schedule) -> Option<String> {
    let _ = schedule;
    None
}

/// Whether the schedule runs again and again by a clock, so that a backfill makes sense.
#[must_use]
pub fn is_periodic(schedule: &Schedule) -> bool {
    !matches!(schedule, Schedule::Null | Schedule::Once)
}

/// Whether the schedule ever runs by itself.
#[must_use]
pub fn can_be_scheduled(schedule: &Schedule) -> bool {
    !matches!(schedule, Schedule::Null | Schedule::PartitionedAtRuntime)
}

/// Whether the schedule can be followed: the cron is one, the zone is known, the distance positive.
///
/// # Errors
/// With what is wrong and what to write instead.
pub fn check(schedule: &Schedule) -> Result<(), TimetableError> {
    let _ = schedule;
    Ok(())
}

/// Reads a timetable as upstream serialises it: its class (`__type`) and its data (`__var`).
/// An unknown class is kept as [`Schedule::Other`].
///
/// # Errors
/// When the data of a known class is not what that class writes.
pub fn decode(class: &str, var: &Json) -> Result<Schedule, TimetableError> {
    Ok(Schedule::Other {
        class: class.to_owned(),
        data: var.clone(),
    })
}
