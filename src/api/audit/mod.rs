//! Who asked for what: every request that changes something is an entry of the audit log, also when
//! it is refused.
//!
//! The entry is put on the queue just before the request is carried out, and may wait for company:
//! what the request asks for comes next and both are one transaction. The answer is held until the
//! entry is in the book, which costs only those whose request came to nothing.

mod entry;

use std::{collections::HashMap, sync::Arc};

use axum::{
    body::Body,
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{Method, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use model::command::{Command, Reply};
use tokio::sync::oneshot;
use utoipa::openapi::{OpenApi, path::PathItem};

use self::entry::Asked;
use crate::{
    app::App,
    problem::Problem,
    request::{self, decode},
};

/// Whether an operation is called like a change and changes nothing.
fn is_read(id: &str) -> bool {
    id.starts_with("get_") || id.contains("dry_run") || id == "test_connection"
}

/// Who asks, while nobody signs in: upstream's word.
const NOBODY: &str = "anonymous";

/// What the event of a request is called, by its method and route.
#[derive(Clone)]
pub(crate) struct Recorder {
    app: App,
    events: Arc<HashMap<(Method, String), String>>,
}

impl Recorder {
    pub(crate) fn new(app: App, described: &OpenApi) -> Self {
        let events = Arc::new(events(described));
        Self { app, events }
    }
}

/// The event of each operation that changes something.
pub(super) fn events(described: &OpenApi) -> HashMap<(Method, String), String> {
    let mut events = HashMap::new();
    for (path, item) in &described.paths.paths {
        let PathItem {
            put,
            post,
            delete,
            patch,
            ..
        } = item;
        for (method, operation) in [
            (Method::PUT, put),
            (Method::POST, post),
            (Method::DELETE, delete),
            (Method::PATCH, patch),
        ] {
            let id = operation.as_ref().and_then(|it| it.operation_id.as_deref());
            let Some(id) = id.filter(|id| !is_read(id)) else {
                continue;
            };
            // Upstream has one function for both of its routes.
            let event = id.strip_suffix("_by_map_index").unwrap_or(id);
            events.insert((method, path.clone()), event.to_owned());
        }
    }
    events
}

/// Records a request, and goes on with it.
pub(crate) async fn record(
    State(recorder): State<Recorder>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(event) = recorder.event(&parts) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let path = match RawPathParams::from_request_parts(&mut parts, &()).await {
        Ok(params) => owned(params.iter()),
        Err(_) => Vec::new(),
    };
    let asked = Asked {
        event: &event,
        method: parts.method.as_str(),
        owner: NOBODY,
        query: decode(parts.uri.query().unwrap_or_default()),
        path,
    };
    let request = Request::from_parts(parts.clone(), body);
    let bytes = request::bytes(request).await;
    let entry = asked.entry(bytes.as_deref().unwrap_or_default());
    let Some(entry) = entry else {
        return go_on(parts, bytes, next).await;
    };
    let command = Command::Audit(Box::new(entry));
    let written = match recorder.app.control().send(command) {
        Ok(written) => written,
        Err(full) => return Problem::busy("API-006", full.to_string()).into_response(),
    };
    let response = go_on(parts, bytes, next).await;
    hold(&event, written).await;
    response
}

impl Recorder {
    fn event(&self, parts: &Parts) -> Option<String> {
        let route = parts.extensions.get::<MatchedPath>()?.as_str();
        let key = (parts.method.clone(), route.to_owned());
        self.events.get(&key).cloned()
    }
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<(String, String)> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

async fn go_on(parts: Parts, bytes: Result<axum::body::Bytes, Problem>, next: Next) -> Response {
    match bytes {
        Ok(bytes) => {
            next.run(Request::from_parts(parts, Body::from(bytes)))
                .await
        }
        Err(problem) => problem.into_response(),
    }
}

/// Waits until the entry is in the book: what a client was told, the log says.
async fn hold(event: &str, written: oneshot::Receiver<Reply>) {
    match written.await {
        Ok(Reply::Refused(refusal)) => {
            tracing::error!(event, "a request is not in the audit log: {refusal}");
        }
        Ok(_) => {}
        Err(_) => tracing::error!(event, "a request is not in the audit log: we are stopping"),
    }
}
