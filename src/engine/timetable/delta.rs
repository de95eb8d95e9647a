//! Distances: adding them to a moment, and how Python prints them.

use std::fmt::Write;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use model::schedule::{Delta, Relative};
use model::{TimeDelta, Timestamp};

const DAY_US: i64 = 86_400_000_000;

/// `at` plus the distance. None outside the years that can be told.
pub(super) fn add(at: Timestamp, delta: &Delta) -> Option<Timestamp> {
    shift(at, delta, 1)
}

/// `at` minus the distance. What sets a part of the date does so all the same.
pub(super) fn subtract(at: Timestamp, delta: &Delta) -> Option<Timestamp> {
    shift(at, delta, -1)
}

/// The distance in whole seconds where it has calendar units, as upstream counts them for rounding:
/// a month is 30 days and a year 365.
pub(super) fn nominal_s(delta: &Delta) -> i64 {
    let (years, months) = (i64::from(delta.months / 12), i64::from(delta.months % 12));
    let days = years * 365 + months * 30 + i64::from(delta.days);
    days * 86_400 + delta.span.as_micros() / 1_000_000
}

fn shift(at: Timestamp, delta: &Delta, sign: i32) -> Option<Timestamp> {
    let span = delta.span.as_micros().checked_mul(i64::from(sign))?;
    let fixed = delta.months == 0 && delta.days == 0;
    let Some(relative) = delta
        .relative
        .filter(|relative| *relative != Relative::default())
    else {
        if fixed {
            return moved(at, span);
        }
        return calendar(at, delta, &Relative::default(), sign, span);
    };
    calendar(at, delta, &relative, sign, span)
}

fn calendar(
    at: Timestamp,
    delta: &Delta,
    set: &Relative,
    sign: i32,
    span: i64,
) -> Option<Timestamp> {
    let from = Offset::UTC.to_datetime(at.to_jiff());
    let month = i64::from(set.month.unwrap_or(from.month().unsigned_abs()));
    let months =
        i64::from(from.year()) * 12 + month - 1 + i64::from(delta.months) * i64::from(sign);
    let year = i16::try_from(months.div_euclid(12)).ok()?;
    let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
    let first = jiff::civil::Date::new(year, month, 1).ok()?;
    let day = set
        .day
        .map_or(from.day(), u8::cast_signed)
        .min(first.days_in_month());
    let us = set
        .microsecond
        .map_or_else(|| from.subsec_nanosecond() / 1_000, u32::cast_signed);
    let to = DateTime::new(
        year,
        month,
        day,
        set.hour.map_or(from.hour(), u8::cast_signed),
        set.minute.map_or(from.minute(), u8::cast_signed),
        set.second.map_or(from.second(), u8::cast_signed),
        us.checked_mul(1_000)?,
    );
    let to = Offset::UTC.to_timestamp(to.ok()?).ok()?;
    let leap = month > 2 && first.in_leap_year();
    let leapdays = if leap { i64::from(set.leapdays) } else { 0 };
    let days = i64::from(delta.days) * i64::from(sign) + leapdays;
    let to = moved(
        Timestamp::from_jiff(to),
        days.checked_mul(DAY_US)?.checked_add(span)?,
    )?;
    let Some((weekday, nth)) = set.weekday else {
        return Some(to);
    };
    let now = (to.as_micros().div_euclid(DAY_US) + 3).rem_euclid(7);
    let (weekday, nth) = (
        i64::from(weekday),
        i64::from(if nth == 0 { 1 } else { nth }),
    );
    let weeks = (nth.abs() - 1) * 7;
    let jump = if nth > 0 {
        weeks + (7 - now + weekday).rem_euclid(7)
    } else {
        -(weeks + (now - weekday).rem_euclid(7))
    };
    moved(to, jump * DAY_US)
}

fn moved(at: Timestamp, us: i64) -> Option<Timestamp> {
    let to = Timestamp::from_micros(at.as_micros().checked_add(us)?);
    (Timestamp::MIN..=Timestamp::MAX)
        .contains(&to)
        .then_some(to)
}

/// As Python's `str()` gives it: `1 day, 0:00:00`, `relativedelta(months=+1)`.
pub(super) fn python_str(delta: &Delta) -> String {
    match delta.relative {
        None if delta.months == 0 && delta.days == 0 => timedelta(delta.span),
        None => relativedelta(delta, &Relative::default()),
        Some(relative) => relativedelta(delta, &relative),
    }
}

fn timedelta(span: TimeDelta) -> String {
    let us = span.as_micros();
    let (days, rest) = (us.div_euclid(DAY_US), us.rem_euclid(DAY_US));
    let mut text = String::new();
    if days != 0 {
        let s = if days.abs() == 1 { "" } else { "s" };
        let _ = write!(text, "{days} day{s}, ");
    }
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let _ = write!(text, "{hours}:{minutes:02}:{:02}", seconds % 60);
    if micros != 0 {
        let _ = write!(text, ".{micros:06}");
    }
    text
}

fn relativedelta(delta: &Delta, set: &Relative) -> String {
    let us = delta.span.as_micros();
    let days = i64::from(delta.days) + us / DAY_US;
    let rest = us % DAY_US;
    let distances = [
        ("years", i64::from(delta.months / 12)),
        ("months", i64::from(delta.months % 12)),
        ("days", days),
        ("leapdays", i64::from(set.leapdays)),
        ("hours", rest / 3_600_000_000),
        ("minutes", rest / 60_000_000 % 60),
        ("seconds", rest / 1_000_000 % 60),
        ("microseconds", rest % 1_000_000),
    ];
    let distances = distances.into_iter().filter(|(_, value)| *value != 0);
    let mut parts: Vec<String> = distances
        .map(|(name, value)| format!("{name}={value:+}"))
        .collect();
    let weekday = set.weekday.map(|(weekday, nth)| {
        let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
        let name = names.get(usize::from(weekday)).copied().unwrap_or("SU");
        if nth == 0 {
            name.to_owned()
        } else {
            format!("{name}({nth:+})")
        }
    });
    let number = |value: Option<u8>| value.map(|value| value.to_string());
    let settings = [
        ("month", number(set.month)),
        ("day", number(set.day)),
        ("weekday", weekday),
        ("hour", number(set.hour)),
        ("minute", number(set.minute)),
        ("second", number(set.second)),
        (
            "microsecond",
            set.microsecond.map(|value| value.to_string()),
        ),
    ];
    let settings = settings
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    parts.extend(settings.map(|(name, value)| format!("{name}={value}")));
    format!("relativedelta({})", parts.join(", "))
}
