//! Versions of dags.

use axum::{Json, extract::State};
use model::{Timestamp, VersionNo, change::DagRow};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::dags::{BUNDLE, display_name};
use crate::{
    app::{App, Place},
    book::{Book, read},
    ids,
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Path, Query, query},
    wire::At,
};

/// A version of a dag.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DagVersionResponse {
    id: Uuid,
    version_number: u32,
    dag_id: String,
    bundle_name: Option<String>,
    bundle_version: Option<String>,
    created_at: At,
    dag_display_name: String,
    bundle_url: Option<String>,
}

/// Versions, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DAGVersionCollectionResponse)]
pub(crate) struct DagVersionCollection {
    dag_versions: Vec<DagVersionResponse>,
    total_entries: u64,
}

impl DagVersionResponse {
    pub(crate) fn new(place: &Place, row: &DagRow, version: VersionNo, at: Timestamp) -> Self {
        Self {
            id: ids::dag_version(&place.deployment, row.no, version),
            version_number: version.0,
            dag_id: row.dag_id.to_string(),
            bundle_name: Some(BUNDLE.to_owned()),
            bundle_version: None,
            created_at: At(at),
            dag_display_name: display_name(row),
            bundle_url: None,
        }
    }
}

query! {
    /// What the list of versions takes.
    VersionsQuery {
        limit: Limit,
        offset: Offset,
        version_number: Option<u32>,
        bundle_name: Option<String>,
        bundle_version: Option<String>,
        order_by: OrderBy,
    }
}

/// Versions of a dag, or of all dags when `dag_id` is `~`.
#[utoipa::path(get, path = "/dags/{dag_id}/dagVersions", operation_id = "get_dag_versions",
    tag = "DagVersion", params(("dag_id" = String, Path), VersionsQuery),
    responses((status = 200, body = DagVersionCollection)))]
pub(crate) async fn list_versions(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    query: Query<VersionsQuery>,
) -> Result<Json<DagVersionCollection>, Problem> {
    query
        .order_by
        .check(&["id", "version_number", "bundle_name", "bundle_version"])?;
    app.read(move |book| list(book, &dag_id, &query))
        .await
        .map(Json)
}

fn list(
    book: &Book<'_>,
    dag_id: &str,
    query: &VersionsQuery,
) -> Result<DagVersionCollection, Problem> {
    let rows = if dag_id == "~" {
        book.dag_rows()?
    } else {
        vec![book.dag_row(dag_id)?]
    };
    let mut all = Vec::new();
    let no_bundle = query.bundle_version.is_some()
        || query
            .bundle_name
            .as_deref()
            .is_some_and(|name| name != BUNDLE);
    for row in rows.iter().filter(|_| !no_bundle) {
        let heads = read(book.snapshot.versions(row.no, usize::MAX))?;
        let heads = heads.into_iter().rev();
        let meant = heads.filter(|(no, ..)| query.version_number.is_none_or(|asked| asked == no.0));
        all.extend(meant.map(|(no, at, _)| DagVersionResponse::new(book.place(), row, no, at)));
    }
    page::sort(&mut all, &query.order_by, |version, name| match name {
        "version_number" => Key::number(version.version_number),
        "id" => Key::At(version.created_at.0),
        _ => Key::Nothing,
    });
    let (dag_versions, total_entries) = page::cut(all, query.offset, query.limit);
    Ok(DagVersionCollection {
        dag_versions,
        total_entries,
    })
}

/// A version of a dag.
#[utoipa::path(get, path = "/dags/{dag_id}/dagVersions/{version_number}",
    operation_id = "get_dag_version", tag = "DagVersion",
    params(("dag_id" = String, Path), ("version_number" = u32, Path)),
    responses((status = 200, body = DagVersionResponse)))]
pub(crate) async fn get_version(
    State(app): State<App>,
    Path((dag_id, version)): Path<(String, u32)>,
) -> Result<Json<DagVersionResponse>, Problem> {
    app.read(move |book| {
        let row = book.dag_row(&dag_id)?;
        let found = book.version_response(&row, VersionNo(version))?;
        found.ok_or_else(|| {
            Problem::not_found("version", format_args!("{version}` of dag `{dag_id}"))
        })
    })
    .await
    .map(Json)
}
