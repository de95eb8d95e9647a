//! Lists of dags.

use std::collections::HashSet;

use axum::{Json, extract::State};
use model::{Timestamp, change::DagRow, run::DagRun, state::DagRunState};
use serde::Serialize;
use utoipa::ToSchema;

use super::{DagResponse, display_name};
use crate::{
    app::App,
    book::Book,
    page::{self, Key},
    problem::Problem,
    request::{Limit, MatchMode, Offset, OrderBy, Pattern, Query, Range, query},
};

query! {
    /// What `GET /dags` takes.
    DagsQuery {
        limit: Limit,
        offset: Offset,
        tags: Vec<String>,
        tags_match_mode: Option<MatchMode>,
        owners: Vec<String>,
        dag_id: Pattern,
        dag_display_name: Pattern,
        exclude_stale: bool = true,
        paused: Option<bool>,
        has_import_errors: Option<bool>,
        last_dag_run_state: Option<DagRunState>,
        bundle_name: Option<String>,
        bundle_version: Option<String>,
        has_asset_schedule: Option<bool>,
        asset_dependency: Option<String>,
        dag_run_start_date: Range<Timestamp>,
        dag_run_end_date: Range<Timestamp>,
        dag_run_state: Vec<DagRunState>,
        order_by: OrderBy,
        is_favorite: Option<bool>,
        timetable_type: Vec<String>,
    }
}

/// Dags, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DAGCollectionResponse)]
pub(crate) struct DagCollection {
    pub(crate) dags: Vec<DagResponse>,
    pub(crate) total_entries: u64,
}

/// Dags.
#[utoipa::path(get, path = "/dags", operation_id = "get_dags", tag = "DAG",
    params(DagsQuery), responses((status = 200, body = DagCollection)))]
pub(crate) async fn list_dags(
    State(app): State<App>,
    query: Query<DagsQuery>,
) -> Result<Json<DagCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    app.read(move |book| collect(book, &query)).await.map(Json)
}

const ORDERS: [&str; 7] = [
    "dag_id",
    "dag_display_name",
    "next_dagrun",
    "state",
    "start_date",
    "last_run_state",
    "last_run_start_date",
];

/// One page of the dags that the query asks for.
pub(crate) fn collect(book: &Book<'_>, query: &DagsQuery) -> Result<DagCollection, Problem> {
    let broken = book
        .broken_files()?
        .into_iter()
        .map(|file| file.path)
        .collect();
    let mut rows = select(book, query, &broken)?;
    page::sort(&mut rows, &query.order_by, |(row, last), name| {
        key(row, last.as_ref(), name)
    });
    let (rows, total_entries) = page::cut(rows, query.offset, query.limit);
    let response = |(row, _): (DagRow, _)| {
        let has_import_errors = broken.contains(&row.file);
        DagResponse::new(book.place(), row, has_import_errors)
    };
    Ok(DagCollection {
        dags: rows.into_iter().map(response).collect(),
        total_entries,
    })
}

type Found = (DagRow, Option<DagRun>);

fn select(
    book: &Book<'_>,
    query: &DagsQuery,
    broken: &HashSet<String>,
) -> Result<Vec<Found>, Problem> {
    let needs_last_run = needs_last_run(query);
    let mut found = Vec::new();
    for row in book.dag_rows()? {
        if !is_meant(&row, query, broken) {
            continue;
        }
        let last = if needs_last_run {
            book.last_run(row.no)?
        } else {
            None
        };
        if !needs_last_run || is_last_run_meant(last.as_ref(), query) {
            found.push((row, last));
        }
    }
    Ok(found)
}

fn is_meant(row: &DagRow, query: &DagsQuery, broken: &HashSet<String>) -> bool {
    let summary = &row.summary;
    let has_tag = |tag: &String| summary.tags.contains(tag);
    let tags = match query.tags_match_mode.unwrap_or(MatchMode::Any) {
        MatchMode::Any => query.tags.is_empty() || query.tags.iter().any(has_tag),
        MatchMode::All => query.tags.iter().all(has_tag),
    };
    let has_owner = |owner: &String| summary.owners.contains(owner);
    tags && (query.owners.is_empty() || query.owners.iter().any(has_owner))
        && query.dag_id.matches(&row.dag_id)
        && (query.dag_display_name.is_open() || query.dag_display_name.matches(&display_name(row)))
        && !(query.exclude_stale && row.is_stale)
        && query.paused.is_none_or(|paused| paused == row.is_paused)
        && query.has_import_errors.is_none_or(|has| has == broken.contains(&row.file))
        && query.bundle_name.as_deref().is_none_or(|name| name == super::BUNDLE)
        // What nothing has yet: versions of bundles, assets, favourites.
        && query.bundle_version.is_none()
        && query.asset_dependency.is_none()
        && query.has_asset_schedule != Some(true)
        && query.is_favorite != Some(true)
        && query.timetable_type.is_empty()
}

fn needs_last_run(query: &DagsQuery) -> bool {
    let ordered = query.order_by.0.iter();
    query.last_dag_run_state.is_some()
        || !query.dag_run_state.is_empty()
        || !query.dag_run_start_date.is_open()
        || !query.dag_run_end_date.is_open()
        || ordered.into_iter().any(|(name, _)| {
            matches!(
                name.as_str(),
                "state" | "start_date" | "last_run_state" | "last_run_start_date"
            )
        })
}

fn is_last_run_meant(last: Option<&DagRun>, query: &DagsQuery) -> bool {
    let state = last.map(|run| run.state);
    query
        .last_dag_run_state
        .is_none_or(|asked| state == Some(asked))
        && (query.dag_run_state.is_empty()
            || state.is_some_and(|state| query.dag_run_state.contains(&state)))
        && query
            .dag_run_start_date
            .contains(last.and_then(|run| run.start_date.as_ref()))
        && query
            .dag_run_end_date
            .contains(last.and_then(|run| run.end_date.as_ref()))
}

fn key(row: &DagRow, last: Option<&DagRun>, name: &str) -> Key {
    match name {
        "dag_display_name" => Key::text(display_name(row)),
        "next_dagrun" => Key::at(row.next_run.as_ref().map(|next| next.run_after)),
        "state" | "last_run_state" => {
            last.map_or(Key::Nothing, |run| Key::text(run.state.as_str()))
        }
        "start_date" | "last_run_start_date" => Key::at(last.and_then(|run| run.start_date)),
        _ => Key::text(row.dag_id.as_str()),
    }
}
