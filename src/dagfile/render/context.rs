//! The names that a template knows: Airflow's template context. Each value is made when it is asked
//! for, since most templates use one or two.

use std::{fmt, sync::Arc};

use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Object, ObjectRepr},
};
use model::{
    Json, JsonMap, Timestamp,
    dag::{Dag, Task},
    run::DagRun,
};

use super::{
    Context, Lookup, PreviousRun,
    accessors::{Book, Connections, Own, Variables, xcom_pull},
    budget::{self, Budget},
    macros::{Macros, What},
    python,
    time::DateTime,
};

/// The context of one task's templates.
#[derive(Debug)]
pub(super) struct Root {
    pub book: Arc<Book>,
    parts: Arc<Parts>,
    user_macros: JsonMap,
    params: JsonMap,
    previous: PreviousRun,
    now: Timestamp,
    budget: Value,
}

/// What dag, run, task and task instance tell.
#[derive(Debug)]
struct Parts {
    dag: JsonMap,
    start_date: Option<Timestamp>,
    task: JsonMap,
    run: DagRun,
    own: Own,
    ti: JsonMap,
    ti_start: Timestamp,
}

impl Root {
    pub fn new(dag: &Dag, task: &Task, context: &Context<'_>, lookup: &Arc<dyn Lookup>) -> Self {
        let own = Own {
            dag_id: dag.dag_id.clone(),
            run_id: context.run.run_id.clone(),
            task_id: task.task_id.clone(),
        };
        let parts = Parts {
            dag: dag_facts(dag),
            start_date: dag.start_date,
            task: task_facts(dag, task),
            run: context.run.clone(),
            ti: ti_facts(&own, context),
            ti_start: context.start_date,
            own,
        };
        Self {
            book: Arc::new(Book {
                lookup: Arc::clone(lookup),
                secrets: std::sync::Mutex::default(),
            }),
            parts: Arc::new(parts),
            user_macros: dag.user_defined_macros.clone(),
            params: params(dag, task, context.run),
            previous: context.previous_success.clone().unwrap_or_default(),
            now: context.now,
            budget: Value::from_object(Budget::default()),
        }
    }

    fn thing(&self, kind: Kind) -> Value {
        Value::from_object(Thing {
            kind,
            parts: Arc::clone(&self.parts),
            book: Arc::clone(&self.book),
        })
    }

    /// What depends on the logical date; without one, these names do not exist.
    fn dated(&self, key: &str) -> Option<Value> {
        let run = &self.parts.run;
        let at = DateTime::utc(run.logical_date?);
        let format = |pattern: &str| super::strftime::format(&at, pattern).ok().map(Value::from);
        let interval = run.data_interval;
        let previous = self.previous.data_interval;
        match key {
            "logical_date" => Some(Value::from_object(at)),
            "ds" => format("%Y-%m-%d"),
            "ds_nodash" => format("%Y%m%d"),
            "ts" => Some(at.isoformat("T").into()),
            "ts_nodash" => format("%Y%m%dT%H%M%S"),
            "ts_nodash_with_tz" => Some(at.isoformat("T").replace(['-', ':'], "").into()),
            "data_interval_start" => Some(date(interval.map(|i| i.start))),
            "data_interval_end" => Some(date(interval.map(|i| i.end))),
            "prev_data_interval_start_success" => Some(date(previous.map(|i| i.start))),
            "prev_data_interval_end_success" => Some(date(previous.map(|i| i.end))),
            _ => None,
        }
    }

    fn key_str(&self) -> String {
        let Own {
            dag_id,
            task_id,
            run_id,
        } = &self.parts.own;
        let day = self.dated("ds_nodash").map(|day| day.to_string());
        format!(
            "{dag_id}__{task_id}__{}",
            day.unwrap_or_else(|| run_id.to_string())
        )
    }

    fn get(&self, key: &str) -> Option<Value> {
        let macros = |what| {
            Value::from_object(Macros {
                what,
                now: self.now,
            })
        };
        let book = || Arc::clone(&self.book);
        Some(match key {
            budget::KEY => self.budget.clone(),
            "dag" => self.thing(Kind::Dag),
            "task" => self.thing(Kind::Task),
            "dag_run" => self.thing(Kind::Run),
            "ti" | "task_instance" => self.thing(Kind::Instance),
            "run_id" => self.parts.own.run_id.as_str().into(),
            "params" => python::from_json(&Json::Object(self.params.clone())),
            "macros" => macros(What::Macros),
            "var" => {
                Value::from_pairs([("value", false), ("json", true)].map(|(name, as_json)| {
                    let variables = Variables {
                        book: book(),
                        as_json,
                    };
                    (name, Value::from_object(variables))
                }))
            }
            "conn" => Value::from_object(Connections(book())),
            "prev_start_date_success" => date(self.previous.start_date),
            "prev_end_date_success" => date(self.previous.end_date),
            "task_instance_key_str" => self.key_str().into(),
            "inlets" | "outlets" => Value::from(Vec::<Value>::new()),
            "triggering_asset_events" | "outlet_events" | "inlet_events" => {
                python::from_json(&Json::Object(JsonMap::new()))
            }
            "map_index_template" | "exception" => Value::from(()),
            "test_mode" => false.into(),
            "task_reschedule_count" => 0.into(),
            "try_number" => self.parts.ti.get("try_number").map(python::from_json)?,
            "partition_key" => self
                .parts
                .run
                .partition_key
                .as_deref()
                .map_or(Value::from(()), Value::from),
            "partition_date" => date(self.parts.run.partition_date),
            _ => {
                let own = self.user_macros.get(key).map(python::from_json);
                return self.dated(key).or(own);
            }
        })
    }
}

impl Object for Root {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.get(key)
    }
}

fn date(at: Option<Timestamp>) -> Value {
    at.map_or(Value::from(()), |at| Value::from_object(DateTime::utc(at)))
}

/// The dag's defaults, over them the task's, over them what the run was given.
fn params(dag: &Dag, task: &Task, run: &DagRun) -> JsonMap {
    let declared = dag.params.iter();
    let mut params: JsonMap = declared
        .map(|param| {
            (
                param.name.clone(),
                param.default.clone().unwrap_or_default(),
            )
        })
        .collect();
    if let Some(Json::Object(own)) = task.extra.get("params") {
        params.extend(own.clone());
    }
    if let Json::Object(given) = &run.conf {
        params.extend(given.clone());
    }
    params
}

fn facts<const N: usize>(pairs: [(&str, Json); N]) -> JsonMap {
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn dag_facts(dag: &Dag) -> JsonMap {
    let name = dag
        .display_name
        .clone()
        .unwrap_or_else(|| dag.dag_id.to_string());
    facts([
        ("dag_id", dag.dag_id.as_str().into()),
        ("dag_display_name", name.into()),
        ("description", dag.description.clone().into()),
        ("doc_md", dag.doc_md.clone().into()),
        ("owner", dag.owners.join(", ").into()),
        ("tags", dag.tags.clone().into()),
        ("catchup", dag.catchup.into()),
        ("timezone", dag.timezone.as_str().into()),
        ("max_active_runs", dag.max_active_runs.into()),
        ("max_active_tasks", dag.max_active_tasks.into()),
        ("fail_fast", dag.fail_fast.into()),
        ("default_args", Json::Object(dag.default_args.clone())),
    ])
}

fn task_facts(dag: &Dag, task: &Task) -> JsonMap {
    let ids = |places: &[usize]| -> Json {
        let tasks = places.iter().filter_map(|place| dag.tasks.get(*place));
        tasks
            .map(|task| Json::from(task.task_id.as_str()))
            .collect()
    };
    let class = task.operator.class.rsplit('.').next().unwrap_or_default();
    facts([
        ("task_id", task.task_id.as_str().into()),
        ("task_type", class.into()),
        ("operator_name", class.into()),
        ("dag_id", dag.dag_id.as_str().into()),
        ("owner", task.owner.as_str().into()),
        ("doc_md", task.doc_md.clone().into()),
        ("pool", task.pool.as_str().into()),
        ("pool_slots", task.pool_slots.into()),
        ("queue", task.queue.as_str().into()),
        ("priority_weight", task.priority_weight.into()),
        ("retries", task.retries.into()),
        ("trigger_rule", task.trigger_rule.as_str().into()),
        ("depends_on_past", task.depends_on_past.into()),
        ("upstream_task_ids", ids(&task.upstream)),
        ("downstream_task_ids", ids(&task.downstream)),
    ])
}

fn ti_facts(own: &Own, context: &Context<'_>) -> JsonMap {
    facts([
        ("task_id", own.task_id.as_str().into()),
        ("dag_id", own.dag_id.as_str().into()),
        ("run_id", own.run_id.as_str().into()),
        ("try_number", context.try_number.into()),
        ("max_tries", context.max_tries.into()),
        ("map_index", context.map_index.0.into()),
        ("state", "running".into()),
    ])
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dag,
    Task,
    Run,
    Instance,
}

/// `dag`, `task`, `dag_run` or `ti`.
#[derive(Debug)]
struct Thing {
    kind: Kind,
    parts: Arc<Parts>,
    book: Arc<Book>,
}

impl Thing {
    fn run(&self, key: &str) -> Option<Value> {
        let run = &self.parts.run;
        let interval = run.data_interval;
        let text = |text: &Option<String>| text.as_deref().map_or(Value::from(()), Value::from);
        Some(match key {
            "dag_id" => self.parts.own.dag_id.as_str().into(),
            "run_id" => run.run_id.as_str().into(),
            "logical_date" => date(run.logical_date),
            "data_interval_start" => date(interval.map(|i| i.start)),
            "data_interval_end" => date(interval.map(|i| i.end)),
            "run_after" => date(Some(run.run_after)),
            "queued_at" => date(run.queued_at),
            "start_date" => date(run.start_date),
            "end_date" => date(run.end_date),
            "run_type" => run.run_type.as_str().into(),
            "state" => run.state.as_str().into(),
            "conf" => match &run.conf {
                Json::Null => python::from_json(&Json::Object(JsonMap::new())),
                conf @ (Json::Bool(_)
                | Json::Number(_)
                | Json::String(_)
                | Json::Array(_)
                | Json::Object(_)) => python::from_json(conf),
            },
            "note" => text(&run.note),
            "triggering_user_name" => text(&run.triggering_user),
            "clear_number" => run.clear_number.into(),
            "partition_key" => text(&run.partition_key),
            "partition_date" => date(run.partition_date),
            _ => return None,
        })
    }
}

impl Object for Thing {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let parts = &self.parts;
        let key = key.as_str()?;
        let other = |kind| {
            let (parts, book) = (Arc::clone(parts), Arc::clone(&self.book));
            Value::from_object(Self { kind, parts, book })
        };
        match (self.kind, key) {
            (Kind::Run, _) => self.run(key),
            (Kind::Dag, "start_date") => Some(date(parts.start_date)),
            (Kind::Dag, _) => parts.dag.get(key).map(python::from_json),
            (Kind::Task | Kind::Instance, "dag") => Some(other(Kind::Dag)),
            (Kind::Task, _) => parts.task.get(key).map(python::from_json),
            (Kind::Instance, "task") => Some(other(Kind::Task)),
            (Kind::Instance, "dag_run") => Some(other(Kind::Run)),
            (Kind::Instance, "start_date") => Some(date(Some(parts.ti_start))),
            (Kind::Instance, _) => parts.ti.get(key).map(python::from_json),
        }
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match (self.kind, method) {
            (Kind::Instance, "xcom_pull") => xcom_pull(&self.book, &self.parts.own, args),
            (Kind::Instance, "xcom_push") => Err(super::time::wrong(
                "a template cannot push an XCom; let the task return it",
            )),
            (Kind::Dag | Kind::Task | Kind::Run | Kind::Instance, _) => {
                Err(Error::from(ErrorKind::UnknownMethod))
            }
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Own {
            dag_id,
            task_id,
            run_id,
        } = &self.parts.own;
        let task_type = self.parts.task.get("task_type").and_then(Json::as_str);
        match self.kind {
            Kind::Dag => write!(f, "<DAG: {dag_id}>"),
            Kind::Task => write!(f, "<Task({}): {task_id}>", task_type.unwrap_or_default()),
            Kind::Run => write!(f, "<DagRun {dag_id} @ {run_id}>"),
            Kind::Instance => write!(f, "<TaskInstance: {dag_id}.{task_id} {run_id} [running]>"),
        }
    }
}
