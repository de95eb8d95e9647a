//! Backfills.

use std::time::Duration;

use axum::{Json, extract::State};
use control::queries::live;
use model::{
    Json as Value, JsonMap,
    backfill::{Backfill, BackfillAct, BackfillAsk, Reprocess},
    command::{Command, Reply},
    limits::{BACKFILL_ACTIVE_RUNS_DEFAULT, BACKFILL_WAIT_MS_MAX},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    book::{Book, read},
    page::{self, Key},
    problem::Problem,
    request::{Body, Limit, Needed, Offset, OrderBy, Path, Query, query},
    wire::{Any, At},
};

/// A backfill.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BackfillResponse {
    id: u64,
    dag_id: String,
    from_date: At,
    to_date: At,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    dag_run_conf: Option<Value>,
    is_paused: bool,
    /// `none`, `failed` or `completed`.
    reprocess_behavior: &'static str,
    max_active_runs: u32,
    created_at: At,
    completed_at: Option<At>,
    updated_at: At,
    dag_display_name: String,
}

/// Backfills, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackfillCollectionResponse)]
pub(crate) struct BackfillCollection {
    backfills: Vec<BackfillResponse>,
    total_entries: u64,
}

fn response(book: &Book<'_>, backfill: Backfill) -> Result<BackfillResponse, Problem> {
    let row = read(book.snapshot.dag(backfill.dag))?;
    let row = row.ok_or_else(Problem::hidden)?;
    let dag_id = row.dag_id.to_string();
    let Backfill {
        no,
        from_date,
        to_date,
        conf,
        reprocess,
        max_active_runs,
        is_paused,
        created_at,
        updated_at,
        completed_at,
        ..
    } = backfill;
    Ok(BackfillResponse {
        id: no,
        from_date: At(from_date),
        to_date: At(to_date),
        dag_run_conf: conf,
        is_paused,
        reprocess_behavior: reprocess.as_str(),
        max_active_runs,
        created_at: At(created_at),
        completed_at: completed_at.map(At),
        updated_at: At(updated_at),
        dag_display_name: row.summary.display_name.unwrap_or_else(|| dag_id.clone()),
        dag_id,
    })
}

query! {
    /// What the list of backfills takes.
    BackfillsQuery {
        dag_id: Needed<String>,
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
    }
}

/// Backfills of a dag.
#[utoipa::path(get, path = "/backfills", operation_id = "list_backfills", tag = "Backfill",
    params(BackfillsQuery), responses((status = 200, body = BackfillCollection)))]
pub(crate) async fn list_backfills(
    State(app): State<App>,
    query: Query<BackfillsQuery>,
) -> Result<Json<BackfillCollection>, Problem> {
    query.order_by.check(&["id"])?;
    app.read(move |book| {
        let dag = read(book.snapshot.dag_no(&query.dag_id.0))?;
        let mut backfills = read(book.snapshot.backfills())?;
        backfills.retain(|backfill| Some(backfill.dag) == dag);
        page::sort(&mut backfills, &query.order_by, |backfill, _| {
            Key::number(u32::try_from(backfill.no).unwrap_or(u32::MAX))
        });
        let (backfills, total_entries) = page::cut(backfills, query.offset, query.limit);
        let backfills = backfills
            .into_iter()
            .map(|backfill| response(book, backfill));
        Ok(Json(BackfillCollection {
            backfills: backfills.collect::<Result<_, _>>()?,
            total_entries,
        }))
    })
    .await
}

async fn one(app: &App, no: u64) -> Result<BackfillResponse, Problem> {
    app.read(move |book| {
        let found = read(book.snapshot.backfill(no))?;
        let found = found.ok_or_else(|| Problem::not_found("backfill", no))?;
        response(book, found)
    })
    .await
}

/// A backfill.
#[utoipa::path(get, path = "/backfills/{backfill_id}", operation_id = "get_backfill",
    tag = "Backfill", params(("backfill_id" = u64, Path)),
    responses((status = 200, body = BackfillResponse)))]
pub(crate) async fn get_backfill(
    State(app): State<App>,
    Path(no): Path<u64>,
) -> Result<Json<BackfillResponse>, Problem> {
    one(&app, no).await.map(Json)
}

async fn change(app: &App, no: u64, act: BackfillAct) -> Result<Json<BackfillResponse>, Problem> {
    let user = None;
    app.command(Command::ChangeBackfill { no, act, user })
        .await?;
    one(app, no).await.map(Json)
}

/// Queued runs of the backfill stay queued.
#[utoipa::path(put, path = "/backfills/{backfill_id}/pause", operation_id = "pause_backfill",
    tag = "Backfill", params(("backfill_id" = u64, Path)),
    responses((status = 200, body = BackfillResponse)))]
pub(crate) async fn pause_backfill(
    State(app): State<App>,
    Path(no): Path<u64>,
) -> Result<Json<BackfillResponse>, Problem> {
    change(&app, no, BackfillAct::Pause).await
}

/// Queued runs of the backfill start again.
#[utoipa::path(put, path = "/backfills/{backfill_id}/unpause",
    operation_id = "unpause_backfill", tag = "Backfill", params(("backfill_id" = u64, Path)),
    responses((status = 200, body = BackfillResponse)))]
pub(crate) async fn unpause_backfill(
    State(app): State<App>,
    Path(no): Path<u64>,
) -> Result<Json<BackfillResponse>, Problem> {
    change(&app, no, BackfillAct::Unpause).await
}

/// The backfill is over: queued runs fail, those that run go on.
#[utoipa::path(put, path = "/backfills/{backfill_id}/cancel", operation_id = "cancel_backfill",
    tag = "Backfill", params(("backfill_id" = u64, Path)),
    responses((status = 200, body = BackfillResponse)))]
pub(crate) async fn cancel_backfill(
    State(app): State<App>,
    Path(no): Path<u64>,
) -> Result<Json<BackfillResponse>, Problem> {
    change(&app, no, BackfillAct::Cancel).await
}

/// A backfill to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BackfillPostBody)]
pub(crate) struct BackfillBody {
    dag_id: String,
    from_date: At,
    to_date: At,
    #[serde(default)]
    run_backwards: bool,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    dag_run_conf: Option<JsonMap>,
    /// `none`, `failed` or `completed`.
    #[serde(default = "none")]
    reprocess_behavior: String,
    #[serde(default = "active_runs")]
    max_active_runs: i64,
    run_on_latest_version: Option<bool>,
}

fn none() -> String {
    Reprocess::None.as_str().to_owned()
}

fn active_runs() -> i64 {
    BACKFILL_ACTIVE_RUNS_DEFAULT.into()
}

impl BackfillBody {
    fn into_ask(self) -> Result<BackfillAsk, Problem> {
        let reprocess = Reprocess::parse(&self.reprocess_behavior).ok_or_else(|| {
            let text = "Input should be 'failed', 'completed' or 'none'";
            Problem::field("reprocess_behavior", "enum", text, &self.reprocess_behavior)
        })?;
        Ok(BackfillAsk {
            dag_id: self.dag_id.into(),
            from_date: self.from_date.0,
            to_date: self.to_date.0,
            conf: self.dag_run_conf.map(Value::from),
            reprocess,
            // The scheduler says no to nothing at once.
            max_active_runs: u32::try_from(self.max_active_runs.max(0)).unwrap_or(u32::MAX),
            backwards: self.run_backwards,
            latest_version: self.run_on_latest_version,
            user: None,
            dates: Vec::new(),
        })
    }
}

/// Create a backfill. The answer comes when all its runs are there.
#[utoipa::path(post, path = "/backfills", operation_id = "create_backfill", tag = "Backfill",
    request_body = BackfillBody, responses((status = 200, body = BackfillResponse)))]
pub(crate) async fn create_backfill(
    State(app): State<App>,
    Body(body): Body<BackfillBody>,
) -> Result<Json<BackfillResponse>, Problem> {
    let ask = body.into_ask()?;
    let reply = app.command(Command::CreateBackfill(Box::new(ask))).await?;
    let Reply::Backfill(made) = reply else {
        return Err(Problem::hidden());
    };
    let no = made.no;
    let mut waited_ms = 0;
    loop {
        let found = app
            .read(move |book| read(book.snapshot.backfill(no)))
            .await?;
        if found.is_none_or(|of| of.n_done >= of.n_dates) || waited_ms >= BACKFILL_WAIT_MS_MAX {
            return one(&app, no).await.map(Json);
        }
        tokio::time::sleep(Duration::from_millis(WAIT_MS)).await;
        waited_ms += WAIT_MS;
    }
}

/// Between two looks whether a backfill has its runs.
const WAIT_MS: u64 = 10;

/// A run that a backfill would make.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DryRunBackfillResponse {
    logical_date: Option<At>,
    partition_key: Option<String>,
    partition_date: Option<At>,
}

/// The runs that a backfill would make.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DryRunBackfillCollectionResponse)]
pub(crate) struct DryRunBackfillCollection {
    backfills: Vec<DryRunBackfillResponse>,
    total_entries: u64,
}

/// The runs that a backfill would make, or make again.
#[utoipa::path(post, path = "/backfills/dry_run", operation_id = "create_backfill_dry_run",
    tag = "Backfill", request_body = BackfillBody,
    responses((status = 200, body = DryRunBackfillCollection)))]
pub(crate) async fn dry_run_backfill(
    State(app): State<App>,
    Body(body): Body<BackfillBody>,
) -> Result<Json<DryRunBackfillCollection>, Problem> {
    let ask = body.into_ask()?;
    let found = live::backfill_dates(app.control(), ask).await;
    let found = found.ok_or_else(Problem::hidden)?;
    let backfills: Vec<_> = found?
        .into_iter()
        .map(|run| DryRunBackfillResponse {
            logical_date: run.logical_date.map(At),
            partition_key: run.partition_key,
            partition_date: run.partition_date.map(At),
        })
        .collect();
    Ok(Json(DryRunBackfillCollection {
        total_entries: backfills.len() as u64,
        backfills,
    }))
}

/// One line for each path.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_backfills, create_backfill))
        .routes(routes!(dry_run_backfill))
        .routes(routes!(get_backfill))
        .routes(routes!(pause_backfill))
        .routes(routes!(unpause_backfill))
        .routes(routes!(cancel_backfill))
}
