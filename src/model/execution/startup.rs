//! What a child is told first.

use std::sync::Arc;

use super::DagRun;
use crate::{DagId, Json, JsonMap, RunId, TaskId, TimeDelta, Timestamp, state::TaskInstanceState};

/// The first word to a task (`StartupDetails`). Its `start_date` is the time at which it is sent.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct StartupDetails {
    pub ti: TaskInstance,
    /// The dag's file, relative to its bundle.
    pub dag_rel_path: String,
    pub bundle_info: Bundle,
    pub ti_context: TiRunContext,
    pub sentry_integration: String,
}

/// A bundle by name, and the version that a run is pinned to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Upstream's words.
pub struct Bundle {
    pub name: String,
    pub version: Option<String>,
}

/// A try as a child knows it.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct TaskInstance {
    /// The try's UUID.
    pub id: String,
    pub task_id: TaskId,
    pub dag_id: DagId,
    pub run_id: RunId,
    pub try_number: i64,
    /// A UUID.
    pub dag_version_id: String,
    pub map_index: i64,
    pub hostname: Option<String>,
    pub context_carrier: Option<Json>,
    pub queue: String,
}

/// What a try needs to know beside its name (`TIRunContext`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct TiRunContext {
    pub dag_run: DagRun,
    pub task_reschedule_count: i64,
    pub max_tries: i64,
    /// Name and value.
    pub variables: Vec<(String, Option<String>)>,
    pub connections: Vec<ConnectionWords>,
    pub next_method: Option<String>,
    /// As it came with the deferral.
    pub next_kwargs: Option<Json>,
    /// What the trigger gave; put into `next_kwargs` as `event`.
    pub event: Option<Json>,
    pub xcom_keys_to_clear: Vec<String>,
    pub should_retry: bool,
    /// When the first part of this try began, for one that resumes.
    pub start_date: Option<Timestamp>,
    /// By upstream task id: a map index, a list of them, or null. Airflow before 3.2 only.
    pub upstream_map_indexes: Vec<(String, Json)>,
}

/// A connection with its secrets (`ConnectionResponse`).
#[derive(Clone, PartialEq, Eq)]
#[allow(missing_docs)] // Upstream's words.
pub struct ConnectionWords {
    pub conn_id: String,
    pub conn_type: String,
    pub host: Option<String>,
    /// Field `schema`.
    pub schema: Option<String>,
    pub login: Option<String>,
    pub password: Option<String>,
    pub port: Option<i64>,
    /// JSON as text.
    pub extra: Option<String>,
}

impl std::fmt::Debug for ConnectionWords {
    /// Without its secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "connection {} ({})", self.conn_id, self.conn_type)
    }
}

/// A callback to run beside a parse (`callback_requests`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub enum Callback {
    /// Of a dag.
    Dag {
        filepath: String,
        bundle: Bundle,
        msg: Option<String>,
        dag_id: DagId,
        run_id: RunId,
        dag_run: Option<Box<DagRun>>,
        last_ti: Option<Box<TaskInstance>>,
        is_failure_callback: bool,
    },
    /// Of a task.
    Task {
        filepath: String,
        bundle: Bundle,
        msg: Option<String>,
        ti: Box<TaskInstance>,
        task_callback_type: Option<TaskInstanceState>,
        context: Option<Box<TiRunContext>>,
    },
    /// A function that a deadline calls, by the path that it is imported by.
    Function {
        filepath: String,
        bundle: Bundle,
        path: String,
        kwargs: JsonMap,
    },
    /// A mail that a task's failure or retry asks for.
    Email {
        filepath: String,
        bundle: Bundle,
        msg: Option<String>,
        ti: Box<TaskInstance>,
        /// Else it is for a retry.
        is_failure: bool,
        context: Box<TiRunContext>,
    },
}

/// A trigger for the triggerer (`RunTrigger`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct RunTrigger {
    pub id: u64,
    pub classpath: String,
    /// Sent as JSON text in `encrypted_kwargs`.
    pub kwargs: Json,
    pub ti: Option<Box<TaskInstance>>,
    pub timeout_after: Option<Timestamp>,
    /// The serialised dag, for `start_from_trigger`: one for all triggers of a dag.
    pub dag_data: Option<Arc<Json>>,
    pub dag_run_data: Option<Box<DagRun>>,
    /// Ours: whether it is begun again when it ends by itself, as those of assets are.
    pub lasts: bool,
}

/// How long a deferral may last, from now.
#[must_use]
pub fn deadline(now: Timestamp, timeout: Option<TimeDelta>) -> Option<Timestamp> {
    timeout.map(|timeout| now.plus(timeout))
}
