//! The tries of a task instance, the latest one last.

use axum::{Json, extract::State};
use model::task_instance::TaskInstance;
use serde::Serialize;
use utoipa::ToSchema;

use super::{About, MapQuery, TaskInstanceResponse, Usage};
use crate::{
    airflow::versions::DagVersionResponse,
    app::App,
    book::Book,
    problem::Problem,
    request::{Path, Query},
    wire::{At, TiState},
};

/// A try of a task instance.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskInstanceHistoryResponse {
    task_id: String,
    dag_id: String,
    dag_run_id: String,
    map_index: i32,
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
    dag_version: Option<DagVersionResponse>,
    orrery: Usage,
}

/// Tries, and how many there are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskInstanceHistoryCollectionResponse {
    task_instances: Vec<TaskInstanceHistoryResponse>,
    total_entries: u64,
}

impl TaskInstanceHistoryResponse {
    pub(crate) fn new(about: &About<'_>, ti: TaskInstance) -> Self {
        let TaskInstanceResponse {
            id: _,
            task_id,
            dag_id,
            dag_run_id,
            map_index,
            logical_date: _,
            run_after: _,
            start_date,
            end_date,
            duration,
            state,
            try_number,
            max_tries,
            task_display_name,
            dag_display_name,
            hostname,
            unixname,
            pool,
            pool_slots,
            queue,
            priority_weight,
            operator,
            operator_name,
            queued_when,
            scheduled_when,
            pid,
            executor,
            executor_config,
            note: _,
            rendered_map_index: _,
            rendered_fields: _,
            trigger: _,
            triggerer_job: _,
            dag_version,
            orrery,
        } = TaskInstanceResponse::new(about, ti);
        Self {
            task_id,
            dag_id,
            dag_run_id,
            map_index,
            start_date,
            end_date,
            duration,
            state,
            try_number,
            max_tries,
            task_display_name,
            dag_display_name,
            hostname,
            unixname,
            pool,
            pool_slots,
            queue,
            priority_weight,
            operator,
            operator_name,
            queued_when,
            scheduled_when,
            pid,
            executor,
            executor_config,
            dag_version,
            orrery,
        }
    }
}

type Names = (String, String, String, i32);

/// Earlier tries from the archive, and the present one; what never ran is upstream's try 0.
fn all(
    book: &Book<'_>,
    (dag_id, run_id, task_id, map): &Names,
) -> Result<Vec<TaskInstanceHistoryResponse>, Problem> {
    let found = book.run(dag_id, run_id)?;
    let ti = book.ti(&found, task_id, *map)?;
    let mut tries = book.tries(ti.key)?;
    tries.push(ti);
    let response = |ti: TaskInstance| {
        let made = |about: &About<'_>| TaskInstanceHistoryResponse::new(about, ti.clone());
        book.about(&found, task_id, &ti, made)
    };
    tries.into_iter().map(response).collect()
}

async fn list(
    app: &App,
    names: Names,
) -> Result<Json<TaskInstanceHistoryCollectionResponse>, Problem> {
    let task_instances = app.read(move |book| all(book, &names)).await?;
    let total_entries = task_instances.len() as u64;
    Ok(Json(TaskInstanceHistoryCollectionResponse {
        task_instances,
        total_entries,
    }))
}

async fn one(
    app: &App,
    names: Names,
    try_number: u32,
) -> Result<Json<TaskInstanceHistoryResponse>, Problem> {
    let tries = app.read(move |book| all(book, &names)).await?;
    let found = tries.into_iter().find(|one| one.try_number == try_number);
    found
        .map(Json)
        .ok_or_else(|| Problem::not_found("try", try_number))
}

/// The tries of a task instance.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries",
    operation_id = "get_task_instance_tries", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        MapQuery),
    responses((status = 200, body = TaskInstanceHistoryCollectionResponse)))]
pub(crate) async fn list_tries(
    State(app): State<App>,
    Path((dag_id, run_id, task_id)): Path<(String, String, String)>,
    query: Query<MapQuery>,
) -> Result<Json<TaskInstanceHistoryCollectionResponse>, Problem> {
    list(&app, (dag_id, run_id, task_id, query.map_index)).await
}

/// The tries of an instance of a mapped task.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/tries",
    operation_id = "get_mapped_task_instance_tries", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path)),
    responses((status = 200, body = TaskInstanceHistoryCollectionResponse)))]
pub(crate) async fn list_mapped_tries(
    State(app): State<App>,
    Path(names): Path<Names>,
) -> Result<Json<TaskInstanceHistoryCollectionResponse>, Problem> {
    list(&app, names).await
}

/// One try.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/tries/{task_try_number}",
    operation_id = "get_task_instance_try_details", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("task_try_number" = u32, Path), MapQuery),
    responses((status = 200, body = TaskInstanceHistoryResponse)))]
pub(crate) async fn get_try(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, number)): Path<(String, String, String, u32)>,
    query: Query<MapQuery>,
) -> Result<Json<TaskInstanceHistoryResponse>, Problem> {
    one(&app, (dag_id, run_id, task_id, query.map_index), number).await
}

/// One try of an instance of a mapped task.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}\
/{map_index}/tries/{task_try_number}",
    operation_id = "get_mapped_task_instance_try_details", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path), ("task_try_number" = u32, Path)),
    responses((status = 200, body = TaskInstanceHistoryResponse)))]
pub(crate) async fn get_mapped_try(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, map, number)): Path<(String, String, String, i32, u32)>,
) -> Result<Json<TaskInstanceHistoryResponse>, Problem> {
    one(&app, (dag_id, run_id, task_id, map), number).await
}
