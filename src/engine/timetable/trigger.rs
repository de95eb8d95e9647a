//! Trigger timetables: a run at each tick, with an interval that ends there.

use model::change::NextRun;
use model::schedule::{CronTrigger, DataInterval, Delta, RunImmediately};
use model::{TimeDelta, Timestamp};

use super::ticks::Ticks;
use super::{Bounds, cron_ticks, delta};

/// The run after the one whose tick was `last`.
pub(super) fn next_tick(
    ticks: &Ticks,
    run_immediately: RunImmediately,
    bounds: &Bounds,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Option<Timestamp> {
    let following = match (last, bounds.start_date) {
        (Some(last), _) => Some(ticks.next(last).filter(|next| *next > last)?),
        (None, Some(_)) => None,
        (None, None) => Some(first_tick(ticks, run_immediately, now)?),
    };
    let tick = if bounds.catchup {
        match (following, bounds.start_date) {
            (Some(following), _) => following,
            (None, Some(start)) => ticks.align_next(start)?,
            (None, None) => return None,
        }
    } else {
        let latest = ticks.align_prev(now)?;
        let start = match bounds.start_date {
            Some(start) => ticks.align_next(start)?,
            None => latest,
        };
        latest.max(following.unwrap_or(latest)).max(start)
    };
    (bounds.end_date.is_none_or(|end| tick <= end)).then_some(tick)
}

/// The first tick of a dag without a start date: the last one where `run_immediately` says so.
fn first_tick(ticks: &Ticks, run_immediately: RunImmediately, now: Timestamp) -> Option<Timestamp> {
    let past = ticks.align_prev(now)?;
    if matches!(ticks, Ticks::Delta(_)) {
        return Some(past);
    }
    let next = ticks.align_next(now)?;
    let tolerance = match run_immediately {
        RunImmediately::Yes => return Some(past),
        RunImmediately::Within(span) => span,
        RunImmediately::No => {
            let tenth = TimeDelta::from_micros(next.since(past).as_micros() / 10);
            tenth.max(TimeDelta::from_secs(300))
        }
    };
    Some(if now.since(past) <= tolerance {
        past
    } else {
        next
    })
}

/// The run at a tick.
pub(super) fn run_at(tick: Timestamp, interval: &Delta) -> Option<NextRun> {
    Some(super::run_of(manual(tick, interval)?))
}

/// The interval that ends at `run_after`.
pub(super) fn manual(run_after: Timestamp, interval: &Delta) -> Option<DataInterval> {
    let start = delta::subtract(run_after, interval)?;
    Some(DataInterval {
        start,
        end: run_after,
    })
}

/// The next run of several crons: with catchup the earliest; without, of those that are due the
/// latest, and when none is due the earliest. The first named wins a tie.
pub(super) fn next_of_several(
    crons: &[CronTrigger],
    bounds: &Bounds,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Option<NextRun> {
    let runs = crons.iter().filter_map(|cron| {
        let tick = next_tick(&cron_ticks(cron)?, cron.run_immediately, bounds, last, now)?;
        run_at(tick, &cron.interval)
    });
    runs.min_by_key(|run| {
        let date = run.logical_date.map_or(i64::MAX, Timestamp::as_micros);
        if !bounds.catchup && date <= now.as_micros() {
            -date
        } else {
            date
        }
    })
}
