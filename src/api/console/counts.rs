//! How many task instances of a run are in which state, from tallies: as quick for any size of run.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    book::read,
    problem::Problem,
    request::Path,
    wire::{TiState, ti_state},
};

/// How many task instances are in a state.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryStateCount)]
pub(crate) struct StateCount {
    /// Null for those without a state yet.
    state: Option<TiState>,
    count: u64,
}

/// The task instances of a run by state; states in which there is none are absent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryRunCounts)]
pub(crate) struct RunCounts {
    counts: Vec<StateCount>,
}

/// How many task instances of a run are in which state.
#[utoipa::path(get, path = "/orrery/dags/{dag_id}/dagRuns/{dag_run_id}/counts",
    operation_id = "orrery_run_counts", tag = "Orrery",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path)),
    responses((status = 200, body = RunCounts)))]
pub(crate) async fn get_run_counts(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
) -> Result<Json<RunCounts>, Problem> {
    app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        let counts = read(book.snapshot.ti_counts_of_run(found.run.no))?;
        let some = counts.iter().filter(|(_, count)| *count > 0);
        let counts = some.map(|(state, count)| StateCount {
            state: ti_state(state),
            count,
        });
        Ok(Json(RunCounts {
            counts: counts.collect(),
        }))
    })
    .await
}
