//! Assets with who names them.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State};
use control::book::{AssetRef, EventsOf, Named};
use model::{
    AssetNo,
    asset::{AliasRow, AssetRow, Watcher},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::AssetAliasResponse;
use crate::{
    app::App,
    book::{Book, read},
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Path, Pattern, Query, query},
    wire::{Any, At},
};

/// A dag that waits for an asset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DagScheduleAssetReference {
    dag_id: String,
    created_at: At,
    updated_at: At,
}

/// A task that updates an asset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskOutletAssetReference {
    dag_id: String,
    task_id: String,
    created_at: At,
    updated_at: At,
}

/// A task that reads an asset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskInletAssetReference {
    dag_id: String,
    task_id: String,
    created_at: At,
    updated_at: At,
}

/// A trigger that updates an asset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetWatcherResponse {
    name: String,
    trigger_id: u64,
    created_date: At,
}

/// The newest event of an asset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LastAssetEventResponse {
    id: Option<u64>,
    timestamp: Option<At>,
}

/// An asset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetResponse {
    id: u32,
    name: String,
    uri: String,
    group: String,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    extra: Option<Any>,
    created_at: At,
    updated_at: At,
    scheduled_dags: Vec<DagScheduleAssetReference>,
    producing_tasks: Vec<TaskOutletAssetReference>,
    consuming_tasks: Vec<TaskInletAssetReference>,
    aliases: Vec<AssetAliasResponse>,
    watchers: Vec<AssetWatcherResponse>,
    last_asset_event: Option<LastAssetEventResponse>,
}

/// Assets, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssetCollectionResponse)]
pub(crate) struct AssetCollection {
    assets: Vec<AssetResponse>,
    total_entries: u64,
}

query! {
    /// What the list of assets takes.
    AssetsQuery {
        limit: Limit,
        offset: Offset,
        name: Pattern,
        uri: Pattern,
        dag_ids: Vec<String>,
        only_active: Option<bool>,
        order_by: OrderBy,
    }
}

const ORDERS: [&str; 5] = ["id", "name", "uri", "created_at", "updated_at"];

/// Assets.
#[utoipa::path(get, path = "/assets", operation_id = "get_assets", tag = "Asset",
    params(AssetsQuery), responses((status = 200, body = AssetCollection)))]
pub(crate) async fn list_assets(
    State(app): State<App>,
    Query(query): Query<AssetsQuery>,
) -> Result<Json<AssetCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    app.read(move |book| list(book, &query)).await.map(Json)
}

fn list(book: &Book<'_>, query: &AssetsQuery) -> Result<AssetCollection, Problem> {
    let mut rows = read(book.snapshot.assets())?;
    let only_active = query.only_active.unwrap_or(true);
    rows.retain(|row| {
        (row.is_active || !only_active)
            && query.name.matches(&row.name)
            && query.uri.matches(&row.uri)
    });
    if !query.dag_ids.is_empty() {
        let named = named_by(book, &query.dag_ids)?;
        rows.retain(|row| named.contains(&row.no));
    }
    page::sort(&mut rows, &query.order_by, |row, name| match name {
        "name" => Key::text(row.name.as_str()),
        "uri" => Key::text(row.uri.as_str()),
        "created_at" => Key::At(row.created_at),
        "updated_at" => Key::At(row.updated_at),
        _ => Key::number(row.no.0),
    });
    let (rows, total_entries) = page::cut(rows, query.offset, query.limit);
    let aliases = aliases(book)?;
    let responses = rows.into_iter().map(|row| response(book, row, &aliases));
    Ok(AssetCollection {
        assets: responses.collect::<Result<_, _>>()?,
        total_entries,
    })
}

/// The assets that some dags name, however they do.
fn named_by(book: &Book<'_>, dag_ids: &[String]) -> Result<BTreeSet<AssetNo>, Problem> {
    let mut named = BTreeSet::new();
    for dag_id in dag_ids {
        let Some(dag) = read(book.snapshot.dag_no(dag_id))? else {
            continue;
        };
        if let Some(row) = read(book.snapshot.dag_assets(dag))? {
            named.extend(row.schedule.into_keys());
            named.extend(row.inlets.into_keys().map(|(asset, _)| asset));
            named.extend(row.outlets.into_keys().map(|(asset, _)| asset));
        }
    }
    Ok(named)
}

type Aliases = BTreeMap<AssetNo, Vec<AliasRow>>;

fn aliases(book: &Book<'_>) -> Result<Aliases, Problem> {
    let mut aliases = Aliases::new();
    for row in read(book.snapshot.asset_aliases())? {
        for asset in &row.assets {
            aliases.entry(*asset).or_default().push(row.clone());
        }
    }
    Ok(aliases)
}

fn response(book: &Book<'_>, row: AssetRow, aliases: &Aliases) -> Result<AssetResponse, Problem> {
    let AssetRow {
        no,
        name,
        uri,
        group,
        extra,
        is_active: _,
        created_at,
        updated_at,
        watchers,
    } = row;
    let last = read(book.snapshot.last_asset_event(Some(EventsOf::Asset(no))))?;
    let mut found = AssetResponse {
        id: no.0,
        name,
        uri,
        group,
        extra: Some(Any(extra.into())),
        created_at: At(created_at),
        updated_at: At(updated_at),
        scheduled_dags: Vec::new(),
        producing_tasks: Vec::new(),
        consuming_tasks: Vec::new(),
        aliases: aliases
            .get(&no)
            .into_iter()
            .flatten()
            .cloned()
            .map(AssetAliasResponse::from)
            .collect(),
        watchers: watchers
            .into_iter()
            .map(AssetWatcherResponse::from)
            .collect(),
        last_asset_event: Some(LastAssetEventResponse {
            id: last.map(|event| event.0),
            timestamp: last.map(|event| At(event.at())),
        }),
    };
    for AssetRef { dag, named, since } in read(book.snapshot.asset_refs(no))? {
        let Some(row) = book.row(dag)? else { continue };
        let (dag_id, since) = (row.dag_id.to_string(), At(since));
        match named {
            Named::Schedule => found.scheduled_dags.push(DagScheduleAssetReference {
                dag_id,
                created_at: since,
                updated_at: since,
            }),
            Named::Inlet(task) => found.consuming_tasks.push(TaskInletAssetReference {
                dag_id,
                task_id: book.task_id(dag, task)?.to_string(),
                created_at: since,
                updated_at: since,
            }),
            Named::Outlet(task) => found.producing_tasks.push(TaskOutletAssetReference {
                dag_id,
                task_id: book.task_id(dag, task)?.to_string(),
                created_at: since,
                updated_at: since,
            }),
        }
    }
    Ok(found)
}

impl From<Watcher> for AssetWatcherResponse {
    fn from(watcher: Watcher) -> Self {
        Self {
            name: watcher.name,
            trigger_id: watcher.trigger.0,
            created_date: At(watcher.since),
        }
    }
}

/// An asset.
#[utoipa::path(get, path = "/assets/{asset_id}", operation_id = "get_asset", tag = "Asset",
    params(("asset_id" = u32, Path)), responses((status = 200, body = AssetResponse)))]
pub(crate) async fn get_asset(
    State(app): State<App>,
    Path(id): Path<u32>,
) -> Result<Json<AssetResponse>, Problem> {
    app.read(move |book| response(book, super::asset(book, id)?, &aliases(book)?))
        .await
        .map(Json)
}
