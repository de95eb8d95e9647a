//! The parts of messages, field by field.

use super::value::{Word, Wrong, field, from_json, get, map};
use model::{
    Json, JsonMap,
    execution::{
        Asset, AssetEvent, AssetRef, Bundle, Callback, ConnectionWords, ConsumedEvent, CreatedRun,
        DagDetails, DagRun, HitlDetail, HitlUser, PreviousTi, RunTrigger, SkipTarget,
        StartupDetails, TaskInstance, TiRunContext,
    },
};
use rmpv::Value;

macro_rules! parts {
    ($($type:ident { $($field:ident $(= $default:expr)?),* $(,)? })+) => {$(
        impl Word for $type {
            fn read(value: &Value) -> Result<Self, Wrong> {
                if !value.is_map() {
                    return Err(Wrong::new("is no object"));
                }
                Ok(Self { $($field: {
                    #[allow(unused_mut, unused_assignments)]
                    let mut default = None;
                    $(default = Some($default);)?
                    field(value, stringify!($field), default)?
                }),* })
            }
            fn write(&self) -> Value {
                let Self { $($field),* } = self;
                map([$((stringify!($field), $field.write())),*])
            }
        }
    )+};
}

parts! {
    Asset { name, uri, group, extra }
    AssetEvent {
        id, timestamp, extra, asset, created_dagruns, source_task_id, source_dag_id,
        source_run_id, source_map_index, partition_key,
    }
    CreatedRun {
        run_id, dag_id, logical_date, start_date, end_date, state, data_interval_start,
        data_interval_end, partition_key,
    }
    DagRun {
        dag_id, run_id, logical_date, data_interval_start, data_interval_end, run_after,
        start_date, end_date, clear_number = 0, run_type, state, conf, triggering_user_name,
        consumed_asset_events, partition_key, partition_date, note, team_name,
    }
    PreviousTi {
        task_id, dag_id, run_id, logical_date, start_date, end_date, state, try_number,
        map_index = -1, duration,
    }
    DagDetails {
        dag_id, is_paused, bundle_name, bundle_version, relative_fileloc, owners, tags,
        next_dagrun,
    }
    HitlDetail {
        ti_id, options, subject, body, defaults, multiple = false, params, assigned_users,
    }
    HitlUser { id, name }
    Bundle { name, version }
    TaskInstance {
        id, task_id, dag_id, run_id, try_number, dag_version_id, map_index = -1, hostname,
        context_carrier, queue = "default".to_owned(),
    }
    ConnectionWords { conn_id, conn_type, host, schema, login, password, port, extra }
}

impl Word for AssetRef {
    fn read(value: &Value) -> Result<Self, Wrong> {
        Ok(Self {
            name: field(value, "name", None)?,
            uri: field(value, "uri", None)?,
            kind: field(value, "type", None)?,
        })
    }
    fn write(&self) -> Value {
        let Self { name, uri, kind } = self;
        map([
            ("name", name.write()),
            ("uri", uri.write()),
            ("type", kind.write()),
        ])
    }
}

impl Word for ConsumedEvent {
    fn read(value: &Value) -> Result<Self, Wrong> {
        let asset = get(value, "asset").ok_or(Wrong::new("has no asset"))?;
        let aliases: Vec<JsonMap> = field(value, "source_aliases", None)?;
        let alias = |alias: &JsonMap| Some(alias.get("name")?.as_str()?.to_owned());
        Ok(Self {
            asset_name: field(asset, "name", None)?,
            asset_uri: field(asset, "uri", None)?,
            asset_extra: field(asset, "extra", None)?,
            extra: field(value, "extra", None)?,
            source_task_id: field(value, "source_task_id", None)?,
            source_dag_id: field(value, "source_dag_id", None)?,
            source_run_id: field(value, "source_run_id", None)?,
            source_map_index: field(value, "source_map_index", None)?,
            source_aliases: aliases.iter().filter_map(alias).collect(),
            timestamp: field(value, "timestamp", None)?,
            partition_key: field(value, "partition_key", None)?,
        })
    }
    fn write(&self) -> Value {
        let Self {
            asset_name,
            asset_uri,
            asset_extra,
            extra,
            source_task_id,
            source_dag_id,
            source_run_id,
            source_map_index,
            source_aliases,
            timestamp,
            partition_key,
        } = self;
        let asset = map([
            ("name", asset_name.write()),
            ("uri", asset_uri.write()),
            ("extra", asset_extra.write()),
        ]);
        let alias = |name: &String| map([("name", name.write())]);
        map([
            ("asset", asset),
            ("extra", extra.write()),
            ("source_task_id", source_task_id.write()),
            ("source_dag_id", source_dag_id.write()),
            ("source_run_id", source_run_id.write()),
            ("source_map_index", source_map_index.write()),
            (
                "source_aliases",
                Value::Array(source_aliases.iter().map(alias).collect()),
            ),
            ("timestamp", timestamp.write()),
            ("partition_key", partition_key.write()),
        ])
    }
}

impl Word for SkipTarget {
    fn read(value: &Value) -> Result<Self, Wrong> {
        let wrong = Wrong::new("is no task");
        let Some([task, map_index]) = value.as_array().map(Vec::as_slice) else {
            let task_id = Word::read(value).map_err(|_| wrong)?;
            return Ok(Self {
                task_id,
                map_index: None,
            });
        };
        Ok(Self {
            task_id: Word::read(task)?,
            map_index: Some(Word::read(map_index)?),
        })
    }
    fn write(&self) -> Value {
        let Self { task_id, map_index } = self;
        match map_index {
            None => task_id.write(),
            Some(at) => Value::Array(vec![task_id.write(), at.write()]),
        }
    }
}

/// The first word to a task. The worker process keeps it as it is here; what the runtime does not
/// know is left out when it is sent, and `start_date` is put in.
pub fn startup(details: &StartupDetails) -> Value {
    let StartupDetails {
        ti,
        dag_rel_path,
        bundle_info,
        ti_context,
        sentry_integration,
    } = details;
    map([
        ("type", "StartupDetails".into()),
        ("ti", ti.write()),
        ("dag_rel_path", dag_rel_path.write()),
        ("bundle_info", bundle_info.write()),
        ("ti_context", context(ti_context)),
        ("sentry_integration", sentry_integration.write()),
    ])
}

fn context(context: &TiRunContext) -> Value {
    let TiRunContext {
        dag_run,
        task_reschedule_count,
        max_tries,
        variables,
        connections,
        next_method,
        next_kwargs,
        event,
        xcom_keys_to_clear,
        should_retry,
        start_date,
        upstream_map_indexes,
    } = context;
    let variable = |(key, value): &(String, Option<String>)| {
        map([("key", key.write()), ("value", value.write())])
    };
    let kwargs = resume_kwargs(next_kwargs.as_ref(), event.as_ref());
    let index = |(task, at): &(String, Json)| (task.write(), at.write());
    map([
        ("dag_run", dag_run.write()),
        ("task_reschedule_count", task_reschedule_count.write()),
        ("max_tries", max_tries.write()),
        (
            "variables",
            Value::Array(variables.iter().map(variable).collect()),
        ),
        ("connections", connections.write()),
        ("next_method", next_method.write()),
        ("next_kwargs", kwargs.write()),
        ("xcom_keys_to_clear", xcom_keys_to_clear.write()),
        ("should_retry", should_retry.write()),
        ("start_date", start_date.write()),
        (
            "upstream_map_indexes",
            Value::Map(upstream_map_indexes.iter().map(index).collect()),
        ),
    ])
}

/// The arguments of a resume with the trigger's event among them. Airflow before 3.2 wraps the
/// object once more.
fn resume_kwargs(kwargs: Option<&Json>, event: Option<&Json>) -> Option<Json> {
    let Some(event) = event else {
        return kwargs.cloned();
    };
    let mut kwargs = kwargs.cloned().unwrap_or(Json::Null);
    let wrapped = kwargs.get("__type").and_then(Json::as_str) == Some("dict");
    let inner = if wrapped {
        kwargs.get_mut("__var")
    } else {
        Some(&mut kwargs)
    };
    if let Some(inner) = inner {
        if !inner.is_object() {
            *inner = Json::Object(JsonMap::new());
        }
        if let Some(map) = inner.as_object_mut() {
            map.insert("event".to_owned(), event.clone());
        }
    }
    Some(kwargs)
}

/// A try as executors know it. What it takes of a pool matters to nobody who watches for it, but
/// Airflow wants to be told.
fn with_slots(ti: &TaskInstance) -> Value {
    let mut value = ti.write();
    if let Value::Map(fields) = &mut value {
        let more = ["pool_slots", "priority_weight"];
        fields.extend(more.map(|name| (name.into(), 1.into())));
    }
    value
}

/// A callback to run in the dag processor.
pub fn callback(callback: &Callback) -> Value {
    match callback {
        Callback::Dag {
            filepath,
            bundle,
            msg,
            dag_id,
            run_id,
            dag_run,
            last_ti,
            is_failure_callback,
        } => {
            let context = map([("dag_run", dag_run.write()), ("last_ti", last_ti.write())]);
            let rest = [
                ("dag_id", dag_id.write()),
                ("run_id", run_id.write()),
                ("context_from_server", context),
                ("is_failure_callback", is_failure_callback.write()),
            ];
            of_file("DagCallbackRequest", (filepath, bundle, msg), rest)
        }
        Callback::Task {
            filepath,
            bundle,
            msg,
            ti,
            task_callback_type,
            context: server,
        } => {
            let rest = [
                ("ti", ti.write()),
                ("task_callback_type", task_callback_type.write()),
                (
                    "context_from_server",
                    server.as_deref().map_or(Value::Nil, context),
                ),
            ];
            of_file("TaskCallbackRequest", (filepath, bundle, msg), rest)
        }
        Callback::Function {
            filepath,
            bundle: _, // The dag folder, whose path is said beside.
            path,
            kwargs,
        } => map([
            ("callback_path", path.write()),
            ("callback_kwargs", kwargs.write()),
            ("dag_rel_path", filepath.write()),
        ]),
        Callback::Email {
            filepath,
            bundle,
            msg,
            ti,
            is_failure,
            context: server,
        } => {
            let kind = if *is_failure { "failure" } else { "retry" };
            let rest = [
                ("ti", ti.write()),
                ("email_type", kind.into()),
                ("context_from_server", context(server)),
            ];
            of_file("EmailRequest", (filepath, bundle, msg), rest)
        }
    }
}

fn of_file<const N: usize>(
    kind: &str,
    (filepath, bundle, msg): (&String, &Bundle, &Option<String>),
    rest: [(&str, Value); N],
) -> Value {
    let file = map([
        ("filepath", filepath.write()),
        ("bundle_name", bundle.name.write()),
        ("bundle_version", bundle.version.write()),
        ("msg", msg.write()),
    ]);
    let mut all = super::answers::typed(kind, file);
    if let (Value::Map(all), Value::Map(rest)) = (&mut all, map(rest)) {
        all.extend(rest);
    }
    all
}

/// A trigger to run. Its arguments go as JSON text, which upstream takes as not encrypted.
pub fn run_trigger(trigger: &RunTrigger) -> Value {
    let RunTrigger {
        id,
        classpath,
        kwargs,
        ti,
        timeout_after,
        dag_data,
        dag_run_data,
        lasts: _,
    } = trigger;
    map([
        ("type", "RunTrigger".into()),
        ("id", id.write()),
        ("classpath", classpath.write()),
        ("encrypted_kwargs", kwargs.to_string().into()),
        ("ti", ti.as_deref().map_or(Value::Nil, with_slots)),
        ("timeout_after", timeout_after.write()),
        (
            "dag_data",
            dag_data.as_deref().map_or(Value::Nil, from_json),
        ),
        ("dag_run_data", dag_run_data.write()),
    ])
}
