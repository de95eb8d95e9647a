//! Every byte of HTTP: Airflow's REST API, our own, the UI and the metrics.
//!
//! `router` says what is where, `airflow/` and `console/` answer, `request/` reads what is asked,
//! `problem` says no, `book` reads for a request, `guard` keeps strangers out, `serve` accepts.
//!
//! Invariant: nothing here decides; a handler asks `control` and words the answer.
//! Invariant: no model type is serialised; wire types live beside their handlers.
//! Invariant: no read waits for the writer but the questions of `Live`, and none holds a snapshot
//! while it waits.
//! Invariant: no answer to a stranger, no CORS, and nothing in a page comes from another host.

mod airflow;
mod app;
mod audit;
mod book;
mod console;
mod cursor;
mod guard;
mod help;
mod ids;
mod openapi;
mod page;
mod problem;
mod request;
mod router;
mod serve;
mod span;
#[cfg(test)]
mod tests;
mod web;
mod wire;

use std::{future::Future, net::SocketAddr, sync::Arc};

pub use app::Place;
use axum::Router;
pub use console::setup::{Setup, SetupState, SetupStatus};
use control::Control;
pub use help::{error_page, error_titles};
use tokio::net::TcpListener;

/// What the operator chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// The addresses that are listened on: their own names are answered to.
    pub listen: Vec<SocketAddr>,
    /// Further names that are answered to.
    pub hosts: Vec<String>,
    /// What answers say about where they come from.
    pub place: Place,
}

/// The whole of HTTP as a service.
pub fn router(options: &Options, control: Control) -> Router {
    build(options, app::App::new(control, options.place.clone(), None))
}

fn build(options: &Options, app: app::App) -> Router {
    router::build(app, guard::Guard::new(&options.listen, &options.hosts))
}

/// Serves until `stop` is done, then finishes what is under way, for at most `DRAIN_MS_MAX`.
pub async fn serve(
    options: &Options,
    listeners: Vec<TcpListener>,
    control: Control,
    setup: Option<Arc<dyn Setup>>,
    stop: impl Future<Output = ()>,
) {
    let app = app::App::new(control, options.place.clone(), setup);
    let router = build(options, app.clone());
    let stop = async {
        stop.await;
        app.stop();
    };
    serve::run(listeners, router, stop).await;
}

/// The description of the API as JSON text.
#[must_use]
pub fn openapi() -> String {
    openapi::document().to_string()
}
