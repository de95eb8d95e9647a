//! The logs of tries.

use std::path::PathBuf;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use control::logs::{self, read::Page};
use model::MapIndex;
use serde::Serialize;
use utoipa::ToSchema;

use super::sources::{accepted, not_acceptable};
use crate::{
    app::App,
    problem::Problem,
    request::{Path, Query, query},
    wire::{Any, At},
};

/// A part of a log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskInstancesLogResponse)]
pub(crate) struct LogResponse {
    #[schema(value_type = Content)]
    content: Vec<Any>,
    /// Where to go on; none when the log is complete.
    continuation_token: Option<String>,
}

/// Lines, as objects or as texts.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // A description; lines go out as they are in the file.
enum Content {
    Structured(Vec<StructuredLogMessage>),
    Plain(Vec<String>),
}

/// A line; more fields than these are possible.
#[derive(ToSchema)]
#[allow(dead_code)]
struct StructuredLogMessage {
    #[schema(required = false)]
    timestamp: At,
    event: String,
}

query! {
    /// What a log takes.
    LogQuery {
        full_content: bool = false,
        map_index: i32 = -1,
        token: Option<String>,
    }
}

/// A try whose log is read.
#[derive(Clone)]
pub(crate) struct LogOf {
    pub(crate) file: PathBuf,
    /// Whether more may be written to it.
    pub(crate) is_open: bool,
    pub(crate) run: model::RunNo,
}

/// The names of a try: dag, run, task, try number, map index.
pub(crate) type TryNames = (String, String, String, u32, i32);

/// Finds the log of a try, or 404.
pub(crate) async fn find(
    app: &App,
    (dag_id, run_id, task_id, number, map): TryNames,
) -> Result<LogOf, Problem> {
    let folder = app.control().logs().to_owned();
    app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        let ti = book.ti(&found, &task_id, map)?;
        if number == 0 || number > ti.try_number.max(1) {
            return Err(Problem::not_found("try", number));
        }
        let path = |map| logs::path::path(&dag_id, &run_id, &task_id, map, number);
        let mut file = folder.join(path(MapIndex(map)));
        let alone = folder.join(path(MapIndex::NONE));
        // A try of a task that was not mapped then.
        let is_there = logs::read::is_there;
        if map == 0 && number < ti.try_number && !is_there(&file) && is_there(&alone) {
            file = alone;
        }
        let is_open = number == ti.try_number.max(1) && !ti.state.is_finished();
        Ok(LogOf {
            file,
            is_open,
            run: found.run.no,
        })
    })
    .await
}

/// Reads a page on a thread that may wait for the disk; an empty page when there is no log (yet).
pub(crate) async fn page(log: LogOf, offset: u64, bytes_max: usize) -> Result<Page, Problem> {
    let reading = tokio::task::spawn_blocking(move || {
        logs::read::page(&log.file, offset, bytes_max, log.is_open)
    });
    let page = reading.await.map_err(|error| Problem::internal(&error))?;
    let page = page.map_err(|error| Problem::internal(&error))?;
    Ok(page.unwrap_or(Page {
        text: String::new(),
        next: offset,
        at_end: true,
    }))
}

/// A line as an object, whatever it is.
pub(crate) fn line(text: &str) -> model::Json {
    match serde_json::from_str(text) {
        Ok(object @ model::Json::Object(_)) => object,
        Ok(_) | Err(_) => serde_json::json!({ "event": text }),
    }
}

const TYPES: [&str; 2] = ["application/json", "application/x-ndjson"];
const TOKEN: HeaderName = HeaderName::from_static("airflow-continuation-token");

/// A part of a try's log from `token` on; with `full_content` all that is there.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/logs/{try_number}",
    operation_id = "get_log", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("try_number" = u32, Path), LogQuery),
    responses((status = 200, content(
        (LogResponse = "application/json"), (String = "application/x-ndjson")))))]
pub(crate) async fn get_log(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, number)): Path<(String, String, String, u32)>,
    query: Query<LogQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mime = accepted(&headers, &TYPES).ok_or_else(|| not_acceptable(&TYPES))?;
    let offset = match query.token.as_deref() {
        None | Some("") => 0,
        Some(text) => text
            .parse()
            .map_err(|_| Problem::invalid(format!("`{text}` is not a token of this log")))?,
    };
    let log = find(&app, (dag_id, run_id, task_id, number, query.map_index)).await?;
    if mime == "application/x-ndjson" {
        return ndjson(log, offset, query.full_content).await;
    }
    let mut answer = LogResponse {
        content: Vec::new(),
        continuation_token: None,
    };
    let mut offset = offset;
    loop {
        let page = page(log.clone(), offset, logs::read::PAGE_BYTES_MAX).await?;
        answer
            .content
            .extend(page.text.lines().map(|text| Any(line(text))));
        answer.continuation_token = token(&log, &page);
        if page.at_end || !query.full_content {
            break;
        }
        offset = page.next;
    }
    Ok(Json(answer).into_response())
}

/// Where to go on, unless nothing can follow.
fn token(log: &LogOf, page: &Page) -> Option<String> {
    (!page.at_end || log.is_open).then(|| page.next.to_string())
}

/// The lines as they are in the file, sent while they are read.
async fn ndjson(log: LogOf, offset: u64, is_full: bool) -> Result<Response, Problem> {
    let first = page(log.clone(), offset, logs::read::PAGE_BYTES_MAX).await?;
    let token = token(&log, &first).filter(|_| !is_full);
    let state = Some((first, log));
    let pages = futures_util::stream::unfold(state, move |state| async move {
        let (now, log) = state?;
        let next = if now.at_end || !is_full {
            None
        } else {
            let next = page(log.clone(), now.next, logs::read::PAGE_BYTES_MAX).await;
            next.ok().map(|next| (next, log))
        };
        Some((
            Ok::<_, std::convert::Infallible>(Bytes::from(now.text)),
            next,
        ))
    });
    let mime = [(header::CONTENT_TYPE, "application/x-ndjson")];
    let mut response = (mime, Body::from_stream(pages)).into_response();
    if let Some(token) = token.and_then(|token| HeaderValue::try_from(token).ok()) {
        response.headers_mut().insert(TOKEN, token);
    }
    Ok(response)
}

/// Logs are kept here and nowhere else.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/externalLogUrl\
/{try_number}",
    operation_id = "get_external_log_url", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("try_number" = u32, Path), super::task_instances::MapQuery),
    responses((status = 200, body = ExternalLogUrlResponse), (status = 400)))]
pub(crate) async fn get_external_log_url(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, number)): Path<(String, String, String, u32)>,
    query: Query<super::task_instances::MapQuery>,
) -> Result<Json<ExternalLogUrlResponse>, Problem> {
    find(&app, (dag_id, run_id, task_id, number, query.map_index)).await?;
    Err(Problem::invalid(
        "logs are kept here; there is no external place for them",
    ))
}

/// Where a log is outside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExternalLogUrlResponse {
    url: String,
}
