//! `schedule`: a text, or a timetable by class path with its arguments.

use model::{
    TimeDelta,
    schedule::{CronTrigger, Delta, RunImmediately, Schedule, from_text},
};

use super::{cron, fields::SHAPE, reader::Reader};
use crate::{
    shape, suggest,
    yaml::{At, Node, Value},
};

const CODE: &str = "DAG-007";
const PRESETS: [&str; 9] = [
    "@once",
    "@continuous",
    "@hourly",
    "@daily",
    "@midnight",
    "@weekly",
    "@monthly",
    "@quarterly",
    "@yearly",
];
const TIMETABLES: [&str; 10] = [
    "airflow.timetables.trigger.CronTriggerTimetable",
    "airflow.timetables.trigger.DeltaTriggerTimetable",
    "airflow.timetables.trigger.MultipleCronTriggerTimetable",
    "airflow.timetables.trigger.CronPartitionTimetable",
    "airflow.timetables.interval.CronDataIntervalTimetable",
    "airflow.timetables.interval.DeltaDataIntervalTimetable",
    "airflow.timetables.events.EventsTimetable",
    "airflow.timetables.simple.NullTimetable",
    "airflow.timetables.simple.OnceTimetable",
    "airflow.timetables.simple.ContinuousTimetable",
];

/// Reads the schedule; crons tick in `timezone` unless they say otherwise.
pub(super) fn read(node: &Node, timezone: &str, reader: &mut Reader<'_>) -> Schedule {
    let read = match &node.value {
        Value::Null => Ok(Schedule::Null),
        Value::Map(_) => timetable(node, timezone, reader),
        Value::Text(_) | Value::Time(_) | Value::Int(_) | Value::Float(_) => {
            let text = shape::scalar(node).unwrap_or_default();
            written(&text, timezone).map_err(|message| (CODE, node.at, message))
        }
        Value::Bool(_) | Value::List(_) => Err((
            SHAPE,
            node.at,
            format!(
                "`schedule` must be a text or a mapping with `uses`, not {}",
                node.value.kind()
            ),
        )),
    };
    read.unwrap_or_else(|(code, at, message)| {
        reader.problems.add(code, at, message);
        Schedule::Null
    })
}

fn written(text: &str, timezone: &str) -> Result<Schedule, String> {
    let schedule = from_text(text, timezone).map_err(|error| {
        let presets = PRESETS.iter().copied().filter(|_| text.starts_with('@'));
        format!("{error}{}", suggest::nearest(text, presets))
    })?;
    match &schedule {
        Schedule::CronTrigger(cron) => cron::check(&cron.expression)?,
        Schedule::DeltaTrigger { delta, .. } => positive(*delta)?,
        Schedule::Null
        | Schedule::Once
        | Schedule::Continuous
        | Schedule::MultipleCronTrigger(_)
        | Schedule::CronDataInterval { .. }
        | Schedule::DeltaDataInterval { .. }
        | Schedule::Events { .. }
        | Schedule::CronPartition { .. }
        | Schedule::PartitionedAtRuntime
        | Schedule::Asset { .. }
        | Schedule::PartitionedAsset { .. }
        | Schedule::AssetOrTime { .. }
        | Schedule::Other { .. } => {}
    }
    Ok(schedule)
}

fn positive(delta: Delta) -> Result<(), String> {
    let is_positive =
        delta.months > 0 || (delta.months == 0 && (delta.days > 0 || delta.span > TimeDelta::ZERO));
    let wrong = || {
        "the distance between runs must be more than nothing: write for example `PT30M`".to_owned()
    };
    is_positive.then_some(()).ok_or_else(wrong)
}

type Wrong = (&'static str, At, String);

/// The arguments of a timetable.
struct Arguments<'a> {
    at: At,
    with: Option<&'a Node>,
    timezone: &'a str,
}

fn timetable(node: &Node, timezone: &str, reader: &mut Reader<'_>) -> Result<Schedule, Wrong> {
    if let Value::Map(entries) = &node.value
        && let Some(other) = entries.iter().find(|e| e.key != "uses" && e.key != "with")
    {
        let message = format!(
            "`{}` is not known in a schedule; it takes `uses` and `with`",
            other.key
        );
        return Err((SHAPE, other.at, message));
    }
    let Some((uses, class)) = node.get("uses").and_then(|uses| Some((uses, uses.text()?))) else {
        let message = "a schedule that is a mapping needs `uses`, the timetable's class path";
        return Err((SHAPE, node.at, message.to_owned()));
    };
    let with = node.get("with").filter(|with| with.value != Value::Null);
    if let Some(with) = with
        && !matches!(with.value, Value::Map(_))
    {
        return Err((SHAPE, with.at, "`with` must be a mapping".to_owned()));
    }
    let name = class.rsplit('.').next().unwrap_or(class);
    let own = class.starts_with("airflow.");
    let known = TIMETABLES
        .iter()
        .any(|path| path.ends_with(&format!(".{name}")));
    let arguments = Arguments {
        at: with.map_or(node.at, |with| with.at),
        with,
        timezone,
    };
    if own && known {
        return arguments.build(name);
    }
    if !class.contains('.') {
        let hint = TIMETABLES
            .iter()
            .find(|path| path.ends_with(&format!(".{name}")));
        let near = suggest::find(name, TIMETABLES.iter().map(|path| last(path)));
        let path = hint.or_else(|| TIMETABLES.iter().find(|path| Some(last(path)) == near));
        let hint = path.map_or(String::new(), |path| format!("; did you mean `{path}`?"));
        return Err((
            CODE,
            uses.at,
            format!("`{class}` is no class path of a timetable{hint}"),
        ));
    }
    reader.warn(
        uses.at,
        format!("the timetable `{class}` needs the Python runtime"),
    );
    Ok(Schedule::Other {
        class: class.to_owned(),
        data: with.map_or(model::Json::Null, Node::to_json),
    })
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

impl Arguments<'_> {
    fn build(&self, name: &str) -> Result<Schedule, Wrong> {
        match name {
            "NullTimetable" => self.only(&[]).map(|()| Schedule::Null),
            "OnceTimetable" => self.only(&[]).map(|()| Schedule::Once),
            "ContinuousTimetable" => self.only(&[]).map(|()| Schedule::Continuous),
            "DeltaDataIntervalTimetable" => {
                self.only(&["delta"])?;
                let delta = self.delta("delta")?;
                Ok(Schedule::DeltaDataInterval { delta })
            }
            "DeltaTriggerTimetable" => {
                self.only(&["delta", "interval"])?;
                Ok(Schedule::DeltaTrigger {
                    delta: self.delta("delta")?,
                    interval: self.interval()?,
                })
            }
            "CronDataIntervalTimetable" => {
                self.only(&["cron", "expression", "timezone"])?;
                Ok(Schedule::CronDataInterval {
                    expression: self.cron()?,
                    timezone: self.zone()?,
                })
            }
            "MultipleCronTriggerTimetable" => self.several(),
            "EventsTimetable" => self.events(),
            "CronPartitionTimetable" => {
                self.only(&[
                    "cron",
                    "timezone",
                    "run_offset",
                    "key_format",
                    "run_immediately",
                ])?;
                Ok(Schedule::CronPartition {
                    cron: self.trigger(self.cron()?)?,
                    run_offset: self.offset()?,
                    key_format: self
                        .text("key_format")?
                        .unwrap_or_else(|| "%Y-%m-%dT%H:%M:%S".into()),
                })
            }
            // CronTriggerTimetable; the caller knows the names.
            _ => {
                self.only(&[
                    "cron",
                    "expression",
                    "timezone",
                    "interval",
                    "run_immediately",
                ])?;
                self.trigger(self.cron()?).map(Schedule::CronTrigger)
            }
        }
    }

    fn node(&self, name: &str) -> Option<&Node> {
        let found = self.with.and_then(|with| with.get(name));
        found.filter(|node| node.value != Value::Null)
    }

    fn only(&self, known: &[&str]) -> Result<(), Wrong> {
        let Some(Value::Map(entries)) = self.with.map(|with| &with.value) else {
            return Ok(());
        };
        match entries
            .iter()
            .find(|entry| !known.contains(&entry.key.as_str()))
        {
            None => Ok(()),
            Some(other) => {
                let hint = suggest::nearest(&other.key, known.iter().copied());
                let message = format!("`{}` is not known for this timetable{hint}", other.key);
                Err((CODE, other.at, message))
            }
        }
    }

    fn wrong<T>(&self, name: &str, wants: &str) -> Result<T, Wrong> {
        let at = self.node(name).map_or(self.at, |node| node.at);
        Err((CODE, at, format!("`{name}` must be {wants}")))
    }

    fn text(&self, name: &str) -> Result<Option<String>, Wrong> {
        match self.node(name) {
            None => Ok(None),
            Some(node) => match node.text() {
                Some(text) => Ok(Some(text.to_owned())),
                None => self.wrong(name, "a text"),
            },
        }
    }

    fn cron(&self) -> Result<String, Wrong> {
        let name = if self.node("expression").is_some() {
            "expression"
        } else {
            "cron"
        };
        let Some(text) = self.text(name)? else {
            return self.wrong(name, "a cron expression");
        };
        self.checked(name, text)
    }

    fn checked(&self, name: &str, text: String) -> Result<String, Wrong> {
        let at = self.node(name).map_or(self.at, |node| node.at);
        let wrong = |message: String| (CODE, at, message);
        match from_text(&text, "UTC") {
            Ok(Schedule::CronTrigger(cron)) => {
                cron::check(&cron.expression).map_err(wrong)?;
                Ok(cron.expression)
            }
            Ok(_) | Err(_) => Err(wrong(format!("`{text}` is no cron expression"))),
        }
    }

    fn zone(&self) -> Result<String, Wrong> {
        let zone = self.text("timezone")?;
        let zone = zone.unwrap_or_else(|| self.timezone.to_owned());
        match shape::zone(&zone) {
            Some(_) => Ok(zone),
            None => self.wrong("timezone", "an IANA name or an offset such as `+02:00`"),
        }
    }

    fn delta(&self, name: &str) -> Result<Delta, Wrong> {
        let Some(node) = self.node(name) else {
            return self.wrong(name, "a duration");
        };
        let text = shape::scalar(node).unwrap_or_default();
        match from_text(&text, "UTC") {
            Ok(Schedule::DeltaTrigger { delta, .. }) if positive(delta).is_ok() => Ok(delta),
            Ok(_) | Err(_) => self.wrong(name, "a duration such as `PT30M`, more than nothing"),
        }
    }

    fn interval(&self) -> Result<Delta, Wrong> {
        match self.node("interval") {
            None => Ok(Delta::ZERO),
            Some(node) if shape::number(node) == Some(0.0) => Ok(Delta::ZERO),
            Some(_) => self.delta("interval"),
        }
    }

    fn immediately(&self) -> Result<RunImmediately, Wrong> {
        match self.node("run_immediately") {
            None => Ok(RunImmediately::No),
            Some(node) => match (&node.value, shape::duration(node)) {
                (Value::Bool(true), _) => Ok(RunImmediately::Yes),
                (Value::Bool(false), _) => Ok(RunImmediately::No),
                (_, Some(within)) => Ok(RunImmediately::Within(within)),
                (_, None) => self.wrong("run_immediately", "true, false or a duration"),
            },
        }
    }

    fn trigger(&self, expression: String) -> Result<CronTrigger, Wrong> {
        Ok(CronTrigger {
            expression,
            timezone: self.zone()?,
            interval: self.interval()?,
            run_immediately: self.immediately()?,
        })
    }

    fn offset(&self) -> Result<i32, Wrong> {
        match self.node("run_offset").map(|node| &node.value) {
            None => Ok(0),
            Some(Value::Int(n)) if i32::try_from(*n).is_ok() => Ok(i32::try_from(*n).unwrap_or(0)),
            Some(_) => self.wrong("run_offset", "a whole number"),
        }
    }

    fn several(&self) -> Result<Schedule, Wrong> {
        self.only(&["crons", "timezone", "interval", "run_immediately"])?;
        let crons = match self.node("crons").map(|node| &node.value) {
            Some(Value::List(items)) if !items.is_empty() => items,
            Some(_) | None => return self.wrong("crons", "a list of cron expressions"),
        };
        let mut triggers = Vec::with_capacity(crons.len());
        for item in crons {
            let text = item.text().unwrap_or_default().to_owned();
            triggers.push(self.trigger(self.checked("crons", text)?)?);
        }
        Ok(Schedule::MultipleCronTrigger(triggers))
    }

    fn events(&self) -> Result<Schedule, Wrong> {
        self.only(&[
            "event_dates",
            "restrict_to_events",
            "presorted",
            "description",
        ])?;
        let Some(Value::List(items)) = self.node("event_dates").map(|node| &node.value) else {
            return self.wrong("event_dates", "a list of times");
        };
        let mut dates = Vec::with_capacity(items.len());
        for item in items {
            match shape::time(item, self.timezone) {
                Some((at, _)) => dates.push(at),
                None => return Err((CODE, item.at, "this is no time".to_owned())),
            }
        }
        dates.sort_unstable();
        dates.dedup();
        Ok(Schedule::Events {
            dates,
            restrict_to_events: matches!(
                self.node("restrict_to_events").map(|node| &node.value),
                Some(Value::Bool(true))
            ),
            description: self.text("description")?,
            summary: None,
        })
    }
}
