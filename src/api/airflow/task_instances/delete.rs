//! Deleting a task instance.

use axum::{Json, extract::State};
use model::command::Command;

use super::MapQuery;
use crate::{
    app::App,
    problem::Problem,
    request::{Path, Query},
};

/// Delete a task instance. Its run goes on without it.
#[utoipa::path(delete, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}",
    operation_id = "delete_task_instance", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        MapQuery),
    responses((status = 200)))]
pub(crate) async fn delete_ti(
    State(app): State<App>,
    Path((dag_id, run_id, task_id)): Path<(String, String, String)>,
    query: Query<MapQuery>,
) -> Result<Json<()>, Problem> {
    let map = query.map_index;
    let key = app
        .read(move |book| {
            let found = book.run(&dag_id, &run_id)?;
            book.ti(&found, &task_id, map).map(|ti| ti.key)
        })
        .await?;
    app.command(Command::DeleteTaskInstance { key }).await?;
    Ok(Json(()))
}
