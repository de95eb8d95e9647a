//! Lists of runs with the conditions in a body.

use axum::{Json, extract::State};
use model::{Timestamp, limits::PAGE_ENTRIES_MAX};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DagRunCollection, RunsQuery, list};
use crate::{
    app::App,
    problem::Problem,
    request::{Body, Limit, Offset, OrderBy, Path, Pattern, Range},
    wire::{At, RunState},
};

/// The conditions.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = DAGRunsBatchBody)]
pub(crate) struct RunsBatchBody {
    order_by: Option<String>,
    page_offset: u32,
    page_limit: Option<u32>,
    dag_ids: Option<Vec<String>>,
    states: Option<Vec<Option<RunState>>>,
    run_after_gte: Option<At>,
    run_after_gt: Option<At>,
    run_after_lte: Option<At>,
    run_after_lt: Option<At>,
    logical_date_gte: Option<At>,
    logical_date_gt: Option<At>,
    logical_date_lte: Option<At>,
    logical_date_lt: Option<At>,
    start_date_gte: Option<At>,
    start_date_gt: Option<At>,
    start_date_lte: Option<At>,
    start_date_lt: Option<At>,
    end_date_gte: Option<At>,
    end_date_gt: Option<At>,
    end_date_lte: Option<At>,
    end_date_lt: Option<At>,
    duration_gte: Option<f64>,
    duration_gt: Option<f64>,
    duration_lte: Option<f64>,
    duration_lt: Option<f64>,
    conf_contains: Option<String>,
}

/// The four ends of a span as one.
pub(crate) fn ends(
    gte: Option<At>,
    gt: Option<At>,
    lte: Option<At>,
    lt: Option<At>,
) -> Range<Timestamp> {
    let at = |at: Option<At>| at.map(|At(at)| at);
    Range {
        gte: at(gte),
        gt: at(gt),
        lte: at(lte),
        lt: at(lt),
    }
}

/// The limit of a body, where upstream's default is another one than that of queries.
pub(crate) fn limit(page_limit: Option<u32>) -> Limit {
    Limit(
        page_limit
            .map_or(PAGE_ENTRIES_MAX, |limit| limit as usize)
            .min(PAGE_ENTRIES_MAX),
    )
}

impl From<RunsBatchBody> for RunsQuery {
    fn from(body: RunsBatchBody) -> Self {
        let b = body;
        Self {
            partition_date: Range::default(),
            cursor: None,
            limit: limit(b.page_limit),
            offset: Offset(b.page_offset as usize),
            run_after: ends(
                b.run_after_gte,
                b.run_after_gt,
                b.run_after_lte,
                b.run_after_lt,
            ),
            logical_date: ends(
                b.logical_date_gte,
                b.logical_date_gt,
                b.logical_date_lte,
                b.logical_date_lt,
            ),
            start_date: ends(
                b.start_date_gte,
                b.start_date_gt,
                b.start_date_lte,
                b.start_date_lt,
            ),
            end_date: ends(b.end_date_gte, b.end_date_gt, b.end_date_lte, b.end_date_lt),
            duration: Range {
                gte: b.duration_gte,
                gt: b.duration_gt,
                lte: b.duration_lte,
                lt: b.duration_lt,
            },
            updated_at: Range::default(),
            conf_contains: b.conf_contains,
            run_type: Vec::new(),
            // A run without a state does not exist, so `null` finds nothing more.
            state: b
                .states
                .into_iter()
                .flatten()
                .flatten()
                .map(|RunState(state)| state)
                .collect(),
            dag_version: Vec::new(),
            bundle_version: None,
            order_by: OrderBy::parse(b.order_by.as_slice()),
            run_id: Pattern::default(),
            triggering_user_name: Pattern::default(),
            dag_id: Pattern::default(),
            partition_key: Pattern::default(),
            consuming_asset_pattern: None,
        }
    }
}

/// Runs with the conditions in a body; `dag_id` has to be `~`.
#[utoipa::path(post, path = "/dags/{dag_id}/dagRuns/list",
    operation_id = "get_list_dag_runs_batch", tag = "DagRun",
    params(("dag_id" = String, Path)), request_body = RunsBatchBody,
    responses((status = 200, body = DagRunCollection)))]
pub(crate) async fn batch_runs(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    Body(mut body): Body<RunsBatchBody>,
) -> Result<Json<DagRunCollection>, Problem> {
    let dag_ids = body.dag_ids.take().unwrap_or_default();
    let query = RunsQuery::from(body);
    query.order_by.check(&super::list::ORDERS)?;
    app.read(move |book| list(book, &dag_id, &dag_ids, &query))
        .await
        .map(Json)
}
