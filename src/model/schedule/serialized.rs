//! Timetables as upstream serialises them: a class and its data.

use super::{CronTrigger, Delta, Relative, RunImmediately, Schedule};
use crate::{Json, JsonMap, TimeDelta, Timestamp};

const PREFIX: &str = "airflow.timetables.";

/// Serialised data that its class does not write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("timetable {class}: {problem}")]
pub struct SerializedScheduleError {
    /// The class path.
    pub class: String,
    /// What is missing or of the wrong kind.
    pub problem: String,
}

/// Reads a timetable as upstream serialises it: its class (`__type`) and its data (`__var`).
/// An unknown class is kept as [`Schedule::Other`].
///
/// # Errors
/// When the data of a known class is not what that class writes.
pub fn from_serialized(class: &str, var: &Json) -> Result<Schedule, SerializedScheduleError> {
    let wrong = |problem: String| SerializedScheduleError {
        class: class.to_owned(),
        problem,
    };
    let empty = JsonMap::new();
    let data = Data(var.as_object().unwrap_or(&empty));
    let name = class.strip_prefix(PREFIX).unwrap_or("");
    let schedule = match name {
        "simple.NullTimetable" => Schedule::Null,
        "simple.OnceTimetable" => Schedule::Once,
        "simple.ContinuousTimetable" => Schedule::Continuous,
        "simple.PartitionedAtRuntime" => Schedule::PartitionedAtRuntime,
        "simple.AssetTriggeredTimetable" => Schedule::Asset {
            condition: data.get("asset_condition").map_err(wrong)?.clone(),
        },
        "simple.PartitionedAssetTimetable" => Schedule::PartitionedAsset { data: var.clone() },
        "assets.AssetOrTimeSchedule" => {
            return asset_or_time(&data).map_err(|error| error.or(wrong));
        }
        "trigger.CronTriggerTimetable" => Schedule::CronTrigger(data.cron().map_err(wrong)?),
        "trigger.DeltaTriggerTimetable" => Schedule::DeltaTrigger {
            delta: data.delta("delta").map_err(wrong)?,
            interval: data.delta("interval").map_err(wrong)?,
        },
        "trigger.MultipleCronTriggerTimetable" => {
            Schedule::MultipleCronTrigger(data.crons().map_err(wrong)?)
        }
        "trigger.CronPartitionTimetable" => partition(&data).map_err(wrong)?,
        "interval.CronDataIntervalTimetable" => Schedule::CronDataInterval {
            expression: data.text("expression").map_err(wrong)?,
            timezone: data.timezone().map_err(wrong)?,
        },
        "interval.DeltaDataIntervalTimetable" => Schedule::DeltaDataInterval {
            delta: data.delta("delta").map_err(wrong)?,
        },
        "events.EventsTimetable" => events(&data).map_err(wrong)?,
        _ => Schedule::Other {
            class: class.to_owned(),
            data: var.clone(),
        },
    };
    Ok(schedule)
}

/// What is wrong here, or what was wrong in a timetable within.
enum Wrong {
    Here(String),
    Within(SerializedScheduleError),
}

impl Wrong {
    fn or(self, wrong: impl FnOnce(String) -> SerializedScheduleError) -> SerializedScheduleError {
        match self {
            Self::Here(problem) => wrong(problem),
            Self::Within(error) => error,
        }
    }
}

fn asset_or_time(data: &Data<'_>) -> Result<Schedule, Wrong> {
    let condition = data.get("asset_condition").map_err(Wrong::Here)?.clone();
    let inner = data.get("timetable").map_err(Wrong::Here)?;
    let class = inner.get("__type").and_then(Json::as_str).unwrap_or("");
    let inner =
        from_serialized(class, inner.get("__var").unwrap_or(&Json::Null)).map_err(Wrong::Within)?;
    Ok(Schedule::AssetOrTime {
        timetable: Box::new(inner),
        condition,
    })
}

fn partition(data: &Data<'_>) -> Result<Schedule, String> {
    let offset = data.0.get("run_offset").and_then(Json::as_i64).unwrap_or(0);
    Ok(Schedule::CronPartition {
        cron: CronTrigger {
            expression: data.text("expression")?,
            timezone: data.timezone()?,
            interval: Delta::ZERO,
            run_immediately: data.run_immediately(),
        },
        run_offset: i32::try_from(offset).map_err(|_| "`run_offset` is too large".to_owned())?,
        key_format: data.text("key_format")?,
    })
}

fn events(data: &Data<'_>) -> Result<Schedule, String> {
    let dates = data.get("event_dates")?.as_array();
    let dates = dates.ok_or_else(|| "`event_dates` is not a list".to_owned())?;
    let date = |date: &Json| {
        let at = date.as_str().map(Timestamp::parse);
        at.and_then(Result::ok)
            .ok_or_else(|| format!("{date} in `event_dates` is not a time"))
    };
    let text = |name: &str| data.0.get(name).and_then(Json::as_str).map(str::to_owned);
    let mut dates: Vec<Timestamp> = dates.iter().map(date).collect::<Result<_, _>>()?;
    dates.sort_unstable();
    Ok(Schedule::Events {
        dates,
        restrict_to_events: data.0.get("restrict_to_events").and_then(Json::as_bool) == Some(true),
        description: text("description"),
        summary: text("_summary"),
    })
}

/// The fields of a timetable's data.
struct Data<'a>(&'a JsonMap);

impl Data<'_> {
    fn get(&self, name: &str) -> Result<&Json, String> {
        self.0
            .get(name)
            .ok_or_else(|| format!("`{name}` is missing"))
    }

    fn text(&self, name: &str) -> Result<String, String> {
        let text = self.get(name)?.as_str().map(str::to_owned);
        text.ok_or_else(|| format!("`{name}` is not a text"))
    }

    /// A name, or seconds east of Greenwich.
    fn timezone(&self) -> Result<String, String> {
        let zone = self.get("timezone")?;
        match (zone.as_str(), zone.as_i64()) {
            (Some(name), _) => Ok(name.to_owned()),
            (None, Some(seconds)) => Ok(offset_name(seconds)),
            (None, None) => Err("`timezone` is neither a name nor seconds".to_owned()),
        }
    }

    fn cron(&self) -> Result<CronTrigger, String> {
        Ok(CronTrigger {
            expression: self.text("expression")?,
            timezone: self.timezone()?,
            interval: self.delta("interval")?,
            run_immediately: self.run_immediately(),
        })
    }

    fn crons(&self) -> Result<Vec<CronTrigger>, String> {
        let expressions = self.get("expressions")?.as_array();
        let expressions = expressions.ok_or_else(|| "`expressions` is not a list".to_owned())?;
        let (timezone, interval) = (self.timezone()?, self.delta("interval")?);
        let cron = |expression: &Json| {
            let text = expression.as_str();
            let text =
                text.ok_or_else(|| format!("{expression} in `expressions` is not a text"))?;
            Ok(CronTrigger {
                expression: text.to_owned(),
                timezone: timezone.clone(),
                interval,
                run_immediately: self.run_immediately(),
            })
        };
        expressions.iter().map(cron).collect()
    }

    /// A float is a span in seconds; anything but `true` is no.
    fn run_immediately(&self) -> RunImmediately {
        let value = self.0.get("run_immediately");
        if value.and_then(Json::as_bool) == Some(true) {
            return RunImmediately::Yes;
        }
        match value.filter(|value| value.is_f64()).and_then(Json::as_f64) {
            Some(seconds) => RunImmediately::Within(TimeDelta::from_secs_f64(seconds)),
            None => RunImmediately::No,
        }
    }

    /// Seconds, or the fields of a `relativedelta`.
    fn delta(&self, name: &str) -> Result<Delta, String> {
        let value = self.get(name)?;
        if let Some(fields) = value.as_object() {
            return relativedelta(fields).map_err(|what| format!("`{name}`: {what}"));
        }
        let seconds = value.as_f64();
        let seconds = seconds.ok_or_else(|| format!("`{name}` is {value}, not seconds"))?;
        Ok(Delta::fixed(TimeDelta::from_secs_f64(seconds)))
    }
}

fn relativedelta(fields: &JsonMap) -> Result<Delta, String> {
    let mut delta = Delta::ZERO;
    let mut set = Relative::default();
    let (mut months, mut days, mut us) = (0_i64, 0_i64, 0_i64);
    for (name, value) in fields {
        let wrong = || format!("`{name}` of {value} is not supported");
        if name == "weekday" {
            set.weekday = Some(weekday(value).ok_or_else(wrong)?);
            continue;
        }
        let whole = |value: f64| (value.fract() == 0.0).then_some(value);
        let number = value.as_f64().and_then(whole).ok_or_else(wrong)?;
        let number = TimeDelta::from_secs_f64(number / 1e6).as_micros();
        let times = |unit: i64| number.checked_mul(unit).ok_or_else(wrong);
        let small = || u8::try_from(number).map(Some).map_err(|_| wrong());
        match name.as_str() {
            "years" => months = months.saturating_add(times(12)?),
            "months" => months = months.saturating_add(number),
            "days" => days = days.saturating_add(number),
            "hours" => us = us.saturating_add(times(3_600_000_000)?),
            "minutes" => us = us.saturating_add(times(60_000_000)?),
            "seconds" => us = us.saturating_add(times(1_000_000)?),
            "microseconds" => us = us.saturating_add(number),
            "leapdays" => set.leapdays = i8::try_from(number).map_err(|_| wrong())?,
            "month" => set.month = small()?,
            "day" => set.day = small()?,
            "hour" => set.hour = small()?,
            "minute" => set.minute = small()?,
            "second" => set.second = small()?,
            "microsecond" => set.microsecond = Some(u32::try_from(number).map_err(|_| wrong())?),
            _ => return Err(wrong()),
        }
    }
    let too_large = |_| "it is too large".to_owned();
    delta.months = i32::try_from(months).map_err(too_large)?;
    delta.days = i32::try_from(days).map_err(too_large)?;
    delta.span = TimeDelta::from_micros(us);
    delta.relative = Some(set);
    Ok(delta)
}

fn weekday(value: &Json) -> Option<(u8, i8)> {
    let parts = value.as_array()?;
    let day = u8::try_from(parts.first()?.as_u64()?)
        .ok()
        .filter(|day| *day < 7)?;
    let nth = match parts.get(1) {
        Some(nth) => i8::try_from(nth.as_i64()?).ok()?,
        None => 0,
    };
    Some((day, nth))
}

/// The name of a zone that is so many seconds east of Greenwich.
#[must_use]
pub fn offset_name(seconds: i64) -> String {
    if seconds == 0 {
        return "UTC".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let east = seconds.unsigned_abs();
    let (hours, minutes, rest) = (east / 3_600, east / 60 % 60, east % 60);
    if rest == 0 {
        format!("{sign}{hours:02}:{minutes:02}")
    } else {
        format!("{sign}{hours:02}:{minutes:02}:{rest:02}")
    }
}
