//! Dags with their last runs, for the first page.

use std::collections::HashMap;

use axum::{Json, extract::State};
use model::{
    change::{DagFile, DagRow, ImportError},
    run::DagRun,
    state::DagRunState,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    airflow::dags::{DagResponse, display_name},
    app::App,
    book::{Book, read},
    page,
    problem::Problem,
    request::{Limit, Offset, Query, query},
    wire::{At, RunState, RunType, duration_s},
};

/// A run in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrreryRunSummary)]
pub(crate) struct RunSummary {
    dag_run_id: String,
    state: RunState,
    run_type: RunType,
    logical_date: Option<At>,
    run_after: At,
    start_date: Option<At>,
    end_date: Option<At>,
    /// Seconds.
    duration: Option<f64>,
}

impl From<&DagRun> for RunSummary {
    fn from(run: &DagRun) -> Self {
        Self {
            dag_run_id: run.run_id.to_string(),
            state: RunState(run.state),
            run_type: RunType(run.run_type),
            logical_date: run.logical_date.map(At),
            run_after: At(run.run_after),
            start_date: run.start_date.map(At),
            end_date: run.end_date.map(At),
            duration: duration_s(run.start_date, run.end_date),
        }
    }
}

/// What is wrong with the dag's file now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryImportError)]
pub(crate) struct FileError {
    filename: String,
    line: Option<u32>,
    column: Option<u32>,
    message: String,
    code: Option<String>,
}

/// A dag with its last runs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryDag)]
pub(crate) struct DagWithRuns {
    #[serde(flatten)]
    dag: DagResponse,
    /// The newest first.
    recent_runs: Vec<RunSummary>,
    import_error: Option<FileError>,
}

/// Dags, how many there are in all, and how many files have errors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryDagPage)]
pub(crate) struct DagPage {
    dags: Vec<DagWithRuns>,
    total_entries: u64,
    import_errors: u64,
}

/// Runs shown of each dag.
const RECENT_RUNS: usize = 14;

query! {
    /// What the page takes.
    PageQuery {
        limit: Limit,
        offset: Offset,
        search: Option<String>,
        paused: Option<bool>,
        tag: Vec<String>,
        state: Option<DagRunState>,
    }
}

/// Dags with their last runs.
#[utoipa::path(get, path = "/orrery/dags", operation_id = "orrery_list_dags", tag = "Orrery",
    params(PageQuery), responses((status = 200, body = DagPage)))]
pub(crate) async fn list_dags(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<DagPage>, Problem> {
    app.read(move |book| list(book, &query)).await.map(Json)
}

fn list(book: &Book<'_>, query: &PageQuery) -> Result<DagPage, Problem> {
    let broken = book.broken_files()?;
    let import_errors = broken.len() as u64;
    let broken: HashMap<String, DagFile> = broken
        .into_iter()
        .map(|file| (file.path.clone(), file))
        .collect();
    let search = query.search.as_deref().unwrap_or_default().to_lowercase();
    let mut rows = Vec::new();
    for row in book.dag_rows()? {
        let meant = !row.is_stale
            && (search.is_empty()
                || row.dag_id.to_lowercase().contains(&search)
                || display_name(&row).to_lowercase().contains(&search))
            && query.paused.is_none_or(|paused| paused == row.is_paused)
            && query.tag.iter().all(|tag| row.summary.tags.contains(tag));
        if meant && is_last_run(book, &row, query.state)? {
            rows.push(row);
        }
    }
    let (rows, total_entries) = page::cut(rows, query.offset, query.limit);
    let dags = rows.into_iter().map(|row| one(book, row, &broken));
    Ok(DagPage {
        dags: dags.collect::<Result<_, _>>()?,
        total_entries,
        import_errors,
    })
}

fn is_last_run(book: &Book<'_>, row: &DagRow, state: Option<DagRunState>) -> Result<bool, Problem> {
    match state {
        None => Ok(true),
        Some(_) => Ok(book.last_run(row.no)?.map(|run| run.state) == state),
    }
}

fn one(
    book: &Book<'_>,
    row: DagRow,
    broken: &HashMap<String, DagFile>,
) -> Result<DagWithRuns, Problem> {
    let mut recent_runs = Vec::new();
    for run in read(book.snapshot.last_runs(row.no, RECENT_RUNS))? {
        recent_runs.extend(book.run_no(run)?.as_deref().map(RunSummary::from));
    }
    let file = broken.get(&row.file);
    let import_error = file.and_then(|file| file.error.as_ref()).map(|error| {
        let ImportError {
            at: _,
            code,
            message,
            line,
            column,
        } = error;
        FileError {
            filename: row.file.clone(),
            line: *line,
            column: *column,
            message: message.clone(),
            code: Some(code.clone()),
        }
    });
    let dag = DagResponse::new(book.place(), row, import_error.is_some());
    Ok(DagWithRuns {
        dag,
        recent_runs,
        import_error,
    })
}
