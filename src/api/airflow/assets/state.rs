//! Values that assets keep.

use axum::{Json, extract::State, http::StatusCode};
use model::{
    AssetNo,
    asset::{AssetState, StateWriter},
    command::Command,
    limits::{KEY_CHARS_MAX, XCOM_BYTES_MAX},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::App,
    book::read,
    page,
    problem::Problem,
    request::{Body, Limit, Offset, Path, Query, query},
    wire::{Any, At},
};

/// Who set a value.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetStateStoreLastUpdatedBy {
    #[schema(value_type = AssetStateStoreWriterKind)]
    kind: &'static str,
    dag_id: Option<String>,
    run_id: Option<String>,
    task_id: Option<String>,
    map_index: Option<i32>,
}

/// What sort of thing set a value.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code)] // Only described.
enum AssetStateStoreWriterKind {
    Task,
    Watcher,
    Api,
}

/// A value that an asset keeps.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetStateStoreResponse {
    key: String,
    value: Any,
    updated_at: At,
    last_updated_by: Option<AssetStateStoreLastUpdatedBy>,
}

/// Values that an asset keeps, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssetStateStoreCollectionResponse)]
pub(crate) struct AssetStateCollection {
    asset_state_store: Vec<AssetStateStoreResponse>,
    total_entries: u64,
}

impl AssetStateStoreResponse {
    fn new(key: String, state: AssetState) -> Self {
        let AssetState {
            value,
            updated_at,
            by,
        } = state;
        Self {
            key,
            value: Any(value),
            updated_at: At(updated_at),
            last_updated_by: Some(by.into()),
        }
    }
}

impl From<StateWriter> for AssetStateStoreLastUpdatedBy {
    fn from(by: StateWriter) -> Self {
        let plain = |kind| Self {
            kind,
            dag_id: None,
            run_id: None,
            task_id: None,
            map_index: None,
        };
        match by {
            StateWriter::Api => plain("api"),
            StateWriter::Watcher => plain("watcher"),
            StateWriter::Task {
                dag_id,
                run_id,
                task_id,
                map,
            } => Self {
                kind: "task",
                dag_id: Some(dag_id.to_string()),
                run_id: Some(run_id.to_string()),
                task_id: Some(task_id.to_string()),
                map_index: Some(map.0),
            },
        }
    }
}

query! {
    /// What the list of values takes.
    AssetStatesQuery {
        limit: Limit,
        offset: Offset,
    }
}

/// The values that an asset keeps.
#[utoipa::path(get, path = "/assets/{asset_id}/state-store",
    operation_id = "list_asset_state_store", tag = "Asset State Store",
    params(("asset_id" = u32, Path), AssetStatesQuery),
    responses((status = 200, body = AssetStateCollection)))]
pub(crate) async fn list_asset_states(
    State(app): State<App>,
    Path(id): Path<u32>,
    query: Query<AssetStatesQuery>,
) -> Result<Json<AssetStateCollection>, Problem> {
    let (offset, limit) = (query.offset, query.limit);
    let all = app
        .read(move |book| {
            let no = super::asset(book, id)?.no;
            read(book.snapshot.asset_states(no))
        })
        .await?;
    let (page, total_entries) = page::cut(all, offset, limit);
    let response = |(key, state)| AssetStateStoreResponse::new(key, state);
    Ok(Json(AssetStateCollection {
        asset_state_store: page.into_iter().map(response).collect(),
        total_entries,
    }))
}

/// A value that an asset keeps.
#[utoipa::path(get, path = "/assets/{asset_id}/state-store/{key}",
    operation_id = "get_asset_state_store", tag = "Asset State Store",
    params(("asset_id" = u32, Path), ("key" = String, Path)),
    responses((status = 200, body = AssetStateStoreResponse)))]
pub(crate) async fn get_asset_state(
    State(app): State<App>,
    Path((id, key)): Path<(u32, String)>,
) -> Result<Json<AssetStateStoreResponse>, Problem> {
    app.read(move |book| {
        let no = super::asset(book, id)?.no;
        let found = read(book.snapshot.asset_state(no, &key))?;
        let found = found.ok_or_else(|| Problem::not_found("value", &key))?;
        Ok(AssetStateStoreResponse::new(key, found))
    })
    .await
    .map(Json)
}

/// A value to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssetStateStoreBody)]
pub(crate) struct AssetStateBody {
    value: Any,
}

/// Keep a value with an asset.
#[utoipa::path(put, path = "/assets/{asset_id}/state-store/{key}",
    operation_id = "set_asset_state_store", tag = "Asset State Store",
    params(("asset_id" = u32, Path), ("key" = String, Path)), request_body = AssetStateBody,
    responses((status = 204)))]
pub(crate) async fn set_asset_state(
    State(app): State<App>,
    Path((id, key)): Path<(u32, String)>,
    Body(body): Body<AssetStateBody>,
) -> Result<StatusCode, Problem> {
    let Any(value) = body.value;
    if value.is_null() || value.to_string().len() > XCOM_BYTES_MAX {
        let text = format!("a value is not null and has at most {XCOM_BYTES_MAX} bytes as JSON");
        return Err(Problem::field("value", "value_error", text, ""));
    }
    if key.chars().count() > KEY_CHARS_MAX {
        return Err(Problem::invalid(format!(
            "a key has at most {KEY_CHARS_MAX} characters"
        )));
    }
    let state = AssetState {
        value,
        updated_at: app.now(),
        by: StateWriter::Api,
    };
    keep(&app, id, Some(key), Some(Box::new(state))).await
}

/// Keep a value no longer.
#[utoipa::path(delete, path = "/assets/{asset_id}/state-store/{key}",
    operation_id = "delete_asset_state_store", tag = "Asset State Store",
    params(("asset_id" = u32, Path), ("key" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_asset_state(
    State(app): State<App>,
    Path((id, key)): Path<(u32, String)>,
) -> Result<StatusCode, Problem> {
    keep(&app, id, Some(key), None).await
}

/// Keep nothing with an asset any more.
#[utoipa::path(delete, path = "/assets/{asset_id}/state-store",
    operation_id = "clear_asset_state_store", tag = "Asset State Store",
    params(("asset_id" = u32, Path)), responses((status = 204)))]
pub(crate) async fn clear_asset_states(
    State(app): State<App>,
    Path(id): Path<u32>,
) -> Result<StatusCode, Problem> {
    keep(&app, id, None, None).await
}

async fn keep(
    app: &App,
    id: u32,
    key: Option<String>,
    state: Option<Box<AssetState>>,
) -> Result<StatusCode, Problem> {
    let asset = AssetNo(id);
    app.command(Command::KeepAssetState { asset, key, state })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
