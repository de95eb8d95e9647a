//! Timetables: when a dag runs next, by the rules of Airflow's timetables and of changing clocks.
//!
//! Everything here is a function of its arguments; `now` is one of them.

mod between;
mod check;
mod cron;
mod decode;
mod delta;
mod interval;
mod partition;
mod simple;
mod ticks;
mod trigger;
mod words;
pub(crate) mod zone;

#[cfg(test)]
mod tests;

use model::Timestamp;
use model::change::NextRun;
use model::schedule::{CronTrigger, DataInterval, RunImmediately, Schedule};

pub use between::between;
pub use check::{TimetableError, check};
pub use decode::decode;
use ticks::Ticks;
pub use words::{description, summary};

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
/// None when no run follows, or when [`check`] would refuse the schedule.
/// The answer may lie in the future: create the run at its `run_after`.
#[must_use]
pub fn next_run(
    schedule: &Schedule,
    bounds: &Bounds,
    last: Option<DataInterval>,
    now: Timestamp,
) -> Option<NextRun> {
    let last_end = last.map(|last| last.end);
    match schedule {
        Schedule::Null
        | Schedule::PartitionedAtRuntime
        | Schedule::Asset { .. }
        | Schedule::PartitionedAsset { .. }
        | Schedule::Other { .. } => None,
        Schedule::Once => simple::once(bounds, last, now),
        Schedule::Continuous => simple::continuous(bounds, last, now),
        Schedule::Events { dates, .. } => simple::event(dates, bounds, last, now),
        Schedule::CronTrigger(cron) => {
            let ticks = cron_ticks(cron)?;
            let tick = trigger::next_tick(&ticks, cron.run_immediately, bounds, last_end, now)?;
            trigger::run_at(tick, &cron.interval)
        }
        Schedule::DeltaTrigger { delta, interval } => {
            let ticks = Ticks::Delta(*delta);
            let tick = trigger::next_tick(&ticks, RunImmediately::No, bounds, last_end, now)?;
            trigger::run_at(tick, interval)
        }
        Schedule::MultipleCronTrigger(crons) => {
            trigger::next_of_several(crons, bounds, last_end, now)
        }
        Schedule::CronDataInterval {
            expression,
            timezone,
        } => interval::next(&Ticks::cron(expression, timezone).ok()?, bounds, last, now),
        Schedule::DeltaDataInterval { delta } => {
            interval::next(&Ticks::Delta(*delta), bounds, last, now)
        }
        Schedule::CronPartition {
            cron,
            run_offset,
            key_format,
        } => partition::next(cron, *run_offset, key_format, bounds, last_end, now),
        Schedule::AssetOrTime { timetable, .. } => next_run(timetable, bounds, last, now),
    }
}

/// The data interval of a run that a person asks for at `run_after`. None for a timetable that is
/// not known here, and when [`check`] would refuse the schedule.
#[must_use]
pub fn infer_manual_data_interval(
    schedule: &Schedule,
    run_after: Timestamp,
) -> Option<DataInterval> {
    match schedule {
        Schedule::Null
        | Schedule::Once
        | Schedule::Continuous
        | Schedule::PartitionedAtRuntime
        | Schedule::Asset { .. }
        | Schedule::PartitionedAsset { .. }
        | Schedule::CronPartition { .. } => Some(exact(run_after)),
        Schedule::Other { .. } => None,
        Schedule::CronTrigger(CronTrigger { interval, .. })
        | Schedule::DeltaTrigger { interval, .. } => trigger::manual(run_after, interval),
        Schedule::MultipleCronTrigger(crons) => {
            let intervals = crons
                .iter()
                .filter_map(|cron| trigger::manual(run_after, &cron.interval));
            intervals.min_by_key(|interval| interval.start)
        }
        Schedule::CronDataInterval {
            expression,
            timezone,
        } => interval::manual(&Ticks::cron(expression, timezone).ok()?, run_after),
        Schedule::DeltaDataInterval { delta } => interval::manual(&Ticks::Delta(*delta), run_after),
        Schedule::Events {
            dates,
            restrict_to_events,
            ..
        } => Some(if *restrict_to_events {
            simple::manual_event(dates, run_after)
        } else {
            exact(run_after)
        }),
        Schedule::AssetOrTime { timetable, .. } => infer_manual_data_interval(timetable, run_after),
    }
}

/// Whether runs of the schedule may be for partitions that somebody names.
#[must_use]
pub fn takes_partitions(schedule: &Schedule) -> bool {
    matches!(
        schedule,
        Schedule::CronPartition { .. }
            | Schedule::PartitionedAtRuntime
            | Schedule::PartitionedAsset { .. }
    )
}

/// The date of the partition with this key; none where the schedule cannot tell.
///
/// # Errors
/// When the key is not one of the schedule's.
pub(crate) fn partition_date(
    schedule: &Schedule,
    key: &str,
) -> Result<Option<Timestamp>, crate::partition::MapError> {
    if let Schedule::CronPartition {
        cron, key_format, ..
    } = schedule
    {
        return partition::date(cron, key_format, key);
    }
    Ok(None)
}

/// Whether the schedule runs again and again by a clock, so that a backfill makes sense.
#[must_use]
pub fn is_periodic(schedule: &Schedule) -> bool {
    match schedule {
        Schedule::Null
        | Schedule::Once
        | Schedule::Continuous
        | Schedule::PartitionedAtRuntime
        | Schedule::Asset { .. }
        | Schedule::PartitionedAsset { .. } => false,
        Schedule::CronTrigger(_)
        | Schedule::DeltaTrigger { .. }
        | Schedule::MultipleCronTrigger(_)
        | Schedule::CronDataInterval { .. }
        | Schedule::DeltaDataInterval { .. }
        | Schedule::Events { .. }
        | Schedule::CronPartition { .. }
        | Schedule::Other { .. } => true,
        Schedule::AssetOrTime { timetable, .. } => is_periodic(timetable),
    }
}

/// Whether the schedule ever makes runs by itself: by a clock, or when assets are updated.
#[must_use]
pub fn can_be_scheduled(schedule: &Schedule) -> bool {
    match schedule {
        Schedule::Null | Schedule::PartitionedAtRuntime => false,
        Schedule::AssetOrTime { timetable, .. } => can_be_scheduled(timetable),
        Schedule::Once
        | Schedule::Continuous
        | Schedule::CronTrigger(_)
        | Schedule::DeltaTrigger { .. }
        | Schedule::MultipleCronTrigger(_)
        | Schedule::CronDataInterval { .. }
        | Schedule::DeltaDataInterval { .. }
        | Schedule::Events { .. }
        | Schedule::CronPartition { .. }
        | Schedule::Asset { .. }
        | Schedule::PartitionedAsset { .. }
        | Schedule::Other { .. } => true,
    }
}

/// The most runs at once that the timetable itself allows.
#[must_use]
pub fn active_runs_limit(schedule: &Schedule) -> Option<u32> {
    if let Schedule::AssetOrTime { timetable, .. } = schedule {
        return active_runs_limit(timetable);
    }
    matches!(schedule, Schedule::Continuous).then_some(1)
}

fn cron_ticks(cron: &CronTrigger) -> Option<Ticks> {
    Ticks::cron(&cron.expression, &cron.timezone).ok()
}

fn exact(at: Timestamp) -> DataInterval {
    DataInterval { start: at, end: at }
}

/// The run of an interval: due when it ends, named after its start.
fn run_of(interval: DataInterval) -> NextRun {
    NextRun {
        logical_date: Some(interval.start),
        data_interval: Some(interval),
        run_after: interval.end,
        partition_key: None,
        partition_date: None,
    }
}
