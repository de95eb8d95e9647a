//! What dags were written as.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::{VersionNo, change::DagSource};
use serde::Serialize;
use utoipa::ToSchema;

use super::dags::display_name;
use crate::{
    app::App,
    book::read,
    problem::Problem,
    request::{Path, Query, query},
};

/// The source of a version of a dag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DAGSourceResponse)]
pub(crate) struct DagSourceResponse {
    content: Option<String>,
    dag_id: String,
    version_number: Option<u32>,
    dag_display_name: String,
}

query! {
    /// What the source takes.
    SourceQuery {
        version_number: Option<u32>,
    }
}

/// The first of `types` that the client takes; none when it takes none of them.
pub(crate) fn accepted<'t>(headers: &HeaderMap, types: &[&'t str]) -> Option<&'t str> {
    let text = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("*/*");
    let mut wanted = text
        .split(',')
        .map(|one| one.split(';').next().unwrap_or_default().trim());
    wanted.find_map(|one| {
        types.iter().copied().find(|mime| {
            let group = mime.split('/').next().unwrap_or_default();
            one == *mime || one == "*/*" || one.strip_suffix("/*") == Some(group)
        })
    })
}

/// 406: none of the forms we have.
pub(crate) fn not_acceptable(types: &[&str]) -> Problem {
    let text = format!("this can be had as {}", types.join(" or "));
    Problem::new(StatusCode::NOT_ACCEPTABLE, "API-016", text)
}

const TYPES: [&str; 2] = ["application/json", "text/plain"];

/// The source of a dag, as JSON or as it is.
#[utoipa::path(get, path = "/dagSources/{dag_id}", operation_id = "get_dag_source",
    tag = "DagSource", params(("dag_id" = String, Path), SourceQuery),
    responses((status = 200, content(
        (DagSourceResponse = "application/json"), (String = "text/plain")))))]
pub(crate) async fn get_source(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    query: Query<SourceQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mime = accepted(&headers, &TYPES).ok_or_else(|| not_acceptable(&TYPES))?;
    let asked = query.version_number;
    let source = app.read(move |book| {
        let row = book.dag_row(&dag_id)?;
        let version = asked.map_or(row.version, VersionNo);
        let found = read(book.snapshot.version(row.no, version))?;
        let found = found.ok_or_else(|| Problem::not_found("version", version))?;
        let content = match found.source {
            DagSource::Yaml { text, files: _ } => Some(text),
            DagSource::Serialized { json: _, text } => text,
        };
        Ok(DagSourceResponse {
            content,
            dag_display_name: display_name(&row),
            dag_id,
            version_number: Some(version.0),
        })
    });
    let source = source.await?;
    if mime == "application/json" {
        return Ok(Json(source).into_response());
    }
    Ok(source.content.unwrap_or_default().into_response())
}
