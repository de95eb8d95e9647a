//! Deadline alerts.

use model::{
    Json, TimeDelta,
    dag::{Dag, DeadlineAlert, DeadlineInterval, DeadlineReference},
};

use super::fields::{Fields, Read, time_of, typed};

/// A list, or a single one. Ids alone, which Airflow's own book keeps instead, say nothing that
/// can be used without that book; they are kept.
pub(super) fn read(fields: &Fields<'_>, dag: &mut Dag) -> Read<()> {
    let items = match fields.get("deadline") {
        None => return Ok(()),
        Some(Json::Array(items)) => items.as_slice(),
        Some(value) => std::slice::from_ref(value),
    };
    if !items.is_empty() && items.iter().all(Json::is_string) {
        let ids = Json::Array(items.to_vec());
        dag.extra.insert("deadline".to_owned(), ids);
        return Ok(());
    }
    let alerts = items.iter().map(|item| {
        let calls_for = "a list of objects with reference, interval and callback";
        alert(typed(item, "deadline_alert")).ok_or_else(|| fields.wrong("deadline", calls_for))
    });
    dag.deadlines = alerts.collect::<Read<_>>()?;
    Ok(())
}

fn alert(value: &Json) -> Option<DeadlineAlert> {
    let name = match value.get("name") {
        None | Some(Json::Null) => None,
        Some(name) => Some(name.as_str()?.to_owned()),
    };
    Some(DeadlineAlert {
        name,
        reference: reference(value.get("reference")?)?,
        interval: interval(value.get("interval")?)?,
        callback: value.get("callback")?.clone(),
    })
}

fn reference(value: &Json) -> Option<DeadlineReference> {
    let kind = value.get("reference_type").and_then(Json::as_str);
    // A plugin's class may have the name of one that is built in.
    if value.get("__class_path").is_some() {
        return Some(DeadlineReference::Custom(value.clone()));
    }
    let count = |name: &str| value.get(name).and_then(Json::as_u64).map(u32::try_from);
    Some(match kind? {
        "DagRunLogicalDateDeadline" => DeadlineReference::LogicalDate,
        "DagRunQueuedAtDeadline" => DeadlineReference::QueuedAt,
        "FixedDatetimeDeadline" => {
            DeadlineReference::Fixed(time_of(value.get("datetime")?.as_f64()?))
        }
        "AverageRuntimeDeadline" => DeadlineReference::AverageRuntime {
            max_runs: count("max_runs")?.ok()?,
            min_runs: count("min_runs").transpose().ok()?,
        },
        _ => DeadlineReference::Custom(value.clone()),
    })
}

/// Seconds up to Airflow 3.1; since then what the task SDK writes for a `timedelta` or a Variable.
fn interval(value: &Json) -> Option<DeadlineInterval> {
    let fixed = |value: &Json| {
        let seconds = value.as_f64()?;
        Some(DeadlineInterval::Fixed(TimeDelta::from_secs_f64(seconds)))
    };
    let data = value.get("__data__").or_else(|| value.get("__var"));
    match data {
        None => fixed(value),
        Some(data) => match data.get("key") {
            Some(key) => Some(DeadlineInterval::Variable(key.as_str()?.to_owned())),
            None => fixed(data),
        },
    }
}
