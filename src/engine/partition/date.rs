//! The date of a run by its key.

use jiff::tz::TimeZone;
use model::{Timestamp, schedule::Schedule};

use super::clock::Clock;
use super::error::MapError;
use super::mapper::Mapper;
use super::strptime;
use crate::timetable::zone::Zone;

impl Mapper {
    /// The moment that a downstream key is the name of; none where keys are no dates.
    ///
    /// # Errors
    /// When the key is not one that this mapper gives.
    pub fn partition_date(&self, downstream_key: &str) -> Result<Option<Timestamp>, MapError> {
        Ok(self.clock(downstream_key)?.map(|clock| clock.moment()))
    }
}

/// The date that a key of a timetable stands for, as it was written with `format` on the clocks of
/// a zone.
///
/// # Errors
/// When it was not written so.
pub(crate) fn date_of_key(key: &str, format: &str, zone: &TimeZone) -> Result<Timestamp, MapError> {
    Ok(strptime::parse(key, format)?.in_zone(zone).moment())
}

/// The moment at which the timetable's own clock shows what UTC's shows at `at`: bounds of windows
/// of partition dates are meant so, wherever the timetable has a zone.
#[must_use]
pub fn in_own_zone(schedule: &Schedule, at: Timestamp) -> Timestamp {
    let Schedule::CronPartition { cron, .. } = schedule else {
        return at;
    };
    let Ok(zone) = Zone::find(&cron.timezone) else {
        return at;
    };
    let shown = TimeZone::UTC.to_datetime(at.to_jiff());
    Clock::naive(shown).in_zone(&zone.to_jiff()).moment()
}

/// The date of a run, by the mappers of the assets that made it: the one that all who say any
/// agree on. `carried` where none says any; none when they disagree or a mapper fails.
#[must_use]
pub fn partition_date<'a>(
    mappers: impl IntoIterator<Item = &'a Mapper>,
    downstream_key: &str,
    carried: Option<Timestamp>,
) -> Option<Timestamp> {
    let mut found: Option<Timestamp> = None;
    for mapper in mappers {
        let date = mapper.partition_date(downstream_key).ok()?;
        match (found, date) {
            (Some(of), Some(date)) if of != date => return None,
            (_, Some(date)) => found = Some(date),
            (_, None) => {}
        }
    }
    found.or(carried)
}
