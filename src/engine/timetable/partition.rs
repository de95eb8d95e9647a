//! Partitions by a clock: a run at each tick, for the partition of a tick.

use model::Timestamp;
use model::change::NextRun;
use model::schedule::CronTrigger;

use super::ticks::Ticks;
use super::zone::Zone;
use super::{Bounds, cron_ticks, trigger};
use crate::partition::{MapError, date_of_key};

/// The run after the one that was due at `last`.
pub(super) fn next(
    cron: &CronTrigger,
    run_offset: i32,
    key_format: &str,
    bounds: &Bounds,
    last: Option<Timestamp>,
    now: Timestamp,
) -> Option<NextRun> {
    let ticks = cron_ticks(cron)?;
    let tick = trigger::next_tick(&ticks, cron.run_immediately, bounds, last, now)?;
    let mut date = tick;
    for _ in 0..run_offset.unsigned_abs() {
        date = if run_offset > 0 {
            ticks.next(date)?
        } else {
            ticks.prev(date)?
        };
    }
    let zone = zone_of(&ticks);
    Some(NextRun {
        logical_date: None,
        data_interval: None,
        run_after: tick,
        partition_key: Some(key(date, zone, key_format)?),
        partition_date: Some(date),
    })
}

/// The partitions whose dates lie between what the clocks of the zone show at two times, as read on
/// the clocks of UTC.
pub(super) fn between(
    cron: &CronTrigger,
    key_format: &str,
    from: Timestamp,
    to: Timestamp,
    max: usize,
) -> Vec<NextRun> {
    let found = || {
        let ticks = cron_ticks(cron)?;
        let zone = zone_of(&ticks);
        let (from, to) = (
            zone.absolute(from.as_micros())?,
            zone.absolute(to.as_micros())?,
        );
        let mut runs = Vec::new();
        let mut date = ticks.align_next(from)?;
        while date <= to && runs.len() < max {
            runs.push(NextRun {
                logical_date: None,
                data_interval: None,
                run_after: date,
                partition_key: Some(key(date, zone, key_format)?),
                partition_date: Some(date),
            });
            let Some(next) = ticks.next(date) else { break };
            date = next;
        }
        Some(runs)
    };
    found().unwrap_or_default()
}

/// The date of the partition with this key.
///
/// # Errors
/// When the key is not written in the format.
pub(super) fn date(
    cron: &CronTrigger,
    key_format: &str,
    key: &str,
) -> Result<Option<Timestamp>, MapError> {
    let Some(ticks) = cron_ticks(cron) else {
        return Ok(None);
    };
    date_of_key(key, key_format, &zone_of(&ticks).to_jiff()).map(Some)
}

fn zone_of(ticks: &Ticks) -> &Zone {
    match ticks {
        Ticks::Cron(_, zone) => zone,
        Ticks::Delta(_) => &Zone::Utc,
    }
}

/// A partition's key: its date on the clocks of the zone, as Python's `strftime` writes it.
fn key(date: Timestamp, zone: &Zone, format: &str) -> Option<String> {
    let us = format!("{:06}", date.as_micros().rem_euclid(1_000_000));
    let format = format.replace("%f", &us);
    let local = date.to_jiff().to_zoned(zone.to_jiff());
    jiff::fmt::strtime::format(&format, &local).ok()
}
