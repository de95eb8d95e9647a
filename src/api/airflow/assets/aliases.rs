//! Aliases of assets.

use axum::{Json, extract::State};
use model::{AliasNo, asset::AliasRow};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    book::read,
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Path, Pattern, Query, query},
};

/// A name that tasks resolve to assets at run time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetAliasResponse {
    id: u32,
    name: String,
    group: String,
}

/// Aliases, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssetAliasCollectionResponse)]
pub(crate) struct AssetAliasCollection {
    asset_aliases: Vec<AssetAliasResponse>,
    total_entries: u64,
}

impl From<AliasRow> for AssetAliasResponse {
    fn from(row: AliasRow) -> Self {
        let AliasRow {
            no,
            name,
            group,
            assets: _,
        } = row;
        Self {
            id: no.0,
            name,
            group,
        }
    }
}

query! {
    /// What the list of aliases takes.
    AliasesQuery {
        limit: Limit,
        offset: Offset,
        name: Pattern,
        order_by: OrderBy,
    }
}

/// Aliases of assets.
#[utoipa::path(get, path = "/assets/aliases", operation_id = "get_asset_aliases", tag = "Asset",
    params(AliasesQuery), responses((status = 200, body = AssetAliasCollection)))]
pub(crate) async fn list_asset_aliases(
    State(app): State<App>,
    query: Query<AliasesQuery>,
) -> Result<Json<AssetAliasCollection>, Problem> {
    query.order_by.check(&["id", "name"])?;
    let mut rows = app.read(|book| read(book.snapshot.asset_aliases())).await?;
    rows.retain(|row| query.name.matches(&row.name));
    page::sort(&mut rows, &query.order_by, |row, name| match name {
        "name" => Key::text(row.name.as_str()),
        _ => Key::number(row.no.0),
    });
    let (rows, total_entries) = page::cut(rows, query.offset, query.limit);
    Ok(Json(AssetAliasCollection {
        asset_aliases: rows.into_iter().map(AssetAliasResponse::from).collect(),
        total_entries,
    }))
}

/// An alias of assets.
#[utoipa::path(get, path = "/assets/aliases/{asset_alias_id}", operation_id = "get_asset_alias",
    tag = "Asset", params(("asset_alias_id" = u32, Path)),
    responses((status = 200, body = AssetAliasResponse)))]
pub(crate) async fn get_asset_alias(
    State(app): State<App>,
    Path(id): Path<u32>,
) -> Result<Json<AssetAliasResponse>, Problem> {
    let found = app
        .read(move |book| read(book.snapshot.asset_alias(AliasNo(id))))
        .await?;
    let found = found.ok_or_else(|| Problem::not_found("asset alias with id", id))?;
    Ok(Json(found.into()))
}
