//! Why a task instance does not run, in upstream's words for it.

use axum::{Json, extract::State};
use model::{TiKey, reason::Reason, state::TaskInstanceState};
use serde::Serialize;
use utoipa::ToSchema;

use super::MapQuery;
use crate::{
    app::App,
    problem::Problem,
    request::{Path, Query},
};

/// What is in the way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskDependencyCollectionResponse)]
pub(crate) struct DependencyCollection {
    dependencies: Vec<DependencyResponse>,
}

/// One thing that is in the way.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskDependencyResponse)]
pub(crate) struct DependencyResponse {
    name: String,
    reason: String,
}

impl From<Reason> for DependencyResponse {
    fn from(reason: Reason) -> Self {
        Self {
            name: reason.kind().to_owned(),
            reason: reason.to_string(),
        }
    }
}

/// Why an instance is where it is: from the engine while it is live, else as it was noted.
pub(crate) async fn reasons(
    app: &App,
    (dag_id, run_id, task_id, map): (String, String, String, i32),
) -> Result<(TiKey, TaskInstanceState, Vec<Reason>), Problem> {
    let ti = app
        .read(move |book| {
            let found = book.run(&dag_id, &run_id)?;
            book.ti(&found, &task_id, map)
        })
        .await?;
    let live = control::queries::live::task_reasons(app.control(), ti.key).await;
    let live = live.filter(|reasons| !reasons.is_empty());
    Ok((
        ti.key,
        ti.state,
        live.unwrap_or_else(|| ti.reason.into_iter().collect()),
    ))
}

async fn list(
    app: &App,
    names: (String, String, String, i32),
) -> Result<Json<DependencyCollection>, Problem> {
    let (_, state, reasons) = reasons(app, names).await?;
    // What runs or has ended is in nobody's way.
    let waits = !state.is_finished() && state != TaskInstanceState::Running;
    let reasons = if waits { reasons } else { Vec::new() };
    let dependencies = reasons.into_iter().map(DependencyResponse::from).collect();
    Ok(Json(DependencyCollection { dependencies }))
}

/// What keeps a task instance from running.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/dependencies",
    operation_id = "get_task_instance_dependencies", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        MapQuery),
    responses((status = 200, body = DependencyCollection)))]
pub(crate) async fn get_dependencies(
    State(app): State<App>,
    Path((dag_id, run_id, task_id)): Path<(String, String, String)>,
    query: Query<MapQuery>,
) -> Result<Json<DependencyCollection>, Problem> {
    list(&app, (dag_id, run_id, task_id, query.map_index)).await
}

/// What keeps an instance of a mapped task from running.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/dependencies",
    operation_id = "get_task_instance_dependencies_by_map_index", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path)),
    responses((status = 200, body = DependencyCollection)))]
pub(crate) async fn get_mapped_dependencies(
    State(app): State<App>,
    Path(names): Path<(String, String, String, i32)>,
) -> Result<Json<DependencyCollection>, Problem> {
    list(&app, names).await
}
