//! Interval timetables: a run at the end of each interval from tick to tick.

use model::Timestamp;
use model::change::NextRun;
use model::schedule::{DataInterval, Delta};

use super::ticks::Ticks;
use super::{Bounds, delta, run_of};

/// Steps of calendar distances from a start date to now before it is given up: monthly for 10,000
/// years.
const ROUND_STEPS_MAX: usize = 120_000;

/// The interval after `last`.
pub(super) fn next(
    ticks: &Ticks,
    bounds: &Bounds,
    last: Option<DataInterval>,
    now: Timestamp,
) -> Option<NextRun> {
    let earliest = match bounds.start_date {
        start if !bounds.catchup => Some(latest_start(ticks, start, now)?),
        Some(start) => Some(ticks.align_next(start)?),
        None => None,
    };
    let start = match last {
        None => earliest?,
        Some(last) => {
            let aligned = ticks.align_prev(last.end)?;
            let start = earliest.map_or(aligned, |earliest| aligned.max(earliest));
            // A schedule that was made coarser may align to where the last run already is.
            if start > last.start {
                start
            } else {
                ticks.next(start)?
            }
        }
    };
    if last.is_some_and(|last| start <= last.start) {
        return None;
    }
    if bounds.end_date.is_some_and(|end| start > end) {
        return None;
    }
    let end = ticks.next(start)?;
    Some(run_of(DataInterval { start, end }))
}

/// The interval of a manual run: the last complete one for a cron, the one that ends there for a
/// distance.
pub(super) fn manual(ticks: &Ticks, run_after: Timestamp) -> Option<DataInterval> {
    let end = ticks.align_prev(run_after)?;
    let start = ticks.prev(end)?;
    Some(DataInterval { start, end })
}

/// Without catchup: the start of the latest complete interval, or of the first one after the start
/// date.
fn latest_start(ticks: &Ticks, start: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let latest = match ticks {
        Ticks::Cron(..) => {
            let last = ticks.prev(now)?;
            if ticks.next(last)? == now {
                last
            } else {
                ticks.prev(last)?
            }
        }
        Ticks::Delta(distance) => {
            let rounded = round(ticks, distance, now, start.unwrap_or(now))?;
            ticks.prev(rounded)?
        }
    };
    match start {
        Some(start) => Some(latest.max(ticks.align_next(start)?)),
        None => Some(latest),
    }
}

/// The last boundary at or before `at`: on the grid that starts at `anchor` where months are
/// involved (their lengths differ, so each step is made), else on the grid that starts at 1970.
fn round(ticks: &Ticks, distance: &Delta, at: Timestamp, anchor: Timestamp) -> Option<Timestamp> {
    if distance.months != 0 {
        let mut boundary = anchor;
        for _ in 0..ROUND_STEPS_MAX {
            let next = ticks.next(boundary)?;
            if next > at || next <= boundary {
                break;
            }
            boundary = next;
        }
        return Some(boundary);
    }
    let seconds = if distance.relative.is_some() || distance.days != 0 {
        delta::nominal_s(distance) as f64
    } else {
        distance.span.as_secs_f64()
    };
    if seconds <= 0.0 {
        return Some(at);
    }
    // In floating point, as upstream does it, since a fraction such as 0.1 s has its own grid
    // there.
    let at_s = at.as_micros() as f64 / 1e6;
    let rest = at_s % seconds;
    let rest = if rest < 0.0 { rest + seconds } else { rest };
    let us = model::TimeDelta::from_secs_f64(at_s - rest).as_micros();
    Some(Timestamp::from_micros(us))
}
