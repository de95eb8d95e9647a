//! Task instances.

mod batch;
mod change;
mod clear;
mod delete;
mod dependencies;
mod get;
mod group;
mod list;
mod state;
mod tries;

pub(crate) use batch::*;
pub(crate) use change::*;
pub(crate) use clear::*;
pub(crate) use delete::*;
pub(crate) use dependencies::*;
pub(crate) use get::*;
pub(crate) use group::*;
pub(crate) use list::*;
pub(crate) use tries::*;

use model::{
    MapIndex,
    change::DagRow,
    dag::Task,
    run::DagRun,
    task_instance::{Deferral, TaskInstance, Trigger},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{dags::display_name, jobs::JobResponse, versions::DagVersionResponse};
use crate::{
    app::{App, Place},
    ids,
    wire::{Any, At, TiState, duration_s, ti_state},
};

/// One line for each path.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(clear_tis))
        .routes(routes!(list_tis, bulk_tis))
        .routes(routes!(batch_tis))
        .routes(routes!(get_ti, patch_ti, delete_ti))
        .routes(routes!(patch_group))
        .routes(routes!(dry_run_group))
        .routes(routes!(dry_run_ti))
        .routes(routes!(list_mapped_tis))
        .routes(routes!(list_tries))
        .routes(routes!(get_try))
        .routes(routes!(get_dependencies))
        .routes(routes!(get_mapped_ti, patch_mapped_ti))
        .routes(routes!(dry_run_mapped_ti))
        .routes(routes!(list_mapped_tries))
        .routes(routes!(get_mapped_try))
        .routes(routes!(get_mapped_dependencies))
        .merge(state::router())
}

/// A task instance at its latest try.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskInstanceResponse {
    /// Differs from try to try.
    id: Uuid,
    task_id: String,
    dag_id: String,
    dag_run_id: String,
    map_index: i32,
    logical_date: Option<At>,
    run_after: At,
    start_date: Option<At>,
    end_date: Option<At>,
    /// Seconds.
    duration: Option<f64>,
    state: Option<TiState>,
    try_number: u32,
    max_tries: u32,
    task_display_name: String,
    dag_display_name: String,
    hostname: Option<String>,
    unixname: Option<String>,
    pool: String,
    pool_slots: u32,
    queue: Option<String>,
    priority_weight: Option<i32>,
    operator: Option<String>,
    operator_name: Option<String>,
    queued_when: Option<At>,
    scheduled_when: Option<At>,
    pid: Option<u32>,
    executor: Option<String>,
    executor_config: String,
    note: Option<String>,
    rendered_map_index: Option<String>,
    #[schema(value_type = std::collections::HashMap<String, Any>)]
    rendered_fields: Any,
    trigger: Option<TriggerResponse>,
    triggerer_job: Option<JobResponse>,
    dag_version: Option<DagVersionResponse>,
    orrery: Usage,
}

/// What a try used; not part of upstream's answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrreryUsage)]
pub(crate) struct Usage {
    /// User and system time.
    cpu_seconds: Option<f64>,
    /// Largest resident memory.
    peak_memory_bytes: Option<u64>,
}

/// What a deferred instance waits for.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TriggerResponse {
    id: u64,
    classpath: String,
    kwargs: String,
    created_date: At,
    queue: Option<String>,
    triggerer_id: Option<u64>,
}

/// Task instances, with either an exact total or a cursor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskInstanceCollectionResponse)]
pub(crate) struct TaskInstanceCollection {
    pub(crate) task_instances: Vec<TaskInstanceResponse>,
    pub(crate) total_entries: Option<u64>,
    /// Where counting stopped; a total of this size means at least as many.
    pub(crate) total_entries_limit: Option<u64>,
    pub(crate) next_cursor: Option<String>,
    pub(crate) previous_cursor: Option<String>,
}

/// What an answer about a task instance is made of beside itself.
pub(crate) struct About<'a> {
    pub(crate) place: &'a Place,
    pub(crate) row: &'a DagRow,
    pub(crate) run: &'a DagRun,
    /// The task's id, also when the dag no longer has the task.
    pub(crate) task_id: &'a str,
    /// The task at the version that the try follows, where it can still be read.
    pub(crate) task: Option<&'a Task>,
    /// The sum of its own weight and that of the tasks that count with it.
    pub(crate) priority_weight: Option<i32>,
    pub(crate) version: Option<DagVersionResponse>,
    /// Its template fields as they were after rendering, an object.
    pub(crate) rendered: Option<model::Json>,
}

/// What the task says, or what is assumed once nothing says it.
struct Says {
    display_name: String,
    pool: String,
    pool_slots: u32,
    queue: Option<String>,
    priority_weight: Option<i32>,
    operator: Option<String>,
    operator_name: Option<String>,
}

fn says(about: &About<'_>) -> Says {
    let Some(task) = about.task else {
        return Says {
            display_name: about.task_id.to_owned(),
            pool: "default_pool".to_owned(),
            pool_slots: 1,
            queue: None,
            priority_weight: None,
            operator: None,
            operator_name: None,
        };
    };
    Says {
        display_name: task_display_name(task),
        pool: task.pool.to_string(),
        pool_slots: task.pool_slots,
        queue: Some(task.queue.clone()),
        priority_weight: about.priority_weight,
        operator: Some(operator_class(task).to_owned()),
        operator_name: Some(operator_name(task).to_owned()),
    }
}

/// The name that people see.
pub(crate) fn task_display_name(task: &Task) -> String {
    task.display_name
        .clone()
        .unwrap_or_else(|| task.task_id.to_string())
}

/// The last part of the operator's class path.
pub(crate) fn operator_class(task: &Task) -> &str {
    task.operator.class.rsplit('.').next().unwrap_or_default()
}

/// What people call the operator: `@task.branch` rather than its class.
pub(crate) fn operator_name(task: &Task) -> &str {
    let own = task.display.operator_name.as_deref();
    own.unwrap_or_else(|| operator_class(task))
}

/// The id of the try that an instance is at.
pub(crate) fn id(
    place: &Place,
    row: &DagRow,
    run: &DagRun,
    task_id: &str,
    ti: &TaskInstance,
) -> Uuid {
    let (dag_id, run_id) = (&row.dag_id, &run.run_id);
    ids::task_instance(
        &place.deployment,
        dag_id,
        run_id,
        task_id,
        ti.key.map,
        ti.try_number,
    )
}

impl TaskInstanceResponse {
    pub(crate) fn new(about: &About<'_>, ti: TaskInstance) -> Self {
        let id = id(about.place, about.row, about.run, about.task_id, &ti);
        let says = says(about);
        let trigger = trigger(&ti);
        let TaskInstance {
            key,
            state,
            try_number,
            max_tries,
            version: _,
            scheduled_when,
            queued_when,
            start_date,
            end_date,
            fence: _,
            pid,
            cpu_us,
            memory_peak_bytes,
            not_before: _,
            deferral: _,
            reason: _,
            rendered_map_index,
            note,
            returned: _,
            n_stuck: _,
        } = ti;
        // Nobody has been at work on it before it began.
        let began = start_date.is_some();
        Self {
            id,
            task_id: about.task_id.to_owned(),
            dag_id: about.row.dag_id.to_string(),
            dag_run_id: about.run.run_id.to_string(),
            map_index: key.map.0,
            logical_date: about.run.logical_date.map(At),
            run_after: At(about.run.run_after),
            start_date: start_date.map(At),
            end_date: end_date.map(At),
            duration: duration_s(start_date, end_date),
            state: ti_state(state),
            try_number,
            max_tries,
            task_display_name: says.display_name,
            dag_display_name: display_name(about.row),
            hostname: began.then(|| about.place.hostname.clone()),
            unixname: began.then(|| about.place.unixname.clone()),
            pool: says.pool,
            pool_slots: says.pool_slots,
            queue: says.queue,
            priority_weight: says.priority_weight,
            operator: says.operator,
            operator_name: says.operator_name,
            queued_when: queued_when.map(At),
            scheduled_when: scheduled_when.map(At),
            pid,
            executor: None,
            executor_config: "{}".to_owned(),
            note,
            rendered_map_index: rendered_map_index
                .or_else(|| (key.map != MapIndex::NONE).then(|| key.map.to_string())),
            rendered_fields: Any(about.rendered.clone().unwrap_or_else(no_fields)),
            trigger,
            triggerer_job: None,
            dag_version: about.version.clone(),
            orrery: Usage {
                cpu_seconds: cpu_us.map(super::dags::seconds),
                peak_memory_bytes: memory_peak_bytes,
            },
        }
    }
}

fn no_fields() -> model::Json {
    model::Json::Object(model::JsonMap::new())
}

fn trigger(ti: &TaskInstance) -> Option<TriggerResponse> {
    let Deferral {
        trigger,
        timeout: _,
        soft_fail: _,
        resume: _,
    } = ti.deferral.as_ref()?;
    let (classpath, kwargs) = match trigger {
        Trigger::At(at) => (
            "airflow.providers.standard.triggers.temporal.DateTimeTrigger",
            serde_json::json!({ "moment": at.to_string() }),
        ),
        Trigger::File {
            path,
            recursive,
            poke_interval_us,
        } => (
            "airflow.providers.standard.triggers.file.FileTrigger",
            serde_json::json!({
                "filepath": path,
                "recursive": recursive,
                "poke_interval": super::dags::seconds(*poke_interval_us),
            }),
        ),
        Trigger::Python { class, kwargs } => (class.as_str(), kwargs.clone()),
        // Upstream has no trigger for it either.
        Trigger::Human => return None,
    };
    Some(TriggerResponse {
        id: ti.fence.map_or(0, |fence| fence.0),
        classpath: classpath.to_owned(),
        kwargs: kwargs.to_string(),
        created_date: At(ti.start_date.or(ti.queued_when).or(ti.scheduled_when)?),
        queue: None,
        triggerer_id: None,
    })
}
