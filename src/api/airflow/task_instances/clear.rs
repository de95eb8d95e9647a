//! Clearing task instances, so that they run again.

use axum::{Json, extract::State};
use model::{DagId, RunId, TaskId, command::Clear};
use serde::Deserialize;
use utoipa::ToSchema;

use super::TaskInstanceCollection;
use crate::{
    airflow::runs::{check_note, clear, responses, yes},
    app::App,
    problem::Problem,
    request::{Body, Path},
    wire::{At, aware},
};

/// What to clear.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClearTaskInstancesBody)]
pub(crate) struct ClearBody {
    /// Only say what would be cleared.
    #[serde(default = "yes")]
    dry_run: bool,
    #[serde(default, deserialize_with = "aware")]
    start_date: Option<At>,
    #[serde(default, deserialize_with = "aware")]
    end_date: Option<At>,
    /// True where nothing is said.
    #[schema(value_type = bool)]
    only_failed: Option<bool>,
    #[serde(default)]
    only_running: bool,
    #[serde(default = "yes")]
    reset_dag_runs: bool,
    #[schema(value_type = Option<Vec<TaskRefSchema>>)]
    task_ids: Option<Vec<TaskRef>>,
    dag_run_id: Option<String>,
    #[serde(default)]
    include_upstream: bool,
    #[serde(default)]
    include_downstream: bool,
    #[serde(default)]
    include_future: bool,
    #[serde(default)]
    include_past: bool,
    run_on_latest_version: Option<bool>,
    #[serde(default)]
    prevent_running_task: bool,
    note: Option<String>,
}

/// A task, or one of its instances as `[task_id, map_index]`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum TaskRef {
    Task(String),
    Instance(String, i32),
}

/// The same as a description.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
enum TaskRefSchema {
    Task(String),
    Instance(Vec<crate::wire::Any>),
}

impl ClearBody {
    fn into_ask(self, dag_id: &str) -> Result<Clear, Problem> {
        check_note(self.note.as_deref())?;
        if self.only_failed == Some(true) && self.only_running {
            let text = "only_failed and only_running exclude each other";
            return Err(Problem::field("only_running", "value_error", text, "true"));
        }
        if let (Some(At(start)), Some(At(end))) = (self.start_date, self.end_date)
            && start > end
        {
            let text = "end_date is before start_date";
            return Err(Problem::field(
                "end_date",
                "value_error",
                text,
                &end.to_string(),
            ));
        }
        if self.dag_run_id.is_some() && (self.start_date.is_some() || self.end_date.is_some()) {
            let text = "give dag_run_id, or dates, but not both";
            return Err(Problem::field("dag_run_id", "value_error", text, ""));
        }
        if self.task_ids.as_ref().is_some_and(Vec::is_empty) {
            let text = "task_ids names at least one task; leave it out to mean all";
            return Err(Problem::field("task_ids", "value_error", text, ""));
        }
        let task = |task| match task {
            TaskRef::Task(id) => (TaskId::from(id), None),
            TaskRef::Instance(id, map) => (TaskId::from(id), Some(map)),
        };
        Ok(Clear {
            dag_id: Some(DagId::from(dag_id)),
            run_id: self.dag_run_id.map(RunId::from),
            start_date: self.start_date.map(|At(at)| at),
            end_date: self.end_date.map(|At(at)| at),
            tasks: self
                .task_ids
                .unwrap_or_default()
                .into_iter()
                .map(task)
                .collect(),
            include_upstream: self.include_upstream,
            include_downstream: self.include_downstream,
            include_future: self.include_future,
            include_past: self.include_past,
            only_failed: self.only_failed.unwrap_or(true),
            only_running: self.only_running,
            only_new: false,
            reset_dag_runs: self.reset_dag_runs,
            prevent_running_task: self.prevent_running_task,
            run_on_latest_version: self.run_on_latest_version,
            dry_run: self.dry_run,
            note: self.note,
        })
    }
}

/// Clear task instances, or only say which.
#[utoipa::path(post, path = "/dags/{dag_id}/clearTaskInstances",
    operation_id = "post_clear_task_instances", tag = "Task Instance",
    params(("dag_id" = String, Path)), request_body = ClearBody,
    responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn clear_tis(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    Body(body): Body<ClearBody>,
) -> Result<Json<TaskInstanceCollection>, Problem> {
    let keys = clear(&app, body.into_ask(&dag_id)?).await?;
    responses(&app, keys).await.map(|all| Json(all.into()))
}
