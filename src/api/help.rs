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

/// The page of an error code as Markdown, for the command line.
#[must_use]
pub fn error_page(code: &str) -> Option<String> {
    let page = Pages::get(&format!("{code}.md"))?;
    String::from_utf8(page.data.into_owned()).ok()
}

/// `CODE: what happened` of every error, in order.
#[must_use]
pub fn error_titles() -> Vec<String> {
    let mut titles: Vec<_> = Pages::iter()
        .filter_map(|name| error_page(name.strip_suffix(".md")?))
        .filter_map(|page| Some(page.lines().next()?.trim_start_matches("# ").to_owned()))
        .collect();
    titles.sort();
    titles
}
