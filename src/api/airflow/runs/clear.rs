//! Clearing runs, so that they run again.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use model::{
    DagId, MapIndex, RunId, TaskNo, TiKey,
    command::{Clear, Command, Reply},
    task_instance::TaskInstance,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{BulkRunBody, DagRunCollection, DagRunResponse, check_note, one, partition::Selector};
use crate::{
    airflow::task_instances::TaskInstanceResponse,
    app::App,
    problem::Problem,
    request::{Body, Path},
};

/// How to clear a run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DAGRunClearBody)]
pub(crate) struct RunClearBody {
    /// Only say what would be cleared.
    #[serde(default = "yes")]
    dry_run: bool,
    #[serde(default)]
    only_failed: bool,
    #[serde(default)]
    only_new: bool,
    #[serde(default)]
    run_on_latest_version: Option<bool>,
    #[serde(default)]
    note: Option<String>,
}

pub(crate) const fn yes() -> bool {
    true
}

/// What was, or would be, cleared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClearTaskInstanceCollectionResponse)]
pub(crate) struct Cleared {
    pub(crate) task_instances: Vec<ClearedOne>,
    pub(crate) total_entries: u64,
}

/// A task instance, or a task that the run does not have yet.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ClearedOne {
    /// One that there is.
    There(Box<TaskInstanceResponse>),
    /// One that would come to be.
    New(NewTaskResponse),
}

/// A task that the run does not have yet.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewTaskResponse {
    task_id: String,
    task_display_name: String,
}

/// Either of two answers.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // A description; the answers are made apart.
pub(crate) enum ClearedOrRun {
    Cleared(Cleared),
    Run(Box<DagRunResponse>),
}

/// Either of two answers.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // A description; the answers are made apart.
pub(crate) enum ClearedOrRuns {
    Cleared(Cleared),
    Runs(DagRunCollection),
}

/// Clears, and tells what was or would be cleared.
pub(crate) async fn clear(app: &App, ask: Clear) -> Result<Vec<TiKey>, Problem> {
    match app.command(Command::Clear(Box::new(ask))).await? {
        Reply::TaskInstances(keys) => Ok(keys),
        Reply::Done => Ok(Vec::new()),
        Reply::Run { .. } | Reply::AssetEvent(_) | Reply::Backfill(_) | Reply::Refused(_) => {
            Err(Problem::hidden())
        }
    }
}

/// The task instances as they are answered; those that are gone meanwhile are left out. What was
/// expanded because it was cleared is told as what it was asked for as, as upstream does.
pub(crate) async fn responses(
    app: &App,
    keys: Vec<TiKey>,
) -> Result<Vec<TaskInstanceResponse>, Problem> {
    app.read(move |book| {
        let mut out = Vec::with_capacity(keys.len());
        for key in keys {
            let mut ti = crate::book::read(book.snapshot.task_instance(key))?;
            if ti.is_none() && key.map == MapIndex::NONE {
                let map = MapIndex(0);
                let first = book.snapshot.task_instance(TiKey { map, ..key });
                ti = crate::book::read(first)?.map(|ti| TaskInstance { key, ..ti });
            }
            if let (Some(ti), Some(found)) = (ti, book.found(key.run)?) {
                out.push(book.ti_response(&found, ti)?);
            }
        }
        Ok(out)
    })
    .await
}

impl Cleared {
    fn new(all: Vec<TaskInstanceResponse>) -> Self {
        let there = |ti| ClearedOne::There(Box::new(ti));
        Self::of(all.into_iter().map(there).collect())
    }

    fn of(task_instances: Vec<ClearedOne>) -> Self {
        Self {
            total_entries: task_instances.len() as u64,
            task_instances,
        }
    }
}

impl RunClearBody {
    fn ask(&self, dag_id: &str, run_id: &str) -> Result<Clear, Problem> {
        check_note(self.note.as_deref())?;
        if self.only_new && self.only_failed {
            let text = "only_new and only_failed are mutually exclusive: give one of them";
            return Err(Problem::field(
                "only_new",
                "value_error",
                text.to_owned(),
                "",
            ));
        }
        Ok(Clear {
            dag_id: Some(DagId::from(dag_id)),
            run_id: Some(RunId::from(run_id)),
            only_failed: self.only_failed,
            only_new: self.only_new,
            run_on_latest_version: self.run_on_latest_version,
            dry_run: self.dry_run,
            reset_dag_runs: true,
            note: self.note.clone(),
            ..Clear::default()
        })
    }
}

/// Clear all task instances of a run, or only say which.
#[utoipa::path(post, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/clear",
    operation_id = "clear_dag_run", tag = "DagRun",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path)),
    request_body = RunClearBody, responses((status = 200, body = ClearedOrRun)))]
pub(crate) async fn clear_run(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
    Body(body): Body<RunClearBody>,
) -> Result<Response, Problem> {
    let ask = body.ask(&dag_id, &run_id)?;
    if body.dry_run && body.only_new {
        let new = new_tasks(&app, vec![(dag_id, run_id)]).await?;
        return Ok(Json(Cleared::of(new)).into_response());
    }
    let keys = clear(&app, ask).await?;
    if body.dry_run {
        return Ok(Json(Cleared::new(responses(&app, keys).await?)).into_response());
    }
    one(&app, dag_id, run_id)
        .await
        .map(|run| Json(run).into_response())
}

/// The tasks of the latest versions that runs do not have.
async fn new_tasks(app: &App, runs: Vec<(String, String)>) -> Result<Vec<ClearedOne>, Problem> {
    app.read(move |book| {
        let mut all = Vec::new();
        for (dag_id, run_id) in &runs {
            let found = book.run(dag_id, run_id)?;
            let tis = crate::book::read(book.snapshot.task_instances(found.run.no))?;
            let Some(latest) = book.cached(found.row.no, found.row.version)? else {
                continue;
            };
            let has = |no: &TaskNo| tis.iter().any(|ti| ti.key.task == *no);
            let tasks = latest.dag.tasks.iter().zip(&latest.numbers);
            let mut ids: Vec<_> = tasks
                .filter(|(_, no)| !has(no))
                .map(|(task, _)| task.task_id.to_string())
                .collect();
            ids.sort();
            all.extend(ids.into_iter().map(|id| {
                ClearedOne::New(NewTaskResponse {
                    task_display_name: id.clone(),
                    task_id: id,
                })
            }));
        }
        Ok(all)
    })
    .await
}

/// How to clear many runs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BulkDAGRunClearBody)]
pub(crate) struct RunsClearBody {
    #[serde(default)]
    partition_key: Option<String>,
    #[serde(default)]
    partition_date_start: Option<crate::wire::At>,
    #[serde(default)]
    partition_date_end: Option<crate::wire::At>,
    #[serde(default = "yes")]
    dry_run: bool,
    #[serde(default)]
    only_failed: bool,
    #[serde(default)]
    only_new: bool,
    #[serde(default)]
    run_on_latest_version: Option<bool>,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    dag_runs: Vec<BulkRunBody>,
}

/// Clear the task instances of many runs, or only say which.
#[utoipa::path(post, path = "/dags/{dag_id}/clearDagRuns", operation_id = "clear_dag_runs",
    tag = "DagRun", params(("dag_id" = String, Path)), request_body = RunsClearBody,
    responses((status = 200, body = ClearedOrRuns)))]
pub(crate) async fn clear_runs(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    Body(body): Body<RunsClearBody>,
) -> Result<Response, Problem> {
    let selector = Selector {
        key: body.partition_key,
        from: body.partition_date_start.map(|at| at.0),
        to: body.partition_date_end.map(|at| at.0),
    };
    selector.check("dag_runs", !body.dag_runs.is_empty())?;
    let how = RunClearBody {
        dry_run: body.dry_run,
        only_failed: body.only_failed,
        only_new: body.only_new,
        run_on_latest_version: body.run_on_latest_version,
        note: body.note,
    };
    let named = if body.dag_runs.is_empty() {
        let of = dag_id.clone();
        app.read(move |book| selector.runs(book, &of)).await?
    } else {
        let names = body.dag_runs.into_iter().map(|run| {
            let (run_id, other) = run.names();
            (other.unwrap_or_else(|| dag_id.clone()), run_id)
        });
        names.collect()
    };
    how.ask(&dag_id, "")?;
    if how.dry_run && how.only_new {
        let new = new_tasks(&app, named).await?;
        return Ok(Json(Cleared::of(new)).into_response());
    }
    let (mut cleared, mut runs) = (Vec::new(), Vec::new());
    for (dag_id, run_id) in named {
        cleared.extend(clear(&app, how.ask(&dag_id, &run_id)?).await?);
        if !how.dry_run {
            runs.push(one(&app, dag_id, run_id).await?);
        }
    }
    if how.dry_run {
        return Ok(Json(Cleared::new(responses(&app, cleared).await?)).into_response());
    }
    Ok(Json(DagRunCollection {
        total_entries: Some(runs.len() as u64),
        dag_runs: runs,
        total_entries_limit: None,
        next_cursor: None,
        previous_cursor: None,
    })
    .into_response())
}
