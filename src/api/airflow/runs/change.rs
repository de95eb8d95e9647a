//! Changing and deleting runs.

use axum::{Json, extract::State, http::StatusCode};
use model::{DagId, RunId, command::Command, state::DagRunState};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DagRunResponse, check_note, one};
use crate::{
    airflow::{
        bulk::{self, Actions, BulkResponse, Changes, OnExistence},
        dags::MaskQuery,
    },
    app::App,
    problem::Problem,
    request::{Body, Path, Query},
};

/// The states that a person can set.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DagRunMutableStates)]
pub(crate) enum MutableState {
    Queued,
    Success,
    Failed,
}

impl From<MutableState> for DagRunState {
    fn from(state: MutableState) -> Self {
        match state {
            MutableState::Queued => Self::Queued,
            MutableState::Success => Self::Success,
            MutableState::Failed => Self::Failed,
        }
    }
}

/// What can be changed of a run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DAGRunPatchBody)]
pub(crate) struct RunPatchBody {
    state: Option<MutableState>,
    /// `null` removes it; absent leaves it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    note: Option<Option<String>>,
}

/// Tells `null` from absent.
#[allow(clippy::option_option)] // That is the point.
pub(crate) fn given<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// Set the state of a run, or its note.
#[utoipa::path(patch, path = "/dags/{dag_id}/dagRuns/{dag_run_id}", operation_id = "patch_dag_run",
    tag = "DagRun", params(("dag_id" = String, Path), ("dag_run_id" = String, Path), MaskQuery),
    request_body = RunPatchBody, responses((status = 200, body = DagRunResponse)))]
pub(crate) async fn patch_run(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
    mask: Query<MaskQuery>,
    Body(RunPatchBody { state, note }): Body<RunPatchBody>,
) -> Result<Json<DagRunResponse>, Problem> {
    mask.check(&["state", "note"])?;
    let state = state.filter(|_| mask.has("state"));
    let note = note.filter(|_| mask.has("note"));
    change(&app, &dag_id, &run_id, state, note).await?;
    one(&app, dag_id, run_id).await.map(Json)
}

async fn change(
    app: &App,
    dag_id: &str,
    run_id: &str,
    state: Option<MutableState>,
    note: Option<Option<String>>,
) -> Result<(), Problem> {
    let (dag_id, run_id) = (DagId::from(dag_id), RunId::from(run_id));
    if let Some(note) = note {
        check_note(note.as_deref())?;
        let (dag_id, run_id) = (dag_id.clone(), run_id.clone());
        app.command(Command::SetRunNote {
            dag_id,
            run_id,
            note,
        })
        .await?;
    }
    if let Some(state) = state {
        let state = state.into();
        app.command(Command::SetRunState {
            dag_id,
            run_id,
            state,
            user: None,
        })
        .await?;
    }
    Ok(())
}

/// Delete a run with all of it.
#[utoipa::path(delete, path = "/dags/{dag_id}/dagRuns/{dag_run_id}",
    operation_id = "delete_dag_run", tag = "DagRun",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path)),
    responses((status = 204)))]
pub(crate) async fn delete_run(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    delete(&app, &dag_id, &run_id)
        .await
        .map(|()| StatusCode::NO_CONTENT)
}

async fn delete(app: &App, dag_id: &str, run_id: &str) -> Result<(), Problem> {
    let (dag_id, run_id) = (DagId::from(dag_id), RunId::from(run_id));
    app.command(Command::DeleteRun { dag_id, run_id })
        .await
        .map(drop)
}

/// A run of many.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkDAGRunBody)]
pub(crate) struct BulkRunBody {
    dag_run_id: String,
    dag_id: Option<String>,
    state: Option<MutableState>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    note: Option<Option<String>>,
}

impl BulkRunBody {
    /// The run's id, and its dag's where it is given.
    pub(crate) fn names(self) -> (String, Option<String>) {
        (self.dag_run_id, self.dag_id)
    }
}

impl bulk::Named for BulkRunBody {
    fn named(dag_run_id: String) -> Self {
        Self {
            dag_run_id,
            dag_id: None,
            state: None,
            note: None,
        }
    }
}

struct Runs {
    app: App,
    dag_id: String,
}

impl Runs {
    fn names(&self, run: &BulkRunBody) -> (String, String) {
        (
            run.dag_id.clone().unwrap_or_else(|| self.dag_id.clone()),
            run.dag_run_id.clone(),
        )
    }
}

impl Changes<BulkRunBody> for Runs {
    async fn create(&self, _: BulkRunBody, _: OnExistence) -> Result<String, Problem> {
        Err(Problem::invalid("runs cannot be created in bulk"))
    }
    async fn update(&self, run: BulkRunBody) -> Result<String, Problem> {
        let (dag_id, run_id) = self.names(&run);
        change(&self.app, &dag_id, &run_id, run.state, run.note).await?;
        Ok(format!("{dag_id}.{run_id}"))
    }
    async fn delete(&self, run: BulkRunBody) -> Result<String, Problem> {
        let (dag_id, run_id) = self.names(&run);
        delete(&self.app, &dag_id, &run_id).await?;
        Ok(format!("{dag_id}.{run_id}"))
    }
}

/// Change or delete many runs.
#[utoipa::path(patch, path = "/dags/{dag_id}/dagRuns", operation_id = "bulk_dag_runs",
    tag = "DagRun", params(("dag_id" = String, Path)), request_body = Actions<BulkRunBody>,
    responses((status = 200, body = BulkResponse)))]
pub(crate) async fn bulk_runs(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    Body(actions): Body<Actions<BulkRunBody>>,
) -> Json<BulkResponse> {
    Json(actions.carry_out(Runs { app, dag_id }).await)
}
