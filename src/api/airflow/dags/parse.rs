//! Having a dag file read again.

use axum::{Json, extract::State, http::StatusCode};

use crate::{app::App, book::read, problem::Problem, request::Path};

/// Have a dag file read again before long, by the `file_token` that its dags show.
#[utoipa::path(put, path = "/parseDagFile/{file_token}", operation_id = "reparse_dag_file",
    tag = "DAG Parsing", params(("file_token" = String, Path)), responses((status = 201)))]
pub(crate) async fn reparse_file(
    State(app): State<App>,
    Path(token): Path<String>,
) -> Result<(StatusCode, Json<()>), Problem> {
    let file = token.clone();
    let known = app
        .read(move |book| Ok(read(book.snapshot.file(&file))?.is_some()))
        .await?;
    if !known {
        return Err(Problem::not_found("dag file", &token));
    }
    app.control().read_again(token);
    Ok((StatusCode::CREATED, Json(())))
}
