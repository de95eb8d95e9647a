//! Windows: which parts a period has.

use std::collections::BTreeSet;

use jiff::{Span, ToSpan};

use super::clock::Clock;
use super::error::{ErrorKind, MapError, value_error};

/// A period's parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Window {
    /// A period of time.
    Time {
        period: Period,
        /// It ends with its anchor instead of starting there.
        backward: bool,
    },
    /// Named parts, whatever the anchor.
    Segments(BTreeSet<String>),
}

/// A period of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Period {
    /// Sixty minutes.
    Hour,
    /// Twenty-four hours, also where clocks are changed.
    Day,
    /// Seven days.
    Week,
    /// The days of a month.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

/// What a key says: a text, or a time where the mapper is one of times.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Decoded {
    Text(String),
    Time(Clock),
}

impl Window {
    /// Whether its anchor is a time.
    pub(super) fn is_of_time(&self) -> bool {
        matches!(self, Self::Time { .. })
    }

    /// The parts of the period of an anchor.
    ///
    /// # Errors
    /// When the anchor is no time, or no first of a month where there should be one.
    pub(super) fn parts(&self, anchor: &Decoded) -> Result<Vec<Decoded>, MapError> {
        let (period, backward) = match self {
            Self::Segments(segments) => {
                return Ok(segments.iter().cloned().map(Decoded::Text).collect());
            }
            Self::Time { period, backward } => (*period, *backward),
        };
        let of_months = matches!(period, Period::Month | Period::Quarter | Period::Year);
        let anchor = match anchor {
            Decoded::Time(anchor) => anchor,
            Decoded::Text(text) => {
                let told = format!("'{text}' is no time, and the window is one of time");
                let kind = if of_months {
                    ErrorKind::Attribute
                } else {
                    ErrorKind::Type
                };
                return Err(kind.error(told));
            }
        };
        if of_months && anchor.shown.day() != 1 {
            let told = "expected the start of a period on day 1 of a month";
            return Err(value_error(format!("{told}, not {}", anchor.isoformat())));
        }
        let parts = period.parts(anchor, backward)?;
        Ok(parts.into_iter().map(Decoded::Time).collect())
    }
}

impl Period {
    fn parts(self, anchor: &Clock, backward: bool) -> Result<Vec<Clock>, MapError> {
        let (n, step): (i64, fn(i64) -> Span) = match self {
            Self::Hour => (60, |i| i.minutes()),
            Self::Day => (24, |i| i.hours()),
            Self::Week => (7, |i| i.days()),
            Self::Quarter => (3, |i| i.months()),
            Self::Year => (12, |i| i.months()),
            Self::Month => return days_of_month(anchor, backward),
        };
        let shift = |from: &Clock, i: i64| {
            let moved = from.moved(step(i))?;
            let of_months = matches!(self, Self::Quarter | Self::Year);
            // A date that is only named anew keeps which of two equal readings it is.
            Ok(if of_months {
                from.showing(moved.shown)
            } else {
                moved
            })
        };
        let base = if backward {
            shift(anchor, 1 - n)?
        } else {
            anchor.clone()
        };
        (0..n).map(|i| shift(&base, i)).collect()
    }
}

/// From the first to the last day; backward, from the day after the last month's first up to the
/// anchor.
fn days_of_month(anchor: &Clock, backward: bool) -> Result<Vec<Clock>, MapError> {
    if backward {
        let before = anchor.moved((-1).months())?;
        let n = i64::from(before.shown.date().days_in_month());
        return (1..=n).map(|i| before.moved(i.days())).collect();
    }
    let n = i64::from(anchor.shown.date().days_in_month());
    // The month that follows must be there too.
    anchor.moved(1.months())?;
    (0..n).map(|i| anchor.moved(i.days())).collect()
}
