//! A time zone: what a clock there shows, and when it shows it.

use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use model::Timestamp;

use super::TimetableError;

/// A zone. Most are UTC, which costs nothing.
#[derive(Clone, Debug)]
pub(crate) enum Zone {
    Utc,
    Other(TimeZone),
}

impl Zone {
    /// Finds a zone by its IANA name or as a fixed offset (`+01:00`).
    ///
    /// # Errors
    /// When it is neither.
    pub(crate) fn find(name: &str) -> Result<Self, TimetableError> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::Utc);
        }
        let zone = if name.starts_with(['+', '-']) {
            offset(name).map(TimeZone::fixed)
        } else {
            TimeZone::get(name).ok()
        };
        zone.map(Self::Other).ok_or_else(|| TimetableError::Zone {
            timezone: name.to_owned(),
        })
    }

    /// What the clock shows, in microseconds since its 1970-01-01.
    pub(super) fn local(&self, at: Timestamp) -> i64 {
        match self {
            Self::Utc => at.as_micros(),
            Self::Other(zone) => {
                at.as_micros() + i64::from(zone.to_offset(at.to_jiff()).seconds()) * 1_000_000
            }
        }
    }

    /// When the clock shows `local`. Of two such moments the later one; where the clock leaps over
    /// it, the moment as if it had not leapt yet. None outside the years that can be told.
    pub(super) fn absolute(&self, local: i64) -> Option<Timestamp> {
        let Self::Other(zone) = self else {
            return in_range(local);
        };
        let shown = Offset::UTC.to_datetime(jiff::Timestamp::from_microsecond(local).ok()?);
        let offset = match zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } => before,
            AmbiguousOffset::Fold { after, .. } => after,
        };
        in_range(local - i64::from(offset.seconds()) * 1_000_000)
    }

    /// As jiff's type, for formatting.
    pub(crate) fn to_jiff(&self) -> TimeZone {
        match self {
            Self::Utc => TimeZone::UTC,
            Self::Other(zone) => zone.clone(),
        }
    }
}

fn in_range(us: i64) -> Option<Timestamp> {
    let at = Timestamp::from_micros(us);
    (Timestamp::MIN..=Timestamp::MAX)
        .contains(&at)
        .then_some(at)
}

/// Reads `+HH:MM` or `-HH:MM:SS`.
fn offset(text: &str) -> Option<Offset> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut seconds = 0;
    let mut unit = 3_600;
    for part in text.get(1..)?.split(':') {
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let value: i32 = if is_number {
            part.parse().ok()?
        } else {
            return None;
        };
        seconds += value * unit;
        unit /= 60;
    }
    Offset::from_seconds(sign * seconds).ok()
}
