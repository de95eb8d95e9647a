//! Why something is as it is: the engine's own words.

use axum::{Json, extract::State};
use control::queries::live;
use model::{TiKey, reason::Reason, state::TaskInstanceState, task_instance::TaskInstance};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    airflow::task_instances::reasons,
    app::App,
    book::read,
    problem::Problem,
    request::Path,
    wire::{At, TiState, ti_state},
};

/// A reason.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = OrreryReason)]
pub(crate) struct ReasonResponse {
    /// A stable word.
    kind: String,
    /// One sentence.
    text: String,
    /// The task that it is about, where it is about one.
    task_id: Option<String>,
    /// The pool that it is about.
    pool: Option<String>,
    /// When it will be over.
    at: Option<At>,
}

/// Why a task instance is where it is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryTaskReasons)]
pub(crate) struct TaskReasons {
    task_id: String,
    map_index: i32,
    state: Option<TiState>,
    reasons: Vec<ReasonResponse>,
}

/// Why a run is where it is, and its task instances that wait or ended for a reason.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrreryRunReasons)]
pub(crate) struct RunReasons {
    reasons: Vec<ReasonResponse>,
    tasks: Vec<TaskReasons>,
}

impl From<Reason> for ReasonResponse {
    fn from(reason: Reason) -> Self {
        let (task, pool, at) = about(&reason);
        Self {
            kind: reason.kind().to_owned(),
            text: reason.to_string(),
            task_id: task,
            pool,
            at: at.map(At),
        }
    }
}

/// The task, the pool and the time that a reason is about.
fn about(reason: &Reason) -> (Option<String>, Option<String>, Option<model::Timestamp>) {
    match reason {
        Reason::WaitsFor { tasks, .. } | Reason::RuleUnmet { tasks, .. } => {
            (tasks.first().map(ToString::to_string), None, None)
        }
        Reason::UpstreamFailed { task }
        | Reason::UpstreamSkipped { task }
        | Reason::NotChosen { task }
        | Reason::TaskFailure { task }
        | Reason::FailFast { task } => (Some(task.to_string()), None, None),
        Reason::PoolFull { pool, .. }
        | Reason::PoolTooSmall { pool, .. }
        | Reason::PoolMissing { pool } => (None, Some(pool.to_string()), None),
        Reason::RunNotBefore { at }
        | Reason::LogicalDateInFuture { at }
        | Reason::RetryAt { at, .. }
        | Reason::RescheduleAt { at }
        | Reason::DeferredUntil { at } => (None, None, Some(*at)),
        Reason::DagPaused
        | Reason::DagStale
        | Reason::MaxActiveRuns { .. }
        | Reason::BackfillPaused { .. }
        | Reason::RunQueued
        | Reason::DependsOnPast { .. }
        | Reason::MaxActiveTasks { .. }
        | Reason::MaxActivePerDag { .. }
        | Reason::MaxActivePerRun { .. }
        | Reason::Parallelism { .. }
        | Reason::DeferredFor { .. }
        | Reason::Starting
        | Reason::DiskFull { .. }
        | Reason::Failed { .. }
        | Reason::TimedOut { .. }
        | Reason::Lost { .. }
        | Reason::SetByHand { .. }
        | Reason::RunTimedOut { .. }
        | Reason::Deadlocked
        | Reason::SkippedItself { .. }
        | Reason::NoRuntime
        | Reason::TaskRemoved => (None, None, None),
    }
}

fn responses(reasons: Vec<Reason>) -> Vec<ReasonResponse> {
    reasons.into_iter().map(ReasonResponse::from).collect()
}

/// Why a task instance is where it is.
#[utoipa::path(get,
    path = "/orrery/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/{map_index}/reasons",
    operation_id = "orrery_task_reasons", tag = "Orrery",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path)),
    responses((status = 200, body = TaskReasons)))]
pub(crate) async fn get_task_reasons(
    State(app): State<App>,
    Path(names): Path<(String, String, String, i32)>,
) -> Result<Json<TaskReasons>, Problem> {
    let task_id = names.2.clone();
    let (key, state, reasons) = reasons(&app, names).await?;
    let (state, reasons) = (ti_state(state), responses(reasons));
    Ok(Json(TaskReasons {
        task_id,
        map_index: key.map.0,
        state,
        reasons,
    }))
}

/// Task instances of a run that are explained in one answer.
const TASKS_MAX: usize = 200;

/// Why a run is where it is, with up to 200 of its task instances: those that failed first, then
/// those that wait.
#[utoipa::path(get, path = "/orrery/dags/{dag_id}/dagRuns/{dag_run_id}/reasons",
    operation_id = "orrery_run_reasons", tag = "Orrery",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path)),
    responses((status = 200, body = RunReasons)))]
pub(crate) async fn get_run_reasons(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
) -> Result<Json<RunReasons>, Problem> {
    let found = app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        let mut tis = read(book.snapshot.task_instances(found.run.no))?;
        tis.retain(|ti| ti.reason.is_some() || waits(ti.state));
        tis.sort_by_key(|ti| (!ti.state.is_failure(), ti.key));
        tis.truncate(TASKS_MAX);
        let names = book.task_names(found.row.no)?;
        let name = |key: TiKey| {
            names
                .get(&key.task)
                .map_or_else(String::new, ToString::to_string)
        };
        let tis: Vec<(String, TaskInstance)> =
            tis.into_iter().map(|ti| (name(ti.key), ti)).collect();
        Ok(((*found.run).clone(), tis))
    });
    let (run, tis) = found.await?;
    let of_run = live::run_reasons(app.control(), run.no)
        .await
        .unwrap_or_default();
    let of_run = if of_run.is_empty() {
        run.reason.into_iter().collect()
    } else {
        of_run
    };
    let keys = tis.iter().map(|(_, ti)| ti.key).collect();
    let of_tasks = live::tasks_reasons(app.control(), keys)
        .await
        .unwrap_or_default();
    let of_tasks = of_tasks.into_iter().chain(std::iter::repeat_with(Vec::new));
    let task = |((task_id, ti), live): ((String, TaskInstance), Vec<Reason>)| TaskReasons {
        task_id,
        map_index: ti.key.map.0,
        state: ti_state(ti.state),
        reasons: responses(if live.is_empty() {
            ti.reason.into_iter().collect()
        } else {
            live
        }),
    };
    let tasks = tis.into_iter().zip(of_tasks).map(task).collect();
    Ok(Json(RunReasons {
        reasons: responses(of_run),
        tasks,
    }))
}

fn waits(state: TaskInstanceState) -> bool {
    !state.is_finished() && state != TaskInstanceState::Running
}
