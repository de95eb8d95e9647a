//! Lists of task instances with the conditions in a body.

use axum::{Json, extract::State};
use model::state::TaskInstanceState;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Names, TaskInstanceCollection, TisQuery, list};
use crate::{
    airflow::runs::{ends, limit},
    app::App,
    problem::Problem,
    request::{Body, Offset, OrderBy, Path, Pattern, Range},
    wire::{At, TiState},
};

/// The conditions.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = TaskInstancesBatchBody)]
pub(crate) struct TisBatchBody {
    dag_ids: Option<Vec<String>>,
    dag_run_ids: Option<Vec<String>>,
    task_ids: Option<Vec<String>>,
    state: Option<Vec<Option<TiState>>>,
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
    pool: Option<Vec<String>>,
    queue: Option<Vec<String>>,
    executor: Option<Vec<String>>,
    page_offset: u32,
    page_limit: Option<u32>,
    order_by: Option<String>,
}

impl From<TisBatchBody> for TisQuery {
    fn from(b: TisBatchBody) -> Self {
        let state = |state: Option<TiState>| state.map_or(TaskInstanceState::NoStatus, |it| it.0);
        Self {
            cursor: None,
            task_id: None,
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
            updated_at: Range::default(),
            duration: Range {
                gte: b.duration_gte,
                gt: b.duration_gt,
                lte: b.duration_lte,
                lt: b.duration_lt,
            },
            task_display_name: Pattern::default(),
            task_group_id: None,
            dag_id: Pattern::default(),
            run_id: Pattern::default(),
            state: b.state.into_iter().flatten().map(state).collect(),
            pool: b.pool.unwrap_or_default(),
            pool_name: Pattern::default(),
            queue: b.queue.unwrap_or_default(),
            queue_name: Pattern::default(),
            executor: b.executor.unwrap_or_default(),
            version_number: Vec::new(),
            try_number: Vec::new(),
            operator: Vec::new(),
            operator_name: Pattern::default(),
            map_index: Vec::new(),
            rendered_map_index: Pattern::default(),
            limit: limit(b.page_limit),
            offset: Offset(b.page_offset as usize),
            order_by: OrderBy::parse(b.order_by.as_slice()),
        }
    }
}

/// Task instances with the conditions in a body.
#[utoipa::path(post, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/list",
    operation_id = "get_task_instances_batch", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path)),
    request_body = TisBatchBody, responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn batch_tis(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
    Body(mut body): Body<TisBatchBody>,
) -> Result<Json<TaskInstanceCollection>, Problem> {
    let names = Names {
        dag_ids: body.dag_ids.take().unwrap_or_default(),
        run_ids: body.dag_run_ids.take().unwrap_or_default(),
        task_ids: body.task_ids.take().unwrap_or_default(),
    };
    let query = TisQuery::from(body);
    query.order_by.check(&super::list::ORDERS)?;
    app.read(move |book| list(book, &dag_id, &run_id, &names, &query))
        .await
        .map(Json)
}
