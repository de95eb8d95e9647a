//! How many runs of each dag are in which state, from tallies.

use axum::{Json, extract::State};
use model::change::DagRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::dags::display_name;
use crate::{
    app::App,
    book::{Book, read},
    problem::Problem,
    request::{Query, query},
    wire::RunState,
};

/// Runs of a dag by state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DagStatsResponse {
    dag_id: String,
    dag_display_name: String,
    stats: Vec<DagStatsStateResponse>,
}

/// How many runs are in a state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DagStatsStateResponse {
    state: RunState,
    count: u64,
}

/// Dags with their runs by state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DagStatsCollectionResponse {
    dags: Vec<DagStatsResponse>,
    total_entries: u64,
}

query! {
    /// What the statistics take.
    StatsQuery {
        dag_ids: Vec<String>,
    }
}

fn one(book: &Book<'_>, row: &DagRow) -> Result<DagStatsResponse, Problem> {
    let counts = read(book.snapshot.run_counts(Some(row.no)))?;
    let state = |(state, count)| DagStatsStateResponse {
        state: RunState(state),
        count,
    };
    Ok(DagStatsResponse {
        dag_id: row.dag_id.to_string(),
        dag_display_name: display_name(row),
        stats: counts.iter().map(state).collect(),
    })
}

/// Runs of dags by state; of all dags where none is named.
#[utoipa::path(get, path = "/dagStats", operation_id = "get_dag_stats", tag = "DagStats",
    params(StatsQuery), responses((status = 200, body = DagStatsCollectionResponse)))]
pub(crate) async fn get_stats(
    State(app): State<App>,
    Query(query): Query<StatsQuery>,
) -> Result<Json<DagStatsCollectionResponse>, Problem> {
    app.read(move |book| {
        let rows = book.dag_rows()?;
        let meant = |row: &&DagRow| {
            query.dag_ids.is_empty() || query.dag_ids.iter().any(|id| id == row.dag_id.as_str())
        };
        let dags = rows.iter().filter(meant).map(|row| one(book, row));
        let dags = dags.collect::<Result<Vec<_>, _>>()?;
        let total_entries = dags.len() as u64;
        Ok(Json(DagStatsCollectionResponse {
            dags,
            total_entries,
        }))
    })
    .await
}
