//! What our own UI asks for beyond upstream's API, below `/api/v2/orrery/`.

pub(crate) mod counts;
pub(crate) mod dags;
pub(crate) mod events;
pub(crate) mod grid;
pub(crate) mod reasons;
pub(crate) mod setup;
pub(crate) mod tail;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// One line for each path.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(dags::list_dags))
        .routes(routes!(grid::get_grid))
        .routes(routes!(counts::get_run_counts))
        .routes(routes!(reasons::get_run_reasons))
        .routes(routes!(reasons::get_task_reasons))
        .routes(routes!(events::get_events))
        .routes(routes!(tail::get_tail))
        .routes(routes!(setup::get_setup))
        .routes(routes!(setup::cancel_setup))
        .routes(routes!(setup::retry_setup))
}
