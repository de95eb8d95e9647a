//! How far the preparation of a runtime is, where the server prepares one by itself.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::App, problem::Problem};

/// Who prepares a runtime for Python dags while the server runs.
pub trait Setup: Send + Sync {
    /// How far it is.
    fn status(&self) -> SetupStatus;
    /// Stops it. What was downloaded is thrown away.
    fn cancel(&self);
    /// Starts it anew, when it has failed or was stopped.
    fn retry(&self);
}

/// What became of the preparation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrrerySetupState)]
pub enum SetupState {
    /// Nobody prepares anything.
    #[default]
    Off,
    /// It is under way.
    Preparing,
    /// Python dags run.
    Ready,
    /// It went wrong, and can be tried again.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

/// How far the preparation of a runtime is.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, ToSchema)]
#[schema(as = OrrerySetup)]
pub struct SetupStatus {
    /// What became of it.
    pub state: SetupState,
    /// What is prepared, such as `Airflow 3.3.2`.
    pub what: String,
    /// What is being done, in words.
    pub step: String,
    /// 0 to 100; a guess.
    pub percent: u8,
    /// The last lines that were said about it.
    pub lines: Vec<String>,
    /// Why it failed.
    pub problem: Option<String>,
    /// The code of that, where it has one: `/errors/CODE` says what to do.
    pub code: Option<String>,
    /// How many example files were put into the dag folder.
    pub n_examples: usize,
}

/// How far it is.
#[utoipa::path(get, path = "/orrery/setup", operation_id = "orrery_setup", tag = "Orrery",
    responses((status = 200, body = SetupStatus)))]
pub(crate) async fn get_setup(State(app): State<App>) -> Json<SetupStatus> {
    Json(app.setup().map(Setup::status).unwrap_or_default())
}

/// Stop it.
#[utoipa::path(post, path = "/orrery/setup/cancel", operation_id = "orrery_cancel_setup",
    tag = "Orrery", responses((status = 200, body = SetupStatus)))]
pub(crate) async fn cancel_setup(State(app): State<App>) -> Result<Json<SetupStatus>, Problem> {
    let setup = app.setup().ok_or_else(nothing)?;
    setup.cancel();
    Ok(Json(setup.status()))
}

/// Try again.
#[utoipa::path(post, path = "/orrery/setup/retry", operation_id = "orrery_retry_setup",
    tag = "Orrery", responses((status = 200, body = SetupStatus)))]
pub(crate) async fn retry_setup(State(app): State<App>) -> Result<Json<SetupStatus>, Problem> {
    let setup = app.setup().ok_or_else(nothing)?;
    setup.retry();
    Ok(Json(setup.status()))
}

fn nothing() -> Problem {
    Problem::conflict("this server prepares no runtime: `orrery runtime create` does")
}
