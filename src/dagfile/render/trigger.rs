//! `trigger-dag`: what run of which dag.

use model::{Json, JsonMap, TimeDelta, state::DagRunState};

use super::{TriggerDag, work::Values};
use crate::RenderError;

pub(super) fn make(values: &Values<'_>) -> Result<TriggerDag, RenderError> {
    let dag_id = values.required("trigger_dag_id")?;
    if !model::id::is_key(&dag_id) {
        return values.wrong("trigger_dag_id", "a dag id");
    }
    // Given as null, the run has no logical date; not given, it is now.
    let logical_date = match values.values.contains_key("logical_date") {
        true => Some(values.time("logical_date")?),
        false => None,
    };
    let run_id = values.text("trigger_run_id")?.filter(|id| !id.is_empty());
    Ok(TriggerDag {
        dag_id: dag_id.into(),
        run_id: run_id.map(Into::into),
        logical_date,
        run_after: values.time("run_after")?,
        conf: conf(values)?,
        note: values.text("note")?,
        reset_dag_run: values.flag("reset_dag_run")?,
        skip_when_already_exists: values.flag("skip_when_already_exists")?,
        fail_when_dag_is_paused: values.flag("fail_when_dag_is_paused")?,
        wait_for_completion: values.flag("wait_for_completion")?,
        poke_interval: values
            .duration("poke_interval")?
            .unwrap_or(TimeDelta::from_secs(60)),
        allowed_states: states(values, "allowed_states", DagRunState::Success)?,
        failed_states: states(values, "failed_states", DagRunState::Failed)?,
    })
}

fn conf(values: &Values<'_>) -> Result<Json, RenderError> {
    const WANTS: &str = "a mapping, or JSON text of one";
    match values.get("conf") {
        None => Ok(Json::Object(JsonMap::new())),
        Some(Json::Object(map)) => Ok(Json::Object(map.clone())),
        Some(Json::String(text)) if text.trim().is_empty() => Ok(Json::Object(JsonMap::new())),
        Some(Json::String(text)) => match serde_json::from_str(text) {
            Ok(Json::Object(map)) => Ok(Json::Object(map)),
            Ok(_) | Err(_) => values.wrong("conf", WANTS),
        },
        Some(_) => values.wrong("conf", WANTS),
    }
}

fn states(
    values: &Values<'_>,
    name: &str,
    default: DagRunState,
) -> Result<Vec<DagRunState>, RenderError> {
    let parse = |value: &Json| DagRunState::parse(value.as_str()?);
    let found = match values.get(name) {
        None => return Ok(vec![default]),
        Some(Json::Array(items)) => items.iter().map(parse).collect(),
        Some(one) => parse(one).map(|state| vec![state]),
    };
    match found {
        Some(states) => Ok(states),
        None => values.wrong(name, "states of runs"),
    }
}
