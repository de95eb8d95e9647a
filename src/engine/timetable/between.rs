//! All runs of a timetable between two dates, for backfills.

use model::Timestamp;
use model::change::NextRun;
use model::schedule::{DataInterval, Schedule};

use super::{Bounds, next_run, partition};

/// The runs with a logical date (or the date of a partition, on the clocks of its zone) from
/// `from` to `to`, both ends included, oldest first, at most `max`.
#[must_use]
pub fn between(
    schedule: &Schedule,
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
    max: usize,
) -> Vec<NextRun> {
    if let Schedule::CronPartition {
        cron, key_format, ..
    } = schedule
    {
        return partition::between(cron, key_format, from, to, max);
    }
    let bounds = Bounds {
        start_date: Some(from),
        end_date: Some(to),
        catchup: true,
    };
    let mut runs: Vec<NextRun> = Vec::new();
    let mut last: Option<DataInterval> = None;
    while runs.len() < max {
        let Some(run) = next_run(schedule, &bounds, last, now) else {
            break;
        };
        // What does not go on would never end.
        let goes_on = runs
            .last()
            .is_none_or(|last| last.run_after < run.run_after);
        if run.data_interval.is_none() || !goes_on {
            break;
        }
        last = run.data_interval;
        runs.push(run);
    }
    runs
}
