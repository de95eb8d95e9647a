//! A date and what a clock shows, as Python's `datetime` has it: maybe with a zone, and with a
//! word on which of two equal readings is meant.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Span, ToSpan};
use model::Timestamp;

use super::error::{ErrorKind, MapError, value_error};

/// What a clock shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Clock {
    pub(super) shown: DateTime,
    pub(super) zone: Option<TimeZone>,
    /// Of two moments that look the same, the later.
    pub(super) later: bool,
}

impl Clock {
    pub(super) fn naive(shown: DateTime) -> Self {
        Self {
            shown,
            zone: None,
            later: false,
        }
    }

    /// Midnight of a date.
    ///
    /// # Errors
    /// When there is no such date.
    pub(super) fn day(year: i16, month: i8, day: i8) -> Result<Self, MapError> {
        let date = Date::new(year, month, day).ok().filter(|_| year > 0);
        let none = || value_error(format!("there is no day {day} of month {month} in {year}"));
        Ok(Self::naive(
            date.ok_or_else(none)?.to_datetime(Time::midnight()),
        ))
    }

    /// In a zone: what has a zone already is the same moment there; what has none is read there,
    /// the later moment of two, and moved by the leap where the clock leaps over it.
    pub(super) fn in_zone(&self, zone: &TimeZone) -> Self {
        if self.zone.is_some() {
            let at = self.instant();
            let shown = zone.to_datetime(at);
            let later = match zone.to_ambiguous_timestamp(shown).offset() {
                AmbiguousOffset::Fold { after, .. } => zone.to_offset(at) == after,
                AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => false,
            };
            let zone = Some(zone.clone());
            return Self { shown, zone, later };
        }
        let (shown, later) = match zone.to_ambiguous_timestamp(self.shown).offset() {
            AmbiguousOffset::Gap { before, after } => {
                let leap = (after.seconds() - before.seconds()).seconds();
                (self.shown.saturating_add(leap), false)
            }
            AmbiguousOffset::Fold { .. } | AmbiguousOffset::Unambiguous { .. } => {
                (self.shown, true)
            }
        };
        let zone = Some(zone.clone());
        Self { shown, zone, later }
    }

    /// The same reading without a zone.
    pub(super) fn without_zone(&self) -> Self {
        Self::naive(self.shown)
    }

    /// The offset from UTC; none without a zone.
    pub(super) fn offset(&self) -> Option<Offset> {
        let zone = self.zone.as_ref()?;
        Some(match zone.to_ambiguous_timestamp(self.shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, after } | AmbiguousOffset::Fold { before, after } => {
                if self.later {
                    after
                } else {
                    before
                }
            }
        })
    }

    fn instant(&self) -> jiff::Timestamp {
        let offset = self.offset().unwrap_or(Offset::UTC);
        self.at_offset(offset)
    }

    /// Kept between the first and the last moment that can be told.
    fn at_offset(&self, offset: Offset) -> jiff::Timestamp {
        let far = if self.shown.year() > 5_000 {
            jiff::Timestamp::MAX
        } else {
            jiff::Timestamp::MIN
        };
        offset.to_timestamp(self.shown).unwrap_or(far)
    }

    /// The moment; as in UTC without a zone.
    pub(super) fn moment(&self) -> Timestamp {
        Timestamp::from_jiff(self.instant())
    }

    /// Another reading of the same clock.
    pub(super) fn showing(&self, shown: DateTime) -> Self {
        Self {
            shown,
            ..self.clone()
        }
    }

    /// Moved by what the clock shows, and not by time that passes.
    ///
    /// # Errors
    /// When that is before the year 1 or after 9999.
    pub(super) fn moved(&self, by: Span) -> Result<Self, MapError> {
        let shown = self.shown.checked_add(by).ok();
        let shown = shown.filter(|shown| shown.year() > 0);
        // Python names another month's date anew, and adds to dates otherwise.
        let kind = if by.get_months() == 0 {
            ErrorKind::Overflow
        } else {
            ErrorKind::Value
        };
        let far = || kind.error("the date is out of range".to_owned());
        Ok(Self {
            shown: shown.ok_or_else(far)?,
            zone: self.zone.clone(),
            later: false,
        })
    }

    /// Python's `isoformat()`.
    pub(super) fn isoformat(&self) -> String {
        let mut text = self.shown.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let us = self.shown.subsec_nanosecond() / 1_000;
        if us > 0 {
            text += &format!(".{us:06}");
        }
        if let Some(offset) = self.offset() {
            text += &offset_text(offset, ":");
        }
        text
    }

    /// What the zone is called at this moment: `CET`, `+01:00`.
    pub(super) fn zone_name(&self) -> String {
        let Some(zone) = &self.zone else {
            return String::new();
        };
        if zone.iana_name().is_none() && *zone != TimeZone::UTC {
            let offset = self.offset().unwrap_or(Offset::UTC);
            return offset_text(offset, ":");
        }
        let at = match zone.to_ambiguous_timestamp(self.shown).offset() {
            // A reading that there is not is on the side whose offset it is given.
            AmbiguousOffset::Gap { before, after } => {
                self.at_offset(if self.later { before } else { after })
            }
            AmbiguousOffset::Fold { .. } | AmbiguousOffset::Unambiguous { .. } => self.instant(),
        };
        zone.to_offset_info(at).abbreviation().to_owned()
    }
}

/// `+0100` or, with a separator, `+01:00`; seconds only where there are any.
pub(super) fn offset_text(offset: Offset, separator: &str) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let east = seconds.unsigned_abs();
    let mut text = format!("{sign}{:02}{separator}{:02}", east / 3_600, east / 60 % 60);
    if !east.is_multiple_of(60) {
        text += &format!("{separator}{:02}", east % 60);
    }
    text
}
