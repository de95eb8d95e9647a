//! `macros`: Airflow's helpers, with the time told by the context and without chance.

use std::sync::Arc;

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Object, ObjectRepr, from_args},
};
use model::{TimeDelta, Timestamp};

use super::{
    environment::{json_dumps, rest_of},
    python, strftime,
    time::{DateTime, Delta, wrong},
};

/// The namespaces and functions below `macros`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Macros,
    DateTime,
    TimeDelta,
    Json,
    Time,
    /// `uuid`, `random`: a try must render the same again.
    Chance,
}

/// One of them, with the time that it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Macros {
    pub what: What,
    pub now: Timestamp,
}

impl Object for Macros {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let what = match (self.what, key.as_str()?) {
            (What::Macros, "datetime") => What::DateTime,
            (What::Macros, "timedelta") => What::TimeDelta,
            (What::Macros, "json") => What::Json,
            (What::Macros, "time") => What::Time,
            (What::Macros, "uuid") => What::Chance,
            _ => return None,
        };
        let now = self.now;
        Some(Value::from_object(Self { what, now }))
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        match self.what {
            What::DateTime => date_time(args),
            What::TimeDelta => Delta::from_args(args).map(Value::from_object),
            What::Macros | What::Json | What::Time | What::Chance => {
                Err(wrong("this cannot be called"))
            }
        }
    }

    fn call_method(
        self: &Arc<Self>,
        state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match (self.what, method) {
            (What::Macros, "datetime" | "timedelta") => {
                let what = if method == "datetime" {
                    What::DateTime
                } else {
                    What::TimeDelta
                };
                let now = self.now;
                Arc::new(Self { what, now }).call(state, args)
            }
            (What::Macros, "ds_add") => ds_add(args),
            (What::Macros, "ds_format") => {
                let (ds, from, to): (String, &str, &str) = from_args(args)?;
                strftime::format(&strftime::parse(&ds, from)?, to).map(Value::from)
            }
            (What::Macros, "random") | (What::Chance, _) => Err(wrong(
                "templates have no chance in them, so that a try renders the same again; \
                 use `run_id` or `ti.try_number`, or let the task draw",
            )),
            (What::Json, "dumps") => {
                let (rest, kwargs) = rest_of(args)?;
                let value = rest.first().cloned().unwrap_or_default();
                json_dumps(&value, kwargs.get("indent")?).map(Value::from)
            }
            (What::Json, "loads") => {
                let (text,): (&str,) = from_args(args)?;
                let json: model::Json =
                    serde_json::from_str(text).map_err(|e| wrong(e.to_string()))?;
                Ok(python::from_json(&json))
            }
            (What::Time, "time") => {
                let now = TimeDelta::from_micros(self.now.as_micros());
                Ok(now.as_secs_f64().into())
            }
            (What::DateTime, "now" | "utcnow" | "today") => {
                let at = DateTime::utc(self.now);
                if args.is_empty() {
                    let naive = DateTime::naive(at.at.datetime())?;
                    return Ok(Value::from_object(naive));
                }
                let (zone,): (Value,) = from_args(args)?;
                let at = Value::from_object(at);
                at.call_method(state, "in_timezone", &[zone])
            }
            (What::DateTime, "strptime") => {
                let (text, pattern): (String, &str) = from_args(args)?;
                strftime::parse(&text, pattern).map(Value::from_object)
            }
            (What::DateTime, "fromisoformat") => {
                let (text,): (&str,) = from_args(args)?;
                DateTime::parse(text).map(Value::from_object)
            }
            (What::DateTime, "fromtimestamp") => {
                let (seconds,): (f64,) = from_args(args)?;
                let us = TimeDelta::from_secs_f64(seconds).as_micros();
                let at = DateTime::utc(Timestamp::from_micros(us));
                Ok(Value::from_object(DateTime::naive(at.at.datetime())?))
            }
            (What::Macros | What::DateTime | What::TimeDelta | What::Json | What::Time, _) => {
                Err(Error::from(ErrorKind::UnknownMethod))
            }
        }
    }
}

fn ds_add(args: &[Value]) -> Result<Value, Error> {
    let (ds, days): (String, i64) = from_args(args)?;
    if days == 0 {
        return Ok(ds.into());
    }
    let at = strftime::parse(&ds, "%Y-%m-%d")?;
    let at = at.plus(TimeDelta::from_secs(days.saturating_mul(86_400)));
    strftime::format(&at, "%Y-%m-%d").map(Value::from)
}

/// `datetime(2026, 1, 31, 8)`.
fn date_time(args: &[Value]) -> Result<Value, Error> {
    const PARTS: [&str; 7] = [
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "microsecond",
    ];
    let (rest, kwargs) = rest_of(args)?;
    let mut values = [0, 1, 1, 0, 0, 0, 0];
    for (n, (name, place)) in PARTS.into_iter().zip(values.iter_mut()).enumerate() {
        let by_name: Option<i32> = kwargs.get(name)?;
        let by_place = rest.get(n).map(|v| i32::try_from(v.clone())).transpose()?;
        if let Some(value) = by_place.or(by_name) {
            *place = value;
        }
    }
    let [year, month, day, hour, minute, second, us] = values;
    let small = |n: i32| i8::try_from(n).map_err(|_| wrong("a part of the date is out of range"));
    let year = i16::try_from(year).map_err(|_| wrong("the year is out of range"))?;
    let at = jiff::civil::DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        us.saturating_mul(1_000),
    );
    let at = at.map_err(|e| wrong(e.to_string()))?;
    let tzinfo: Option<Value> = kwargs.get("tzinfo")?;
    let naive = DateTime::naive(at)?;
    let Some(zone) = tzinfo else {
        return Ok(Value::from_object(naive));
    };
    let zone =
        crate::shape::zone(&zone.to_string()).ok_or_else(|| wrong("there is no such zone"))?;
    let at = at.to_zoned(zone).map_err(|e| wrong(e.to_string()))?;
    let kind = super::time::Kind::Aware;
    Ok(Value::from_object(DateTime { at, kind }))
}
