//! One dag.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use model::{JsonMap, change::DagRow, dag::Dag};
use serde::Serialize;
use utoipa::ToSchema;

use super::DagResponse;
use crate::{
    airflow::versions::DagVersionResponse,
    app::App,
    book::Book,
    problem::Problem,
    request::Path,
    wire::{Any, At, RunType},
};

/// A dag with all that is known of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DAGDetailsResponse)]
pub(crate) struct DagDetails {
    #[serde(flatten)]
    dag: DagResponse,
    catchup: bool,
    dag_run_timeout: Option<String>,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    asset_expression: Option<Any>,
    doc_md: Option<String>,
    start_date: Option<At>,
    end_date: Option<At>,
    is_paused_upon_creation: Option<bool>,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    params: Option<Any>,
    render_template_as_native_obj: bool,
    template_search_path: Option<Vec<String>>,
    timezone: Option<String>,
    last_parsed: Option<At>,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    default_args: Option<Any>,
    rerun_with_latest_version: Option<bool>,
    owner_links: Option<BTreeMap<String, String>>,
    is_favorite: bool,
    active_runs_count: u64,
    concurrency: u32,
    latest_dag_version: Option<DagVersionResponse>,
}

/// A dag.
#[utoipa::path(get, path = "/dags/{dag_id}", operation_id = "get_dag", tag = "DAG",
    params(("dag_id" = String, Path)), responses((status = 200, body = DagResponse)))]
pub(crate) async fn get_dag(
    State(app): State<App>,
    Path(dag_id): Path<String>,
) -> Result<Json<DagResponse>, Problem> {
    app.read(move |book| response(book, book.dag_row(&dag_id)?))
        .await
        .map(Json)
}

fn response(book: &Book<'_>, row: DagRow) -> Result<DagResponse, Problem> {
    let broken = book.is_broken(&row.file)?;
    let allowed = book
        .dag(&row, row.version)?
        .and_then(|dag| allowed_run_types(&dag));
    let mut response = DagResponse::new(book.place(), row, broken);
    response.allowed_run_types = allowed;
    Ok(response)
}

fn allowed_run_types(dag: &Dag) -> Option<Vec<RunType>> {
    dag.allowed_run_types
        .as_ref()
        .map(|all| all.iter().copied().map(RunType).collect())
}

/// A dag with all that is known of it.
#[utoipa::path(get, path = "/dags/{dag_id}/details", operation_id = "get_dag_details", tag = "DAG",
    params(("dag_id" = String, Path)), responses((status = 200, body = DagDetails)))]
pub(crate) async fn get_dag_details(
    State(app): State<App>,
    Path(dag_id): Path<String>,
) -> Result<Json<DagDetails>, Problem> {
    app.read(move |book| details(book, book.dag_row(&dag_id)?))
        .await
        .map(Json)
}

fn details(book: &Book<'_>, row: DagRow) -> Result<DagDetails, Problem> {
    let dag = book.dag(&row, row.version)?;
    let dag = dag.as_deref();
    let active_runs_count = book.active_runs(row.no)?;
    let latest_dag_version = book.version_response(&row, row.version)?;
    Ok(DagDetails {
        catchup: dag.is_some_and(|dag| dag.catchup),
        dag_run_timeout: dag
            .and_then(|dag| dag.dagrun_timeout)
            .map(|span| span.to_string()),
        asset_expression: None,
        doc_md: dag.and_then(|dag| dag.doc_md.clone()),
        start_date: dag.and_then(|dag| dag.start_date).map(At),
        end_date: dag.and_then(|dag| dag.end_date).map(At),
        is_paused_upon_creation: dag.and_then(|dag| dag.is_paused_upon_creation),
        params: Some(Any(
            dag.map_or_else(|| JsonMap::new().into(), |dag| params(&dag.params))
        )),
        render_template_as_native_obj: dag.is_some_and(|dag| dag.render_template_as_native_obj),
        template_search_path: None,
        timezone: dag.map(|dag| dag.timezone.clone()),
        last_parsed: Some(At(row.last_parsed)),
        default_args: dag.map(|dag| Any(dag.default_args.clone().into())),
        rerun_with_latest_version: None,
        owner_links: Some(BTreeMap::new()),
        is_favorite: false,
        active_runs_count,
        concurrency: row.summary.max_active_tasks,
        latest_dag_version,
        dag: response(book, row)?,
    })
}

/// Declared params as upstream dumps them: value, schema and description by name.
pub(crate) fn params(params: &[model::dag::Param]) -> model::Json {
    let one = |param: &model::dag::Param| {
        let value = serde_json::json!({
            "value": param.default,
            "schema": param.schema,
            "description": param.description,
            "source": null,
        });
        (param.name.clone(), value)
    };
    params.iter().map(one).collect::<JsonMap>().into()
}
