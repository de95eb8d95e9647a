//! All paths in one place, and what every request passes through.

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, Uri, header, uri::PathAndQuery},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::FutureExt;
use tower::Layer;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    airflow, app::App, audit, audit::Recorder, console, guard, guard::Guard, help, openapi,
    problem::Problem, request::unescape, web,
};

/// Where the API is for the deployment that exists.
pub(crate) const BASE: &str = "/api/v2";

/// The API with its description.
pub(crate) fn described() -> (Router<App>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(openapi::head())
        .nest(BASE, airflow::router().merge(console::router()))
        .split_for_parts()
}

/// Everything: the API, its help, the metrics and the UI.
pub(crate) fn build(app: App, guard: Guard) -> Router {
    let (api, document) = described();
    let deployment = app.place().deployment.clone();
    let recorder = Recorder::new(app.clone(), &document);
    let routes = api
        .route_layer(from_fn_with_state(recorder, audit::record))
        .route("/openapi.json", get(openapi::serve))
        .route("/errors/{code}", get(help::page))
        .route("/metrics", get(metrics))
        .fallback(elsewhere)
        .method_not_allowed_fallback(not_allowed)
        .with_state(app);
    // Outermost first: nothing runs for a stranger, and nothing that goes wrong gets past `catch`.
    // The address is rewritten before a route is chosen, so this is a service around the router.
    let rewritten = axum::middleware::from_fn_with_state(deployment, of_deployment).layer(routes);
    Router::new()
        .fallback_service(rewritten)
        .layer(from_fn(catch))
        .layer(from_fn_with_state(guard, guard::check))
        .layer(from_fn(guard::headers))
        .layer(from_fn(log))
}

/// `/d/{deployment}/api/…` is `/api/…` of that deployment.
async fn of_deployment(State(known): State<String>, mut request: Request, next: Next) -> Response {
    let uri = request.uri();
    let Some((name, rest)) = uri
        .path()
        .strip_prefix("/d/")
        .and_then(|it| it.split_once('/'))
    else {
        return next.run(request).await;
    };
    if rest != "api" && !rest.starts_with("api/") {
        return next.run(request).await;
    }
    let name = unescape(name, false);
    if name != known {
        let text = format!("there is no deployment `{name}`; there is `{known}`");
        return Problem::new(StatusCode::NOT_FOUND, "API-010", text).into_response();
    }
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    match PathAndQuery::try_from(format!("/{rest}{query}")) {
        Ok(path) => {
            *request.uri_mut() = Uri::from(path);
            next.run(request).await
        }
        Err(_) => Problem::invalid("this address cannot be read").into_response(),
    }
}

/// What no route has: below `/api` a mistake, elsewhere the UI.
async fn elsewhere(request: Request) -> Response {
    let path = request.uri().path();
    let Some(below) = path.strip_prefix("/api") else {
        return web::serve(request).await;
    };
    if !below.is_empty() && !below.starts_with('/') {
        return web::serve(request).await;
    }
    let inner = below.strip_prefix("/v2/").unwrap_or_default();
    let problem = if airflow::is_not_yet(inner) {
        let text = format!("`{path}` is part of Airflow's API and not there yet");
        Problem::new(StatusCode::NOT_FOUND, "API-012", text)
    } else {
        Problem::new(
            StatusCode::NOT_FOUND,
            "API-003",
            format!("there is nothing at `{path}`"),
        )
    };
    problem.into_response()
}

async fn not_allowed(request: Request) -> Problem {
    let text = format!(
        "{} is not possible here; `Allow` says what is",
        request.method()
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "API-004", text)
}

/// Numbers for Prometheus.
async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let mime = "text/plain; version=0.0.4; charset=utf-8";
    (
        [(header::CONTENT_TYPE, mime)],
        app.control().prometheus().await,
    )
}

/// A handler that panics costs its own request and nothing else.
async fn catch(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    match std::panic::AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .await
    {
        Ok(response) => response,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            tracing::error!(
                code = "API-007",
                path,
                "a handler panicked: {}",
                text.unwrap_or("?")
            );
            Problem::hidden().into_response()
        }
    }
}

/// The access log, without queries: they may hold what is nobody's business.
async fn log(request: Request, next: Next) -> Response {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return next.run(request).await;
    }
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let since = std::time::Instant::now();
    let response = next.run(request).await;
    let (status, us) = (response.status().as_u16(), since.elapsed().as_micros());
    tracing::debug!(%method, path, status, us, "request");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_one_request_and_tells_nothing() {
        async fn boom() -> String {
            panic!("secret detail");
        }
        let router = Router::new().route("/", get(boom)).layer(from_fn(catch));
        for _ in 0..2 {
            let request = Request::new(axum::body::Body::empty());
            let response = tower::ServiceExt::oneshot(router.clone(), request)
                .await
                .unwrap();
            assert_eq!(response.status(), 500);
            let body = axum::body::to_bytes(response.into_body(), 9_999)
                .await
                .unwrap();
            let text = String::from_utf8_lossy(&body);
            assert!(
                text.contains("API-007") && !text.contains("secret"),
                "{text}"
            );
        }
    }
}
