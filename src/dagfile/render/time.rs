//! Python's `datetime`, `date` and `timedelta` as template values, with what pendulum adds that
//! dags really use.

use std::{cmp::Ordering, fmt, sync::Arc};

use jiff::{Span, ToSpan, Zoned, civil, tz::TimeZone};
use minijinja::{
    Error, ErrorKind, State, Value,
    value::{DynObject, Kwargs, Object, ObjectRepr, from_args},
};
use model::{TimeDelta, Timestamp};

use super::strftime;

/// A `datetime`, aware or naive, or a `date`.
#[derive(Clone, Debug)]
pub(super) struct DateTime {
    pub at: Zoned,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Aware,
    Naive,
    Date,
}

/// A `timedelta`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Delta(pub TimeDelta);

pub(super) fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

impl DateTime {
    /// An aware one in UTC, as all of the context's are.
    pub fn utc(at: Timestamp) -> Self {
        let at = at.to_jiff().to_zoned(TimeZone::UTC);
        let kind = Kind::Aware;
        Self { at, kind }
    }

    /// Without a zone.
    pub fn naive(at: civil::DateTime) -> Result<Self, Error> {
        let at = at
            .to_zoned(TimeZone::UTC)
            .map_err(|e| wrong(e.to_string()))?;
        let kind = Kind::Naive;
        Ok(Self { at, kind })
    }

    /// `fromisoformat`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = || wrong(format!("`{text}` is no date in ISO 8601"));
        let (at, own) = crate::shape::time_of(text, "UTC").ok_or_else(bad)?;
        let zone = own.as_deref().and_then(crate::shape::zone);
        let kind = if zone.is_some() {
            Kind::Aware
        } else {
            Kind::Naive
        };
        let at = at.to_jiff().to_zoned(zone.unwrap_or(TimeZone::UTC));
        Ok(Self { at, kind })
    }

    pub fn timestamp(&self) -> Timestamp {
        Timestamp::from_jiff(self.at.timestamp())
    }

    pub fn plus(&self, delta: TimeDelta) -> Self {
        // Python adds to the wall clock, not to the instant.
        let span = Span::new().try_microseconds(delta.as_micros());
        let civil = span.and_then(|span| self.at.datetime().checked_add(span));
        let zone = self.at.time_zone().clone();
        let at = civil.and_then(|civil| civil.to_zoned(zone));
        Self {
            at: at.unwrap_or_else(|_| self.at.clone()),
            kind: self.kind,
        }
    }

    /// The distance to an earlier one, or why there is none.
    pub fn since(&self, earlier: &Self) -> Result<Delta, Error> {
        if (self.kind == Kind::Aware) != (earlier.kind == Kind::Aware) {
            return Err(wrong(
                "can't subtract offset-naive and offset-aware datetimes",
            ));
        }
        Ok(Delta(self.timestamp().since(earlier.timestamp())))
    }

    pub fn isoformat(&self, separator: &str) -> String {
        let date = self.at.date();
        let mut out = format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
        if self.kind == Kind::Date {
            return out;
        }
        let time = self.at.time();
        out += &format!(
            "{separator}{:02}:{:02}:{:02}",
            time.hour(),
            time.minute(),
            time.second()
        );
        let us = time.subsec_nanosecond() / 1_000;
        if us != 0 {
            out += &format!(".{us:06}");
        }
        if self.kind == Kind::Aware {
            out += &self.offset(":");
        }
        out
    }

    pub(super) fn offset(&self, colon: &str) -> String {
        let seconds = self.at.offset().seconds();
        let sign = if seconds < 0 { '-' } else { '+' };
        let minutes = seconds.unsigned_abs() / 60;
        format!("{sign}{:02}{colon}{:02}", minutes / 60, minutes % 60)
    }

    fn with(&self, at: Result<Zoned, jiff::Error>) -> Result<Value, Error> {
        let at = at.map_err(|e| wrong(e.to_string()))?;
        Ok(Value::from_object(Self {
            at,
            kind: self.kind,
        }))
    }

    /// `replace(hour=0)`.
    fn replace(&self, kwargs: &Kwargs) -> Result<Value, Error> {
        let mut with = self.at.datetime().with();
        let mut kind = self.kind;
        let mut zone = self.at.time_zone().clone();
        for name in kwargs.args() {
            if name == "tzinfo" {
                let value: Value = kwargs.get(name)?;
                (zone, kind) = match value.is_none() {
                    true => (TimeZone::UTC, Kind::Naive),
                    false => (zone_of(&value.to_string())?, Kind::Aware),
                };
                continue;
            }
            let n: i32 = kwargs.get(name)?;
            let bad = |_| wrong(format!("`{name}` is out of range"));
            let small = |n: i32| i8::try_from(n).map_err(bad);
            with = match name {
                "year" => with.year(i16::try_from(n).map_err(bad)?),
                "month" => with.month(small(n)?),
                "day" => with.day(small(n)?),
                "hour" => with.hour(small(n)?),
                "minute" => with.minute(small(n)?),
                "second" => with.second(small(n)?),
                "microsecond" => with.subsec_nanosecond(n.saturating_mul(1_000)),
                other => return Err(wrong(format!("replace() has no `{other}`"))),
            };
        }
        let at = with.build().and_then(|civil| civil.to_zoned(zone));
        let at = at.map_err(|e| wrong(e.to_string()))?;
        Ok(Value::from_object(Self { at, kind }))
    }

    /// pendulum's `add(days=1)` and `subtract(months=1)`.
    fn add(&self, kwargs: &Kwargs, sign: i64) -> Result<Value, Error> {
        let mut span = Span::new();
        for name in kwargs.args() {
            let n: i64 = kwargs.get::<i64>(name)?.saturating_mul(sign);
            let next = match name {
                "years" => span.try_years(n),
                "months" => span.try_months(n),
                "weeks" => span.try_weeks(n),
                "days" => span.try_days(n),
                "hours" => span.try_hours(n),
                "minutes" => span.try_minutes(n),
                "seconds" => span.try_seconds(n),
                "microseconds" => span.try_microseconds(n),
                other => return Err(wrong(format!("there is no unit `{other}`"))),
            };
            span = next.map_err(|e| wrong(e.to_string()))?;
        }
        self.with(self.at.checked_add(span))
    }

    /// pendulum's `start_of('day')` and `end_of('month')`.
    fn edge(&self, unit: &str, is_end: bool) -> Result<Value, Error> {
        let day = self.at.date();
        let time = self.at.time();
        let first = |date: civil::Date| Ok(date.at(0, 0, 0, 0));
        let monday = || day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days());
        let year_start = || civil::Date::new(day.year(), 1, 1);
        let (from, length) = match unit {
            "second" => (
                Ok(day.at(time.hour(), time.minute(), time.second(), 0)),
                1.second(),
            ),
            "minute" => (Ok(day.at(time.hour(), time.minute(), 0, 0)), 1.minute()),
            "hour" => (Ok(day.at(time.hour(), 0, 0, 0)), 1.hour()),
            "day" => (first(day), 1.day()),
            "week" => (monday().and_then(first), 7.days()),
            "month" => (first(day.first_of_month()), 1.month()),
            "year" => (year_start().and_then(first), 1.year()),
            other => return Err(wrong(format!("there is no unit `{other}`"))),
        };
        let edge = from.and_then(|from| match is_end {
            true => from.checked_add(length)?.checked_sub(1.microsecond()),
            false => Ok(from),
        });
        self.with(edge.and_then(|edge| edge.to_zoned(self.at.time_zone().clone())))
    }

    fn in_zone(&self, name: &str) -> Result<Value, Error> {
        let at = self.at.with_time_zone(zone_of(name)?);
        let kind = Kind::Aware;
        Ok(Value::from_object(Self { at, kind }))
    }
}

fn zone_of(name: &str) -> Result<TimeZone, Error> {
    crate::shape::zone(name).ok_or_else(|| wrong(format!("there is no time zone `{name}`")))
}

/// As Python's `str`.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.isoformat(" "))
    }
}

impl Object for DateTime {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let (date, time) = (self.at.date(), self.at.time());
        Some(match key.as_str()? {
            "year" => date.year().into(),
            "month" => date.month().into(),
            "day" => date.day().into(),
            "hour" => time.hour().into(),
            "minute" => time.minute().into(),
            "second" => time.second().into(),
            "microsecond" => (time.subsec_nanosecond() / 1_000).into(),
            "day_of_week" => date.weekday().to_monday_zero_offset().into(),
            "day_of_year" => date.day_of_year().into(),
            "week_of_year" => date.iso_week_date().week().into(),
            "quarter" => ((date.month() - 1) / 3 + 1).into(),
            "int_timestamp" => self.at.timestamp().as_second().into(),
            "float_timestamp" => TimeDelta::from_micros(self.timestamp().as_micros())
                .as_secs_f64()
                .into(),
            "timezone_name" => self.at.time_zone().iana_name().unwrap_or("UTC").into(),
            "tzinfo" | "timezone" | "tz" if self.kind == Kind::Aware => {
                self.at.time_zone().iana_name().unwrap_or("UTC").into()
            }
            "tzinfo" => Value::from(()),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let format = |pattern: &str| strftime::format(self, pattern).map(Value::from);
        match method {
            "strftime" | "__format__" => {
                let (pattern,): (&str,) = from_args(args)?;
                format(pattern)
            }
            "isoformat" | "to_iso8601_string" => {
                let (sep,): (Option<&str>,) = from_args(args)?;
                Ok(self.isoformat(sep.unwrap_or("T")).into())
            }
            "format" => {
                let (pattern,): (&str,) = from_args(args)?;
                strftime::format_tokens(self, pattern).map(Value::from)
            }
            "to_date_string" => format("%Y-%m-%d"),
            "to_time_string" => format("%H:%M:%S"),
            "to_datetime_string" => format("%Y-%m-%d %H:%M:%S"),
            "date" => {
                let (at, kind) = (self.at.clone(), Kind::Date);
                Ok(Value::from_object(Self { at, kind }))
            }
            "timestamp" => {
                let span = TimeDelta::from_micros(self.timestamp().as_micros());
                Ok(span.as_secs_f64().into())
            }
            "weekday" => Ok(self.at.weekday().to_monday_zero_offset().into()),
            "isoweekday" => Ok(self.at.weekday().to_monday_one_offset().into()),
            "replace" => {
                let (kwargs,): (Kwargs,) = from_args(args)?;
                self.replace(&kwargs)
            }
            "add" | "subtract" => {
                let (kwargs,): (Kwargs,) = from_args(args)?;
                self.add(&kwargs, if method == "add" { 1 } else { -1 })
            }
            "start_of" | "end_of" => {
                let (unit,): (&str,) = from_args(args)?;
                self.edge(unit, method == "end_of")
            }
            "in_timezone" | "in_tz" | "astimezone" => {
                let (zone,): (Value,) = from_args(args)?;
                self.in_zone(&zone.to_string())
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Self>()?;
        Some(self.timestamp().cmp(&other.timestamp()))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl Delta {
    /// `timedelta(days=1, hours=2)`.
    pub fn from_args(args: &[Value]) -> Result<Self, Error> {
        const ORDER: [(&str, f64); 7] = [
            ("days", 86_400.0),
            ("seconds", 1.0),
            ("microseconds", 1e-6),
            ("milliseconds", 1e-3),
            ("minutes", 60.0),
            ("hours", 3_600.0),
            ("weeks", 604_800.0),
        ];
        let (rest, kwargs): (minijinja::value::Rest<Value>, Kwargs) = from_args(args)?;
        let number = |value: &Value| {
            f64::try_from(value.clone()).map_err(|_| wrong("timedelta() takes numbers"))
        };
        let mut seconds = 0.0;
        for (value, (_, unit)) in rest.iter().zip(ORDER) {
            seconds += number(value)? * unit;
        }
        for (name, unit) in ORDER {
            if let Some(value) = kwargs.get::<Option<Value>>(name)? {
                seconds += number(&value)? * unit;
            }
        }
        kwargs.assert_all_used()?;
        Ok(Self(TimeDelta::from_secs_f64(seconds)))
    }
}

/// As Python's `str`: `1 day, 2:00:00`.
impl fmt::Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAY: i64 = 86_400_000_000;
        let us = self.0.as_micros();
        let (days, rest) = (us.div_euclid(DAY), us.rem_euclid(DAY));
        if days != 0 {
            write!(f, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" })?;
        }
        let seconds = rest / 1_000_000;
        write!(
            f,
            "{}:{:02}:{:02}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60
        )?;
        match rest % 1_000_000 {
            0 => Ok(()),
            us => write!(f, ".{us:06}"),
        }
    }
}

impl Object for Delta {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        const DAY: i64 = 86_400_000_000;
        let us = self.0.as_micros();
        Some(match key.as_str()? {
            "days" => us.div_euclid(DAY).into(),
            "seconds" => (us.rem_euclid(DAY) / 1_000_000).into(),
            "microseconds" => (us.rem_euclid(DAY) % 1_000_000).into(),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "total_seconds" => {
                let (): () = from_args(args)?;
                Ok(self.0.as_secs_f64().into())
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.0 != TimeDelta::ZERO
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some((**self).cmp(other.downcast_ref::<Self>()?))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}
