//! Tasks of a dag's latest version.

use axum::{Json, extract::State};
use model::{
    TimeDelta,
    dag::{Dag, OperatorKind, Task},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    dags::params,
    task_instances::{operator_name, task_display_name},
};
use crate::{
    app::App,
    book::Book,
    page::{self, Key},
    problem::Problem,
    request::{OrderBy, Path, Query, query},
    wire::{Any, At},
};

/// A task.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TaskResponse {
    task_id: Option<String>,
    task_display_name: Option<String>,
    owner: Option<String>,
    start_date: Option<At>,
    end_date: Option<At>,
    trigger_rule: Option<String>,
    depends_on_past: bool,
    wait_for_downstream: bool,
    retries: Option<f64>,
    queue: Option<String>,
    pool: Option<String>,
    pool_slots: Option<f64>,
    execution_timeout: Option<Span>,
    retry_delay: Option<Span>,
    retry_exponential_backoff: f64,
    priority_weight: Option<f64>,
    weight_rule: Option<String>,
    ui_color: Option<String>,
    ui_fgcolor: Option<String>,
    template_fields: Option<Vec<String>>,
    downstream_task_ids: Option<Vec<String>>,
    doc_md: Option<String>,
    operator_name: Option<String>,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    params: Option<Any>,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    class_ref: Option<Any>,
    is_mapped: Option<bool>,
    extra_links: Vec<String>,
}

/// A span of time as Python's `timedelta` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TimeDelta)]
pub(crate) struct Span {
    #[serde(rename = "__type")]
    kind: &'static str,
    days: i64,
    seconds: i64,
    microseconds: i64,
}

/// Tasks, and how many there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskCollectionResponse)]
pub(crate) struct TaskCollection {
    tasks: Vec<TaskResponse>,
    total_entries: u64,
}

impl From<TimeDelta> for Span {
    fn from(span: TimeDelta) -> Self {
        const DAY_US: i64 = 86_400_000_000;
        let us = span.as_micros();
        Self {
            kind: "TimeDelta",
            days: us.div_euclid(DAY_US),
            seconds: us.rem_euclid(DAY_US) / 1_000_000,
            microseconds: us.rem_euclid(1_000_000),
        }
    }
}

impl TaskResponse {
    fn new(dag: &Dag, task: &Task) -> Self {
        let (module, class) = task.operator.class.rsplit_once('.').unwrap_or_default();
        let below = task.downstream.iter().filter_map(|at| dag.tasks.get(*at));
        let (ui_color, template_fields) = looks(task.operator.kind);
        let display = &task.display;
        let template_fields = if task.operator.kind == OperatorKind::Python {
            display.template_fields.clone()
        } else {
            let names = template_fields.iter();
            names.map(|name| (*name).to_owned()).collect()
        };
        let or = |text: &Option<String>, other: &str| text.clone().unwrap_or_else(|| other.into());
        let extra_links = display.extra_links.iter().map(|(name, _)| name.clone());
        Self {
            task_id: Some(task.task_id.to_string()),
            task_display_name: Some(task_display_name(task)),
            owner: Some(task.owner.clone()),
            start_date: task.start_date.or(dag.start_date).map(At),
            end_date: task.end_date.or(dag.end_date).map(At),
            trigger_rule: Some(task.trigger_rule.to_string()),
            depends_on_past: task.depends_on_past,
            wait_for_downstream: task.wait_for_downstream,
            retries: Some(task.retries.into()),
            queue: Some(task.queue.clone()),
            pool: Some(task.pool.to_string()),
            pool_slots: Some(task.pool_slots.into()),
            execution_timeout: task.execution_timeout.map(Span::from),
            retry_delay: Some(task.retry_delay.into()),
            retry_exponential_backoff: task.retry_exponential_backoff,
            priority_weight: Some(task.priority_weight.into()),
            weight_rule: Some(or(&task.weight_strategy, task.weight_rule.as_str())),
            ui_color: Some(or(&display.ui_color, ui_color)),
            ui_fgcolor: Some(or(&display.ui_fgcolor, "#000")),
            template_fields: Some(template_fields),
            downstream_task_ids: Some(below.map(|task| task.task_id.to_string()).collect()),
            doc_md: task.doc_md.clone(),
            operator_name: Some(operator_name(task).to_owned()),
            params: Some(Any(params(&task.params))),
            class_ref: Some(Any(
                serde_json::json!({ "module_path": module, "class_name": class }),
            )),
            is_mapped: Some(task.is_mapped),
            extra_links: extra_links.collect(),
        }
    }
}

/// The colour that upstream gives the operator, and which of its arguments are templates.
const fn looks(kind: OperatorKind) -> (&'static str, &'static [&'static str]) {
    match kind {
        OperatorKind::Empty => ("#e8f7e4", &[]),
        OperatorKind::Bash => ("#f0ede4", &["bash_command", "env", "cwd"]),
        OperatorKind::Http => ("#f4a460", &["endpoint", "data", "headers"]),
        OperatorKind::Branch => ("#e4f0ff", &["choose"]),
        OperatorKind::TriggerDag => (
            "#ffefeb",
            &[
                "trigger_dag_id",
                "trigger_run_id",
                "logical_date",
                "conf",
                "wait_for_completion",
            ],
        ),
        OperatorKind::FileSensor => ("#91818a", &["filepath"]),
        OperatorKind::DateTimeSensor => ("#e6f1f2", &["target_time"]),
        OperatorKind::TimeDeltaSensor => ("#e6f1f2", &["delta"]),
        OperatorKind::Python => ("#ffefeb", &[]),
    }
}

query! {
    /// What the list of tasks takes.
    TasksQuery {
        order_by: OrderBy,
    }
}

fn latest(book: &Book<'_>, dag_id: &str) -> Result<std::sync::Arc<Dag>, Problem> {
    let row = book.dag_row(dag_id)?;
    book.dag(&row, row.version)?
        .ok_or_else(|| Problem::not_found("readable version of dag", dag_id))
}

/// The tasks of a dag.
#[utoipa::path(get, path = "/dags/{dag_id}/tasks", operation_id = "get_tasks", tag = "Task",
    params(("dag_id" = String, Path), TasksQuery),
    responses((status = 200, body = TaskCollection)))]
pub(crate) async fn list_tasks(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    query: Query<TasksQuery>,
) -> Result<Json<TaskCollection>, Problem> {
    query.order_by.check(&[
        "task_id",
        "task_display_name",
        "owner",
        "start_date",
        "end_date",
    ])?;
    let dag = app.read(move |book| latest(book, &dag_id)).await?;
    let mut tasks: Vec<_> = dag
        .tasks
        .iter()
        .map(|task| TaskResponse::new(&dag, task))
        .collect();
    tasks.sort_by(|a, b| a.task_id.cmp(&b.task_id));
    page::sort(&mut tasks, &query.order_by, |task, name| {
        let text = match name {
            "task_display_name" => &task.task_display_name,
            "owner" => &task.owner,
            _ => &task.task_id,
        };
        text.clone().map_or(Key::Nothing, Key::Text)
    });
    let total_entries = tasks.len() as u64;
    Ok(Json(TaskCollection {
        tasks,
        total_entries,
    }))
}

/// A task of a dag.
#[utoipa::path(get, path = "/dags/{dag_id}/tasks/{task_id}", operation_id = "get_task",
    tag = "Task",
    params(("dag_id" = String, Path), ("task_id" = String, Path)),
    responses((status = 200, body = TaskResponse)))]
pub(crate) async fn get_task(
    State(app): State<App>,
    Path((dag_id, task_id)): Path<(String, String)>,
) -> Result<Json<TaskResponse>, Problem> {
    let dag = app.read(move |book| latest(book, &dag_id)).await?;
    let task = dag.position(&task_id).and_then(|at| dag.tasks.get(at));
    let task = task.ok_or_else(|| Problem::not_found("task", &task_id))?;
    Ok(Json(TaskResponse::new(&dag, task)))
}
