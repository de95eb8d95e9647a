//! The UI, compiled in. Without one (the UI was not built) a page says how to get it.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::Write,
    sync::{Mutex, OnceLock, PoisonError},
};

use axum::{
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use rust_embed::{Embed, EmbeddedFile};

use crate::{problem::Problem, request::unescape};

#[derive(Embed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Ui;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <title>Orrery</title><h1>This Orrery was built without its UI</h1>\
    <p>Build it and the binary again with <code>make ui</code> and <code>cargo build</code> \
    (Node 20 is needed). The API works all the same: see <a href=\"/openapi.json\">its \
    description</a>.</p>";

/// Answers everything that is not the API: a file of the UI, or its first page, which then looks at
/// the address itself.
pub(crate) async fn serve(request: Request) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return Problem::new(
            StatusCode::NOT_FOUND,
            "API-003",
            "there is nothing here to change",
        )
        .into_response();
    }
    let path = unescape(request.uri().path().trim_start_matches('/'), false);
    if let Some(file) = Ui::get(&path) {
        return answer(&request, &path, file);
    }
    match Ui::get("index.html") {
        // A missing script must not be answered with a page.
        Some(_) if path.starts_with("assets/") => Problem::not_found("file", path).into_response(),
        Some(index) => answer(&request, "index.html", index),
        None => (
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            NOT_BUILT,
        )
            .into_response(),
    }
}

/// Names in this folder contain a hash of the content, so they can be kept for ever.
const HASHED: &str = "assets/";

fn answer(request: &Request, path: &str, file: EmbeddedFile) -> Response {
    let gzip = wants_gzip(request)
        .then(|| compressed(path, &file))
        .flatten();
    let hash = file
        .metadata
        .sha256_hash()
        .iter()
        .take(16)
        .fold(String::new(), hex);
    let etag = format!("\"{hash}{}\"", if gzip.is_some() { "-gz" } else { "" });
    let known = request.headers().get(header::IF_NONE_MATCH);
    let known = known
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let unchanged = known
        .split(',')
        .any(|one| one.trim().trim_start_matches("W/") == etag);
    let keep = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let encoding = gzip
            .is_some()
            .then_some([(header::CONTENT_ENCODING, "gzip")]);
        let body = gzip.map_or_else(|| whole(file.data), Body::from);
        let mime = [(header::CONTENT_TYPE, file.metadata.mimetype())];
        (mime, encoding.map(axum::response::AppendHeaders), body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::try_from(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn whole(data: Cow<'static, [u8]>) -> Body {
    match data {
        Cow::Borrowed(bytes) => Body::from(Bytes::from_static(bytes)),
        Cow::Owned(bytes) => Body::from(bytes),
    }
}

fn hex(mut out: String, byte: &u8) -> String {
    use std::fmt::Write;
    let _ = write!(out, "{byte:02x}");
    out
}

fn wants_gzip(request: &Request) -> bool {
    let accepts = request.headers().get(header::ACCEPT_ENCODING);
    accepts
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| {
            text.split(',').any(|one| {
                let (name, weight) = one.split_once(';').unwrap_or((one, ""));
                name.trim() == "gzip" && weight.trim() != "q=0"
            })
        })
}

/// The files of the UI that are worth it, compressed once at the first request.
fn compressed(path: &str, file: &EmbeddedFile) -> Option<Bytes> {
    static FILES: OnceLock<Mutex<HashMap<[u8; 32], Bytes>>> = OnceLock::new();
    let worth = [".js", ".css", ".html", ".svg", ".json"];
    if file.data.len() < 1_024 || !worth.iter().any(|end| path.ends_with(end)) {
        return None;
    }
    let files = FILES.get_or_init(Mutex::default);
    let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
    let hash = file.metadata.sha256_hash();
    if let Some(bytes) = files.get(&hash) {
        return Some(bytes.clone());
    }
    let mut gz = GzEncoder::new(Vec::new(), Compression::best());
    gz.write_all(&file.data).ok()?;
    let bytes = Bytes::from(gz.finish().ok()?);
    files.insert(hash, bytes.clone());
    Some(bytes)
}
