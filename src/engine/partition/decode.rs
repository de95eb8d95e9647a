//! Mappers, windows and wait policies as upstream serialises them.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use model::Json;
use model::schedule::offset_name;

use super::error::DecodeError;
use super::mapper::{FanOut, Kind, Mapper, RollupParts};
use super::temporal::{Grain, Temporal};
use super::wait::WaitPolicy;
use super::window::{Period, Window};
use crate::timetable::zone::Zone;

/// Where upstream's own classes live. Those of plugins are elsewhere.
const HOME: &str = "airflow.partition_mappers.";

/// Reads a mapper: its class (`__type`) and its data (`__var`).
///
/// # Errors
/// When the class is a plugin's, which is not known here, or its data is not what the class writes.
pub fn decode(mapper: &Json) -> Result<Mapper, DecodeError> {
    let data = Data::read(mapper);
    let kind = match data.class {
        "identity.IdentityMapper" => Kind::Identity,
        "fixed_key.FixedKeyMapper" => Kind::Fixed(data.filled("downstream_key")?),
        "allowed_key.AllowedKeyMapper" => Kind::Allowed(data.texts("allowed_keys")?),
        "temporal.StartOfHourMapper" => temporal(&data, Grain::Hour)?,
        "temporal.StartOfDayMapper" => temporal(&data, Grain::Day)?,
        "temporal.StartOfWeekMapper" => temporal(&data, Grain::Week)?,
        "temporal.StartOfMonthMapper" => temporal(&data, Grain::Month)?,
        "temporal.StartOfQuarterMapper" => temporal(&data, Grain::Quarter)?,
        "temporal.StartOfYearMapper" => temporal(&data, Grain::Year)?,
        "product.ProductMapper" => Kind::Product {
            mappers: data.mappers()?,
            delimiter: match data.fields.get("delimiter") {
                Some(_) => data.filled("delimiter")?,
                None => "|".to_owned(),
            },
        },
        "chain.ChainMapper" => Kind::Chain(data.mappers()?),
        "temporal.FanOutMapper" => Kind::FanOut(Box::new(FanOut {
            upstream: decode(data.get("upstream_mapper")?)?,
            window: window(data.get("window")?)?,
            downstream: decode(data.get("downstream_mapper")?)?,
        })),
        "base.RollupMapper" => rollup(&data)?,
        _ => return Err(data.unknown("a mapper")),
    };
    Ok(Mapper {
        kind,
        max_downstream_keys: cap(&data)?,
    })
}

/// The same, where a plugin's mapper, or one with a plugin's mapper or window in it, is left to
/// Python to ask.
///
/// # Errors
/// When the data is not what the class writes.
pub fn decode_or_ask(mapper: &Json) -> Result<Mapper, DecodeError> {
    match decode(mapper) {
        Err(error) if error.is_unknown => {
            let data = Data::read(mapper);
            let wait = match data.fields.get("wait_policy") {
                Some(policy) => wait_policy(policy)?,
                None => WaitPolicy::All,
            };
            Ok(Mapper {
                kind: Kind::Asked {
                    mapper: mapper.clone(),
                    wait,
                },
                max_downstream_keys: cap(&data)?,
            })
        }
        other => other,
    }
}

fn cap(data: &Data<'_>) -> Result<Option<usize>, DecodeError> {
    let cap = data.fields.get("max_downstream_keys");
    let Some(cap) = cap.filter(|cap| !cap.is_null()) else {
        return Ok(None);
    };
    let cap = cap.as_u64().filter(|cap| *cap > 0);
    let cap = cap.and_then(|cap| usize::try_from(cap).ok());
    let cap = cap.ok_or_else(|| data.wrong("`max_downstream_keys` must be 1 or more"))?;
    Ok(Some(cap))
}

fn temporal(data: &Data<'_>, grain: Grain) -> Result<Kind, DecodeError> {
    let zone = match data.fields.get("timezone") {
        None => "UTC".to_owned(),
        Some(Json::Number(seconds)) => offset_name(seconds.as_i64().unwrap_or(0)),
        Some(_) => data.text("timezone")?,
    };
    let zone = Zone::find(&zone).map_err(|error| data.wrong(&error.to_string()))?;
    let zone: TimeZone = zone.to_jiff();
    let (input, output) = (data.text("input_format")?, data.text("output_format")?);
    let made = Temporal::new(grain, zone, input, output);
    made.map(Kind::Temporal)
        .map_err(|problem| data.wrong(&problem))
}

fn rollup(data: &Data<'_>) -> Result<Kind, DecodeError> {
    let upstream = decode(data.get("upstream_mapper")?)?;
    let window = window(data.get("window")?)?;
    if upstream.is_of_time() != window.is_of_time() {
        let problem =
            "the window and the upstream mapper do not fit: one is of times and one is not";
        return Err(data.wrong(problem));
    }
    let wait = match data.fields.get("wait_policy") {
        Some(policy) => wait_policy(policy)?,
        None => WaitPolicy::All,
    };
    let parts = RollupParts {
        upstream,
        window,
        wait,
    };
    Ok(Kind::Rollup(Box::new(parts)))
}

fn window(window: &Json) -> Result<Window, DecodeError> {
    let data = Data::read(window);
    let period = match data.class {
        "window.HourWindow" => Period::Hour,
        "window.DayWindow" => Period::Day,
        "window.WeekWindow" => Period::Week,
        "window.MonthWindow" => Period::Month,
        "window.QuarterWindow" => Period::Quarter,
        "window.YearWindow" => Period::Year,
        "window.SegmentWindow" => {
            let segments: BTreeSet<String> = data.texts("segments")?.into_iter().collect();
            if segments.is_empty() || segments.contains("") {
                return Err(
                    data.wrong("`segments` must be texts, at least one, none of them empty")
                );
            }
            return Ok(Window::Segments(segments));
        }
        _ => return Err(data.unknown("a window")),
    };
    let backward = match data.text("direction")?.as_str() {
        "forward" => false,
        "backward" => true,
        _ => return Err(data.wrong("`direction` is neither `forward` nor `backward`")),
    };
    Ok(Window::Time { period, backward })
}

fn wait_policy(policy: &Json) -> Result<WaitPolicy, DecodeError> {
    let data = Data::read(policy);
    match data.class {
        "wait_policy.WaitForAll" => Ok(WaitPolicy::All),
        "wait_policy.MinimumCount" => {
            let n = data.get("n")?.as_i64().filter(|n| *n != 0);
            let n = n.ok_or_else(|| data.wrong("`n` must be a number other than zero"))?;
            Ok(WaitPolicy::MinimumCount(n))
        }
        _ => Err(data.unknown("a wait policy")),
    }
}

/// A class and its fields.
struct Data<'a> {
    path: &'a str,
    /// The class within upstream's package; empty for one from elsewhere.
    class: &'a str,
    fields: &'a Json,
}

impl<'a> Data<'a> {
    fn read(value: &'a Json) -> Self {
        let path = value.get("__type").and_then(Json::as_str).unwrap_or("");
        let fields = value.get("__var");
        Self {
            path,
            class: path.strip_prefix(HOME).unwrap_or(""),
            fields: fields.unwrap_or(&Json::Null),
        }
    }

    fn wrong(&self, problem: &str) -> DecodeError {
        DecodeError {
            class: self.path.to_owned(),
            problem: problem.to_owned(),
            is_unknown: false,
        }
    }

    fn unknown(&self, what: &str) -> DecodeError {
        let problem = format!("not {what} that is known here: use one of Airflow's own");
        DecodeError {
            is_unknown: true,
            ..self.wrong(&problem)
        }
    }

    fn get(&self, name: &str) -> Result<&'a Json, DecodeError> {
        let missing = || self.wrong(&format!("`{name}` is missing"));
        self.fields.get(name).ok_or_else(missing)
    }

    fn text(&self, name: &str) -> Result<String, DecodeError> {
        let text = self.get(name)?.as_str().map(str::to_owned);
        text.ok_or_else(|| self.wrong(&format!("`{name}` is not a text")))
    }

    fn filled(&self, name: &str) -> Result<String, DecodeError> {
        let text = self.text(name)?;
        if text.is_empty() {
            return Err(self.wrong(&format!("`{name}` is empty")));
        }
        Ok(text)
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, DecodeError> {
        let text = |item: &Json| item.as_str().map(str::to_owned);
        let items = self.get(name)?.as_array();
        let texts = items.and_then(|items| items.iter().map(text).collect());
        texts.ok_or_else(|| self.wrong(&format!("`{name}` is not a list of texts")))
    }

    /// Two mappers or more.
    fn mappers(&self) -> Result<Vec<Mapper>, DecodeError> {
        let items = self.get("mappers")?.as_array();
        let items = items.filter(|items| items.len() > 1);
        let items = items.ok_or_else(|| self.wrong("`mappers` must be two mappers or more"))?;
        items.iter().map(decode).collect()
    }
}
