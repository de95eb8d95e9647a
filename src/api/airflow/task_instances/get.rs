//! One task instance.

use axum::{Json, extract::State};

use super::TaskInstanceResponse;
use crate::{
    app::App,
    problem::Problem,
    request::{Path, query},
};

query! {
    /// Which instance of a task.
    MapQuery {
        map_index: i32 = -1,
    }
}

/// The instance of a task that is not mapped.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",
    operation_id = "get_task_instance", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path)),
    responses((status = 200, body = TaskInstanceResponse)))]
pub(crate) async fn get_ti(
    State(app): State<App>,
    Path((dag_id, run_id, task_id)): Path<(String, String, String)>,
) -> Result<Json<TaskInstanceResponse>, Problem> {
    one(&app, (dag_id, run_id, task_id, -1)).await
}

/// An instance of a mapped task.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}",
    operation_id = "get_mapped_task_instance", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path)),
    responses((status = 200, body = TaskInstanceResponse)))]
pub(crate) async fn get_mapped_ti(
    State(app): State<App>,
    Path(names): Path<(String, String, String, i32)>,
) -> Result<Json<TaskInstanceResponse>, Problem> {
    one(&app, names).await
}

async fn one(
    app: &App,
    (dag_id, run_id, task_id, map): (String, String, String, i32),
) -> Result<Json<TaskInstanceResponse>, Problem> {
    app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        let ti = book.ti(&found, &task_id, map)?;
        book.ti_response(&found, ti).map(Json)
    })
    .await
}
