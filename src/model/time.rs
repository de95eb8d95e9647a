//! Points and spans of time in microseconds, as Python's `datetime` and `timedelta` have them.

use std::fmt;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A signed span in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeDelta(i64);

impl Timestamp {
    /// The earliest point that prints: year 1.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The latest point that prints: the end of year 9999, less a day so that zones can be applied.
    pub const MAX: Self = Self(253_402_214_400_000_000);

    /// From microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(us: i64) -> Self {
        Self(us)
    }
    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000))
    }
    /// From whole seconds since the epoch.
    #[must_use]
    pub const fn from_secs(s: i64) -> Self {
        Self(s.saturating_mul(1_000_000))
    }
    /// Microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }
    /// This point moved by `delta`, kept between [`Self::MIN`] and [`Self::MAX`].
    #[must_use]
    pub fn plus(self, delta: TimeDelta) -> Self {
        Self(
            self.0
                .saturating_add(delta.0)
                .clamp(Self::MIN.0, Self::MAX.0),
        )
    }
    /// The span from `earlier` to this point; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> TimeDelta {
        TimeDelta(self.0.saturating_sub(earlier.0))
    }
    /// As jiff's type, for arithmetic in time zones. Out-of-range values are clamped.
    #[must_use]
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0.clamp(Self::MIN.0, Self::MAX.0))
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
    /// From jiff's type; nanoseconds are dropped.
    #[must_use]
    pub fn from_jiff(at: jiff::Timestamp) -> Self {
        Self(at.as_microsecond())
    }
    /// Reads RFC 3339, or ISO 8601 without an offset, which then means UTC; a bare date is
    /// midnight.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        let wrong = || TimeError {
            text: text.to_owned(),
        };
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::from_jiff(at));
        }
        let civil = text.parse::<jiff::civil::DateTime>().map_err(|_| wrong())?;
        let zoned = civil
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_err(|_| wrong())?;
        Ok(Self::from_jiff(zoned.timestamp()))
    }
    /// `2026-11-18T10:00:00+00:00`: Python's `isoformat()`, as in run ids and template values.
    #[must_use]
    pub fn isoformat(self) -> String {
        self.text('T', "+00:00")
    }
    /// `2026-11-18 10:00:00+00:00`: Python's `str()`.
    #[must_use]
    pub fn python_str(self) -> String {
        self.text(' ', "+00:00")
    }
    fn text(self, separator: char, offset: &str) -> String {
        let at = self.to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
        let us = self.0.rem_euclid(1_000_000);
        let date = at.strftime("%Y-%m-%d");
        let time = at.strftime("%H:%M:%S");
        if us == 0 {
            format!("{date}{separator}{time}{offset}")
        } else {
            format!("{date}{separator}{time}.{us:06}{offset}")
        }
    }
}

/// `2026-11-18T10:00:00Z`, microseconds only where there are any: the form of the REST API.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text('T', "Z"))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TimeDelta {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From microseconds.
    #[must_use]
    pub const fn from_micros(us: i64) -> Self {
        Self(us)
    }
    /// From milliseconds.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000))
    }
    /// From whole seconds.
    #[must_use]
    pub const fn from_secs(s: i64) -> Self {
        Self(s.saturating_mul(1_000_000))
    }
    /// From seconds with a fraction, rounded to the microsecond as Python's `timedelta` does.
    /// Saturates; NaN is zero.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // `as` saturates, which is what is promised.
    pub fn from_secs_f64(s: f64) -> Self {
        Self((s * 1e6).round_ties_even() as i64)
    }
    /// Microseconds.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }
    /// Seconds with a fraction: Python's `total_seconds()`.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // Spans beyond 285 years lose microseconds, as in Python.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// As std's type; a negative span is zero.
    #[must_use]
    pub fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_micros(u64::try_from(self.0).unwrap_or(0))
    }
    /// Reads a number of seconds (`90`, `1.5`) or an ISO 8601 duration (`PT1H30M`, `P1D`).
    /// Years and months are refused, since their length depends on the calendar.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        let wrong = || TimeError {
            text: text.to_owned(),
        };
        if let Ok(seconds) = text.parse::<f64>() {
            return if seconds.is_finite() {
                Ok(Self::from_secs_f64(seconds))
            } else {
                Err(wrong())
            };
        }
        let span: jiff::Span = text.parse().map_err(|_| wrong())?;
        if span.get_years() != 0 || span.get_months() != 0 {
            return Err(wrong());
        }
        let total = span
            .total((
                jiff::Unit::Microsecond,
                jiff::SpanRelativeTo::days_are_24_hours(),
            ))
            .map_err(|_| wrong())?;
        Ok(Self::from_secs_f64(total / 1e6))
    }
}

/// ISO 8601: `PT1H30M`, `P1DT2S`, `PT0S`; the form of durations in the REST API.
impl fmt::Display for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0.unsigned_abs();
        let (days, rest) = (us / 86_400_000_000, us % 86_400_000_000);
        let (hours, minutes) = (rest / 3_600_000_000, rest / 60_000_000 % 60);
        let (seconds, micros) = (rest / 1_000_000 % 60, rest % 1_000_000);
        f.write_str(if self.0 < 0 { "-P" } else { "P" })?;
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if rest > 0 || days == 0 {
            f.write_str("T")?;
        }
        if hours > 0 {
            write!(f, "{hours}H")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}M")?;
        }
        if micros > 0 {
            let fraction = format!("{micros:06}");
            write!(f, "{seconds}.{}S", fraction.trim_end_matches('0'))?;
        } else if seconds > 0 || us == 0 {
            write!(f, "{seconds}S")?;
        }
        Ok(())
    }
}

impl fmt::Debug for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no point in time and no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time or duration in ISO 8601")]
pub struct TimeError {
    /// What was given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_read_back_what_they_print() {
        for text in [
            "2026-11-18T10:00:00Z",
            "1969-12-31T23:59:59.000001Z",
            "0001-01-01T00:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), text);
        }
        let at = Timestamp::parse("2026-11-18T12:30:00+02:00").unwrap();
        assert_eq!(at.isoformat(), "2026-11-18T10:30:00+00:00");
        assert_eq!(at.python_str(), "2026-11-18 10:30:00+00:00");
        assert_eq!(
            Timestamp::parse("2026-11-18").unwrap().to_string(),
            "2026-11-18T00:00:00Z"
        );
        assert!(Timestamp::parse("tomorrow").is_err());
    }

    #[test]
    fn durations_read_back_what_they_print() {
        for text in ["PT0S", "PT1H30M", "P1DT2S", "PT0.25S", "P7D"] {
            assert_eq!(TimeDelta::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(TimeDelta::parse("90").unwrap(), TimeDelta::from_secs(90));
        assert!(TimeDelta::parse("P1M").is_err());
        assert!(TimeDelta::parse("NaN").is_err());
    }
}
