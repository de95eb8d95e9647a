//! The pages that explain error codes.

use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};
use rust_embed::Embed;

use crate::problem::Problem;

#[derive(Embed)]
#[folder = "../../assets/errors"]
#[allow_missing = true]
struct Pages;

/// `GET /errors/{code}`: Markdown that reads as plain text.
pub(crate) async fn page(Path(code): Path<String>) -> Response {
    let code = code.trim_end_matches(".md").to_uppercase();
    match Pages::get(&format!("{code}.md")) {
        Some(page) => {
            let mime = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (mime, page.data).into_response()
        }
        None => Problem::not_found("error code", code).into_response(),
    }
}
