//! A dag's grid: its tasks, and what became of each in the last runs.

use axum::{Json, extract::State};
use control::queries::grid::{Column, Row, grid};
use model::dag::OperatorKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::dags::RunSummary;
use crate::{
    app::App,
    cursor,
    problem::Problem,
    request::{Path, Query, query},
    wire::ti_state,
};

/// A task of the grid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryGridTask)]
pub(crate) struct GridTask {
    task_id: String,
    label: String,
    /// None for a task that the latest version does not have.
    operator_name: Option<String>,
    /// The longest way to it from a task without upstream.
    depth: u32,
    upstream: Vec<String>,
    trigger_rule: String,
    is_mapped: bool,
}

/// A run of the grid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryGridRun)]
pub(crate) struct GridRun {
    #[serde(flatten)]
    run: RunSummary,
    note: Option<String>,
    /// One for each task: null has no state yet, an empty text is not in the run.
    states: Vec<Option<String>>,
    /// One for each task.
    tries: Vec<u32>,
}

/// Tasks and runs of a dag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryGrid)]
pub(crate) struct GridResponse {
    dag_id: String,
    tasks: Vec<GridTask>,
    /// The newest first.
    runs: Vec<GridRun>,
    /// Give it as `before` for older runs.
    next_cursor: Option<String>,
}

/// Runs of a grid where the caller names no limit, and at most.
const RUNS_DEFAULT: u32 = 25;
const RUNS_MAX: u32 = 100;

query! {
    /// What the grid takes.
    GridQuery {
        limit: u32 = RUNS_DEFAULT,
        before: Option<String>,
    }
}

/// The grid of a dag.
#[utoipa::path(get, path = "/orrery/dags/{dag_id}/grid", operation_id = "orrery_grid",
    tag = "Orrery", params(("dag_id" = String, Path), GridQuery),
    responses((status = 200, body = GridResponse)))]
pub(crate) async fn get_grid(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    Query(query): Query<GridQuery>,
) -> Result<Json<GridResponse>, Problem> {
    let after = cursor::run(query.before.as_deref().unwrap_or_default())?;
    let limit = query.limit.min(RUNS_MAX) as usize;
    let found = app.read(move |book| {
        let reader = book.app().control().reader();
        let found = grid(reader, &dag_id, limit, after).map_err(|e| Problem::internal(&e))?;
        let rules = rules(book, &dag_id)?;
        found
            .map(|grid| (dag_id.clone(), grid, rules))
            .ok_or_else(|| Problem::not_found("dag", &dag_id))
    });
    let (dag_id, grid, rules) = found.await?;
    let names: Vec<String> = grid
        .tasks
        .iter()
        .map(|row| row.task_id.to_string())
        .collect();
    let rules = rules.into_iter().chain(std::iter::repeat(String::new()));
    Ok(Json(GridResponse {
        dag_id,
        tasks: grid
            .tasks
            .into_iter()
            .zip(rules)
            .map(|(row, rule)| task(row, rule, &names))
            .collect(),
        runs: grid.runs.into_iter().map(run).collect(),
        next_cursor: grid.next.map(cursor::of_run),
    }))
}

/// The trigger rules of the latest version's tasks, in its order.
fn rules(book: &crate::book::Book<'_>, dag_id: &str) -> Result<Vec<String>, Problem> {
    let row = book.dag_row(dag_id)?;
    let dag = book.dag(&row, row.version)?;
    let tasks = dag
        .as_deref()
        .map(|dag| dag.tasks.as_slice())
        .unwrap_or_default();
    Ok(tasks
        .iter()
        .map(|task| task.trigger_rule.to_string())
        .collect())
}

fn task(row: Row, trigger_rule: String, names: &[String]) -> GridTask {
    let Row {
        task_id,
        display_name,
        depth,
        kind,
        class,
        is_mapped,
        upstream,
    } = row;
    let operator = class.rsplit('.').next().unwrap_or_default().to_owned();
    GridTask {
        task_id: task_id.to_string(),
        label: display_name,
        operator_name: kind.map(|_: OperatorKind| operator),
        depth,
        upstream: upstream
            .iter()
            .filter_map(|at| names.get(*at).cloned())
            .collect(),
        trigger_rule,
        is_mapped,
    }
}

fn run(column: Column) -> GridRun {
    let Column { run, cells } = column;
    let state = |cell: &Option<control::queries::grid::Cell>| match cell {
        None => Some(String::new()),
        Some(cell) => ti_state(cell.state).map(|state| state.0.to_string()),
    };
    GridRun {
        states: cells.iter().map(state).collect(),
        tries: cells
            .iter()
            .map(|cell| cell.map_or(0, |cell| cell.try_number))
            .collect(),
        note: run.note.clone(),
        run: RunSummary::from(&run),
    }
}
