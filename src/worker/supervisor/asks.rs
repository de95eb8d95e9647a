//! Questions as messages, and messages as questions.

#[cfg(test)]
use super::value::map;
use super::value::{Word, Wrong, field, get, json};
use model::{
    Json, JsonMap, Timestamp,
    execution::{Ask, AssetName, TriggerEnd, TriggerFailure, TriggerFired},
};
use rmpv::Value;

/// Reads a question; none when its name is not known.
///
/// # Errors
/// When a field is not what it should be.
pub fn read(body: &Value, old: bool) -> Result<Option<Ask>, Wrong> {
    let kind = get(body, "type").and_then(Value::as_str);
    let kind = kind.ok_or(Wrong::new("has no type"))?;
    match read_plain(kind, body)? {
        Some(ask) => Ok(Some(ask)),
        None => read_special(kind, body, old),
    }
}

macro_rules! plain {
    ($($name:ident { $($field:ident $(= $default:expr)?),* $(,)? })+) => {
        fn read_plain(kind: &str, body: &Value) -> Result<Option<Ask>, Wrong> {
            Ok(Some(match kind {
                $(stringify!($name) => Ask::$name { $($field: {
                    #[allow(unused_mut, unused_assignments)]
                    let mut default = None;
                    $(default = Some($default);)?
                    field(body, stringify!($field), default)?
                }),* },)+
                _ => return Ok(None),
            }))
        }

        #[cfg(test)]
        #[allow(clippy::wildcard_enum_match_arm)] // The others are special.
        pub fn write(ask: &Ask) -> Value {
            match ask {
                $(Ask::$name { $($field),* } => map([
                    ("type", stringify!($name).into()),
                    $((stringify!($field), $field.write())),*
                ]),)+
                other => write_special(other),
            }
        }
    };
}

plain! {
    SucceedTask { end_date, task_outlets, outlet_events, rendered_map_index }
    RetryTask { end_date, rendered_map_index, retry_delay_seconds, retry_reason }
    TaskState { state, end_date, rendered_map_index }
    DeferTask {
        classpath, trigger_kwargs, trigger_timeout, queue, next_method, next_kwargs,
        rendered_map_index,
    }
    RescheduleTask { reschedule_date, end_date }
    AwaitInputTask { timeout, next_method, next_kwargs, rendered_map_index }
    SetRenderedFields { rendered_fields }
    SetRenderedMapIndex { rendered_map_index }
    SkipDownstreamTasks { tasks }
    ValidateInletsAndOutlets { ti_id }
    GetPrevSuccessfulDagRun { ti_id }
    GetTaskRescheduleStartDate { ti_id, try_number = 1 }
    MaskSecret { value, name }
    ResendLoggingFD {}
    GetConnection { conn_id }
    GetVariable { key }
    GetVariableKeys { prefix, limit = 1000, offset = 0 }
    PutVariable { key, value, description }
    DeleteVariable { key }
    GetXCom { key, dag_id, run_id, task_id, map_index, include_prior_dates = false }
    GetXComCount { key, dag_id, run_id, task_id }
    GetXComSequenceItem { key, dag_id, run_id, task_id, offset }
    GetXComSequenceSlice {
        key, dag_id, run_id, task_id, start, stop, step, include_prior_dates = false,
    }
    SetXCom {
        key, value, dag_id, run_id, task_id, map_index, dag_result = false, mapped_length,
    }
    DeleteXCom { key, dag_id, run_id, task_id, map_index }
    GetDag { dag_id }
    GetDagRun { dag_id, run_id }
    GetDagRunState { dag_id, run_id }
    GetDRCount { dag_id, logical_dates, run_ids, states }
    GetPreviousDagRun { dag_id, logical_date, state }
    GetPreviousTI { dag_id, task_id, logical_date, map_index = -1, state }
    GetTICount { dag_id, map_index, task_ids, task_group_id, logical_dates, run_ids, states }
    GetTaskStates { dag_id, map_index, task_ids, task_group_id, logical_dates, run_ids }
    GetTaskBreadcrumbs { dag_id, run_id }
    TriggerDagRun {
        dag_id, run_id, logical_date, run_after, conf, reset_dag_run = false, partition_key, note,
    }
    GetAssetsByAlias { alias_name }
    GetAssetEventByAsset { name, uri, after, before, limit, ascending = true }
    GetAssetEventByAssetAlias { alias_name, after, before, limit, ascending = true }
    GetTaskStateStore { ti_id, key }
    SetTaskStateStore { ti_id, key, value, expires_at }
    DeleteTaskStateStore { ti_id, key }
    ClearTaskStateStore { ti_id }
    UpdateHITLDetail { ti_id, chosen_options, params_input }
    GetHITLDetailResponse { ti_id }
}

fn read_special(kind: &str, body: &Value, old: bool) -> Result<Option<Ask>, Wrong> {
    // The name before 3.3.
    if kind == "GetNumberXComs" {
        return read_plain("GetXComCount", body);
    }
    let by = |name: &str| -> Result<AssetName, Wrong> {
        Ok(match name {
            "Name" => AssetName::Name(field(body, "name", None)?),
            _ => AssetName::Uri(field(body, "uri", None)?),
        })
    };
    let asset = kind
        .rsplit_once("By")
        .filter(|(_, by)| matches!(*by, "Name" | "Uri"));
    if let Some((what, name)) = asset {
        let key = || field(body, "key", None);
        return Ok(Some(match what {
            "GetAsset" => Ask::GetAsset { asset: by(name)? },
            "GetAssetStateStore" => Ask::GetAssetStateStore {
                asset: by(name)?,
                key: key()?,
            },
            "SetAssetStateStore" => Ask::SetAssetStateStore {
                asset: by(name)?,
                key: key()?,
                value: field(body, "value", None)?,
            },
            "DeleteAssetStateStore" => Ask::DeleteAssetStateStore {
                asset: by(name)?,
                key: key()?,
            },
            "ClearAssetStateStore" => Ask::ClearAssetStateStore { asset: by(name)? },
            _ => return Ok(None),
        }));
    }
    Ok(Some(match kind {
        "CreateHITLDetailPayload" => Ask::CreateHITLDetailPayload {
            detail: Word::read(body)?,
        },
        "DagFileParsingResult" => parsing_result(body)?,
        "TriggerStateChanges" => Ask::TriggerStateChanges {
            events: fired(get(body, "events"), old)?,
            failures: failures(get(body, "failures"))?,
            finished: field(body, "finished", None)?,
        },
        _ => return Ok(None),
    }))
}

fn parsing_result(body: &Value) -> Result<Ask, Wrong> {
    let dags = get(body, "serialized_dags").and_then(Value::as_array);
    let dag = |dag: &Value| -> Result<(Json, Option<Timestamp>), Wrong> {
        Ok((field(dag, "data", None)?, field(dag, "last_loaded", None)?))
    };
    let errors: JsonMap = field(body, "import_errors", None)?;
    let error = |(path, text): (String, Json)| {
        let text = text
            .as_str()
            .map_or_else(|| text.to_string(), str::to_owned);
        (path, text)
    };
    Ok(Ask::DagFileParsingResult {
        fileloc: field(body, "fileloc", None)?,
        serialized_dags: dags
            .into_iter()
            .flatten()
            .map(dag)
            .collect::<Result<_, _>>()?,
        warnings: field(body, "warnings", None)?,
        import_errors: errors.into_iter().map(error).collect(),
    })
}

/// `[[trigger_id, event, seq?]]`, where an event is its payload, or an object with it.
fn fired(events: Option<&Value>, old: bool) -> Result<Vec<TriggerFired>, Wrong> {
    let events = events.and_then(Value::as_array);
    let one = |event: &Value| {
        let wrong = Wrong::new("is no event of a trigger");
        let Some([id, event, rest @ ..]) = event.as_array().map(Vec::as_slice) else {
            return Err(wrong);
        };
        let payload = get(event, "payload").unwrap_or(event);
        let end = match get(event, "task_instance_state") {
            None => None,
            Some(_) => Some(TriggerEnd {
                state: field(event, "task_instance_state", None)?,
                xcoms: field::<Option<JsonMap>>(event, "xcoms", None)?
                    .into_iter()
                    .flatten()
                    .collect(),
            }),
        };
        Ok(TriggerFired {
            trigger_id: id.as_u64().ok_or(wrong)?,
            payload: super::serde::encode(payload, old),
            end,
            seq: rest.first().and_then(Value::as_u64),
        })
    };
    events.into_iter().flatten().map(one).collect()
}

/// `[[trigger_id, traceback lines or null]]`.
fn failures(failures: Option<&Value>) -> Result<Vec<TriggerFailure>, Wrong> {
    let failures = failures.and_then(Value::as_array);
    let one = |failure: &Value| {
        let wrong = Wrong::new("is no failure of a trigger");
        let Some([id, traceback, ..]) = failure.as_array().map(Vec::as_slice) else {
            return Err(wrong);
        };
        let text = match json(traceback, &|at| Json::from(at.isoformat())) {
            Json::Null => None,
            Json::String(text) => Some(text),
            Json::Array(lines) => Some(lines.iter().filter_map(Json::as_str).collect()),
            other @ (Json::Bool(_) | Json::Number(_) | Json::Object(_)) => Some(other.to_string()),
        };
        Ok(TriggerFailure {
            trigger_id: id.as_u64().ok_or(wrong)?,
            traceback: text,
        })
    };
    failures.into_iter().flatten().map(one).collect()
}

#[cfg(test)]
#[allow(clippy::wildcard_enum_match_arm)] // The others are plain.
fn write_special(ask: &Ask) -> Value {
    let by = |what: &str, asset: &AssetName, rest: Vec<(&str, Value)>| {
        let (by, name, text) = match asset {
            AssetName::Name(name) => ("ByName", "name", name),
            AssetName::Uri(uri) => ("ByUri", "uri", uri),
        };
        let mut fields = vec![
            (Value::from("type"), format!("{what}{by}").into()),
            (name.into(), text.write()),
        ];
        fields.extend(rest.into_iter().map(|(name, value)| (name.into(), value)));
        Value::Map(fields)
    };
    match ask {
        Ask::GetAsset { asset } => by("GetAsset", asset, Vec::new()),
        Ask::GetAssetStateStore { asset, key } => {
            by("GetAssetStateStore", asset, vec![("key", key.write())])
        }
        Ask::SetAssetStateStore { asset, key, value } => {
            let rest = vec![("key", key.write()), ("value", value.write())];
            by("SetAssetStateStore", asset, rest)
        }
        Ask::DeleteAssetStateStore { asset, key } => {
            by("DeleteAssetStateStore", asset, vec![("key", key.write())])
        }
        Ask::ClearAssetStateStore { asset } => by("ClearAssetStateStore", asset, Vec::new()),
        Ask::CreateHITLDetailPayload { detail } => {
            super::answers::typed("CreateHITLDetailPayload", detail.write())
        }
        Ask::DagFileParsingResult {
            fileloc,
            serialized_dags,
            warnings,
            import_errors,
        } => {
            let dag = |(data, at): &(Json, Option<Timestamp>)| {
                map([("data", data.write()), ("last_loaded", at.write())])
            };
            let error = |(path, text): &(String, String)| (path.write(), text.write());
            map([
                ("type", "DagFileParsingResult".into()),
                ("fileloc", fileloc.write()),
                (
                    "serialized_dags",
                    Value::Array(serialized_dags.iter().map(dag).collect()),
                ),
                ("warnings", warnings.write()),
                (
                    "import_errors",
                    Value::Map(import_errors.iter().map(error).collect()),
                ),
            ])
        }
        other => panic!("{other:?}"),
    }
}
