//! One run.

use axum::{Json, extract::State};

use super::DagRunResponse;
use crate::{app::App, problem::Problem, request::Path};

/// A run.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}", operation_id = "get_dag_run",
    tag = "DagRun", params(("dag_id" = String, Path), ("dag_run_id" = String, Path)),
    responses((status = 200, body = DagRunResponse)))]
pub(crate) async fn get_run(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
) -> Result<Json<DagRunResponse>, Problem> {
    one(&app, dag_id, run_id).await.map(Json)
}

/// The run as it is answered.
pub(crate) async fn one(
    app: &App,
    dag_id: String,
    run_id: String,
) -> Result<DagRunResponse, Problem> {
    app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        book.run_response(&found.row, (*found.run).clone())
    })
    .await
}
