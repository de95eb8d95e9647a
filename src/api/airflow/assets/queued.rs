//! Asset events that wait for a run.

use axum::{Json, extract::State, http::StatusCode};
use model::{AssetNo, DagNo, Timestamp, asset::QueuedAsset, command::Command};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    airflow::dags::display_name,
    app::App,
    book::{Book, read},
    problem::Problem,
    request::{Path, Query, query},
    wire::At,
};

/// An event of an asset that waits for a run of a dag.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct QueuedEventResponse {
    dag_id: String,
    asset_id: u32,
    created_at: At,
    dag_display_name: String,
}

/// Events that wait, and how many there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueuedEventCollectionResponse)]
pub(crate) struct QueuedEventCollection {
    queued_events: Vec<QueuedEventResponse>,
    total_entries: u64,
}

query! {
    /// Only those that came before.
    BeforeQuery {
        before: Option<Timestamp>,
    }
}

fn found(
    book: &Book<'_>,
    dag: Option<DagNo>,
    asset: Option<AssetNo>,
    before: Option<Timestamp>,
) -> Result<Vec<QueuedEventResponse>, Problem> {
    let mut found = Vec::new();
    for QueuedAsset { dag, asset: no, at } in read(book.snapshot.asset_queue(dag))? {
        if asset.is_some_and(|asset| asset != no) || before.is_some_and(|before| at >= before) {
            continue;
        }
        if let Some(row) = book.row(dag)? {
            found.push(QueuedEventResponse {
                dag_id: row.dag_id.to_string(),
                asset_id: no.0,
                created_at: At(at),
                dag_display_name: display_name(&row),
            });
        }
    }
    Ok(found)
}

fn collection(queued_events: Vec<QueuedEventResponse>) -> Json<QueuedEventCollection> {
    Json(QueuedEventCollection {
        total_entries: queued_events.len() as u64,
        queued_events,
    })
}

/// Events of an asset that wait for runs.
#[utoipa::path(get, path = "/assets/{asset_id}/queuedEvents",
    operation_id = "get_asset_queued_events", tag = "Asset",
    params(("asset_id" = u32, Path), BeforeQuery),
    responses((status = 200, body = QueuedEventCollection)))]
pub(crate) async fn list_asset_queue(
    State(app): State<App>,
    Path(asset): Path<u32>,
    query: Query<BeforeQuery>,
) -> Result<Json<QueuedEventCollection>, Problem> {
    let before = query.before;
    app.read(move |book| found(book, None, Some(AssetNo(asset)), before))
        .await
        .map(collection)
}

/// Events that wait for a run of a dag.
#[utoipa::path(get, path = "/dags/{dag_id}/assets/queuedEvents",
    operation_id = "get_dag_asset_queued_events", tag = "Asset",
    params(("dag_id" = String, Path), BeforeQuery),
    responses((status = 200, body = QueuedEventCollection)))]
pub(crate) async fn list_dag_queue(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    query: Query<BeforeQuery>,
) -> Result<Json<QueuedEventCollection>, Problem> {
    let before = query.before;
    app.read(move |book| {
        let dag = book.dag_row(&dag_id)?.no;
        found(book, Some(dag), None, before)
    })
    .await
    .map(collection)
}

/// The event of an asset that waits for a run of a dag.
#[utoipa::path(get, path = "/dags/{dag_id}/assets/{asset_id}/queuedEvents",
    operation_id = "get_dag_asset_queued_event", tag = "Asset",
    params(("dag_id" = String, Path), ("asset_id" = u32, Path), BeforeQuery),
    responses((status = 200, body = QueuedEventResponse)))]
pub(crate) async fn get_dag_queue(
    State(app): State<App>,
    Path((dag_id, asset)): Path<(String, u32)>,
    query: Query<BeforeQuery>,
) -> Result<Json<QueuedEventResponse>, Problem> {
    let before = query.before;
    app.read(move |book| {
        let dag = book.dag_row(&dag_id)?.no;
        let all = found(book, Some(dag), Some(AssetNo(asset)), before)?;
        let what = format!("queued event of dag `{dag_id}` and asset");
        let mut all = all.into_iter();
        all.next().ok_or_else(|| Problem::not_found(&what, asset))
    })
    .await
    .map(Json)
}

async fn delete(
    app: &App,
    dag_id: Option<String>,
    asset: Option<u32>,
    before: Option<Timestamp>,
) -> Result<StatusCode, Problem> {
    let dag = match dag_id {
        None => None,
        Some(dag_id) => Some(app.read(move |book| Ok(book.dag_row(&dag_id)?.no)).await?),
    };
    let asset = asset.map(AssetNo);
    let command = Command::DeleteQueuedAssets { dag, asset, before };
    app.command(command).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forget the events of an asset that wait for runs.
#[utoipa::path(delete, path = "/assets/{asset_id}/queuedEvents",
    operation_id = "delete_asset_queued_events", tag = "Asset",
    params(("asset_id" = u32, Path), BeforeQuery), responses((status = 204)))]
pub(crate) async fn delete_asset_queue(
    State(app): State<App>,
    Path(asset): Path<u32>,
    query: Query<BeforeQuery>,
) -> Result<StatusCode, Problem> {
    delete(&app, None, Some(asset), query.before).await
}

/// Forget the events that wait for a run of a dag.
#[utoipa::path(delete, path = "/dags/{dag_id}/assets/queuedEvents",
    operation_id = "delete_dag_asset_queued_events", tag = "Asset",
    params(("dag_id" = String, Path), BeforeQuery), responses((status = 204)))]
pub(crate) async fn delete_dag_queue(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    query: Query<BeforeQuery>,
) -> Result<StatusCode, Problem> {
    delete(&app, Some(dag_id), None, query.before).await
}

/// Forget the event of an asset that waits for a run of a dag.
#[utoipa::path(delete, path = "/dags/{dag_id}/assets/{asset_id}/queuedEvents",
    operation_id = "delete_dag_asset_queued_event", tag = "Asset",
    params(("dag_id" = String, Path), ("asset_id" = u32, Path), BeforeQuery),
    responses((status = 204)))]
pub(crate) async fn delete_dag_asset_queue(
    State(app): State<App>,
    Path((dag_id, asset)): Path<(String, u32)>,
    query: Query<BeforeQuery>,
) -> Result<StatusCode, Problem> {
    delete(&app, Some(dag_id), Some(asset), query.before).await
}
