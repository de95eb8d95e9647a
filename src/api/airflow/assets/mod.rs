//! Assets, their aliases and events, what waits because of them, and what they keep.

mod aliases;
mod events;
mod list;
mod materialize;
mod queued;
mod state;

pub(crate) use aliases::*;
pub(crate) use events::*;
pub(crate) use list::*;
pub(crate) use materialize::*;
pub(crate) use queued::*;
pub(crate) use state::*;

use model::{AssetNo, asset::AssetRow};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    book::{Book, read},
    problem::Problem,
};

/// The asset with this id, or 404.
fn asset(book: &Book<'_>, id: u32) -> Result<AssetRow, Problem> {
    let found = read(book.snapshot.asset(AssetNo(id)))?;
    found.ok_or_else(|| Problem::not_found("asset with id", id))
}

/// One line for each path.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_assets))
        .routes(routes!(list_asset_aliases))
        .routes(routes!(get_asset_alias))
        .routes(routes!(list_asset_events, create_asset_event))
        .routes(routes!(get_asset))
        .routes(routes!(materialize_asset))
        .routes(routes!(list_asset_queue, delete_asset_queue))
        .routes(routes!(list_dag_queue, delete_dag_queue))
        .routes(routes!(get_dag_queue, delete_dag_asset_queue))
        .routes(routes!(list_upstream_asset_events))
        .routes(routes!(list_asset_states, clear_asset_states))
        .routes(routes!(
            get_asset_state,
            set_asset_state,
            delete_asset_state
        ))
}
