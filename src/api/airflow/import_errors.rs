//! What is wrong with dag files.

use axum::{Json, extract::State};
use model::change::{DagFile, ImportError};
use serde::Serialize;
use utoipa::ToSchema;

use super::dags::BUNDLE;
use crate::{
    app::App,
    book::Book,
    ids,
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Path, Pattern, Query, query},
    wire::At,
};

/// What is wrong with a dag file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ImportErrorResponse {
    import_error_id: u64,
    timestamp: At,
    filename: String,
    bundle_name: Option<String>,
    stack_trace: String,
}

/// Errors, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportErrorCollectionResponse)]
pub(crate) struct ImportErrorCollection {
    import_errors: Vec<ImportErrorResponse>,
    total_entries: u64,
}

impl ImportErrorResponse {
    fn new(file: DagFile) -> Option<Self> {
        let ImportError {
            at,
            code,
            message,
            line,
            column,
        } = file.error?;
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        let column = column
            .map(|column| format!(":{column}"))
            .unwrap_or_default();
        Some(Self {
            import_error_id: ids::import_error(&file.path),
            timestamp: At(at),
            stack_trace: format!("{}{line}{column}: {code}: {message}", file.path),
            filename: file.path,
            bundle_name: Some(BUNDLE.to_owned()),
        })
    }
}

fn all(book: &Book<'_>) -> Result<Vec<ImportErrorResponse>, Problem> {
    let files = book.broken_files()?;
    Ok(files
        .into_iter()
        .filter_map(ImportErrorResponse::new)
        .collect())
}

query! {
    /// What the list of errors takes.
    ImportErrorsQuery {
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
        filename: Option<String>,
        filename_pattern: Option<String>,
        filename_prefix_pattern: Option<String>,
        bundle_name: Option<String>,
    }
}

/// What is wrong with dag files.
#[utoipa::path(get, path = "/importErrors", operation_id = "get_import_errors",
    tag = "Import Error", params(ImportErrorsQuery),
    responses((status = 200, body = ImportErrorCollection)))]
pub(crate) async fn list_import_errors(
    State(app): State<App>,
    Query(query): Query<ImportErrorsQuery>,
) -> Result<Json<ImportErrorCollection>, Problem> {
    query.order_by.check(&[
        "id",
        "timestamp",
        "filename",
        "bundle_name",
        "stacktrace",
        "import_error_id",
    ])?;
    let mut found = app.read(all).await?;
    let names = Pattern {
        like: query.filename_pattern,
        prefix: query.filename_prefix_pattern,
    };
    found.retain(|error| {
        query
            .filename
            .as_ref()
            .is_none_or(|name| *name == error.filename)
            && names.matches(&error.filename)
            && query
                .bundle_name
                .as_deref()
                .is_none_or(|name| name == BUNDLE)
    });
    page::sort(&mut found, &query.order_by, |error, name| match name {
        "timestamp" => Key::At(error.timestamp.0),
        "stacktrace" => Key::text(error.stack_trace.as_str()),
        _ => Key::text(error.filename.as_str()),
    });
    let (import_errors, total_entries) = page::cut(found, query.offset, query.limit);
    Ok(Json(ImportErrorCollection {
        import_errors,
        total_entries,
    }))
}

/// What is wrong with a dag file.
#[utoipa::path(get, path = "/importErrors/{import_error_id}", operation_id = "get_import_error",
    tag = "Import Error", params(("import_error_id" = u64, Path)),
    responses((status = 200, body = ImportErrorResponse)))]
pub(crate) async fn get_import_error(
    State(app): State<App>,
    Path(id): Path<u64>,
) -> Result<Json<ImportErrorResponse>, Problem> {
    let found = app
        .read(all)
        .await?
        .into_iter()
        .find(|error| error.import_error_id == id);
    found
        .map(Json)
        .ok_or_else(|| Problem::not_found("import error", id))
}
