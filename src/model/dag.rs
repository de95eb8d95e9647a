//! A dag: what a file describes, checked and with its edges resolved.

use std::collections::BTreeMap;

use crate::{
    DagId, Json, JsonMap, PoolName, TaskId, TimeDelta, Timestamp,
    schedule::Schedule,
    state::{DagRunType, TriggerRule, WeightRule},
};

/// One version of a dag.
///
/// Invariant: `tasks` is in topological order, its ids differ, and the edges of each task point at
/// positions in it (upstream ones lower, downstream ones higher), each once and in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Dag {
    /// The id.
    pub dag_id: DagId,
    /// The name to show; the id where none is given.
    pub display_name: Option<String>,
    /// One line.
    pub description: Option<String>,
    /// Markdown.
    pub doc_md: Option<String>,
    /// Sorted, each once.
    pub tags: Vec<String>,
    /// The owners of its tasks, each once.
    pub owners: Vec<String>,
    /// The timetable.
    pub schedule: Schedule,
    /// IANA name; `UTC` by default.
    pub timezone: String,
    /// No run before.
    pub start_date: Option<Timestamp>,
    /// No run after.
    pub end_date: Option<Timestamp>,
    /// Whether missed ticks are made up for.
    pub catchup: bool,
    /// Runs at once.
    pub max_active_runs: u32,
    /// Task instances queued or running at once *in each run* (Airflow 3).
    pub max_active_tasks: u32,
    /// Failed runs in a row after which the dag is paused; 0 is never.
    pub max_consecutive_failed_dag_runs: u32,
    /// How long a run may take.
    pub dagrun_timeout: Option<TimeDelta>,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// Paused when first seen.
    pub is_paused_upon_creation: Option<bool>,
    /// Which runs are allowed; none means all.
    pub allowed_run_types: Option<Vec<DagRunType>>,
    /// Declared params in order.
    pub params: Vec<Param>,
    /// As written, for display.
    pub default_args: JsonMap,
    /// Whether templates give native values.
    pub render_template_as_native_obj: bool,
    /// Macros and values for templates (`user_defined_macros`, plain values only).
    pub user_defined_macros: JsonMap,
    /// The tasks.
    pub tasks: Vec<Task>,
    /// The root task group's children by label; empty when the dag has no groups.
    pub groups: Vec<TaskGroup>,
    /// What the file says and we have no use for yet: kept, not dropped.
    pub extra: JsonMap,
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name.
    pub name: String,
    /// The default; absent when the caller must give one.
    pub default: Option<Json>,
    /// One line.
    pub description: Option<String>,
    /// JSON schema of the value; an empty object accepts all.
    pub schema: Json,
}

/// A task group, for display and, when mapped, for expansion.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskGroup {
    /// The full id.
    pub group_id: String,
    /// The label.
    pub label: String,
    /// The tooltip.
    pub tooltip: String,
    /// Positions of the tasks directly in it.
    pub tasks: Vec<usize>,
    /// The groups in it.
    pub groups: Vec<TaskGroup>,
}

/// A task of a dag.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The id.
    pub task_id: TaskId,
    /// The name to show.
    pub display_name: Option<String>,
    /// What it does.
    pub operator: Operator,
    /// Positions of direct upstream tasks.
    pub upstream: Vec<usize>,
    /// Positions of direct downstream tasks.
    pub downstream: Vec<usize>,
    /// Labels of edges to downstream tasks, by position.
    pub edge_labels: BTreeMap<usize, String>,
    /// When it is ready.
    pub trigger_rule: TriggerRule,
    /// Tries after the first.
    pub retries: u32,
    /// Wait between tries.
    pub retry_delay: TimeDelta,
    /// The factor from try to try; 0 keeps the delay fixed.
    pub retry_exponential_backoff: f64,
    /// The longest wait.
    pub max_retry_delay: Option<TimeDelta>,
    /// How long one try may run.
    pub execution_timeout: Option<TimeDelta>,
    /// The pool.
    pub pool: PoolName,
    /// Slots taken in it.
    pub pool_slots: u32,
    /// Own weight.
    pub priority_weight: i32,
    /// How weights add up.
    pub weight_rule: WeightRule,
    /// The queue; `default` by default.
    pub queue: String,
    /// Waits for the same task of the run before.
    pub depends_on_past: bool,
    /// Whether the first run may go ahead all the same.
    pub ignore_first_depends_on_past: bool,
    /// Waits for the direct downstream of the same task of the run before.
    pub wait_for_downstream: bool,
    /// Delays a skip by rule until the past allows it.
    pub wait_for_past_depends_before_skipping: bool,
    /// Instances queued or running over all runs.
    pub max_active_tis_per_dag: Option<u32>,
    /// Instances queued or running in one run.
    pub max_active_tis_per_dagrun: Option<u32>,
    /// Whether the return value is kept as an XCom.
    pub do_xcom_push: bool,
    /// Whether it sets up for others.
    pub is_setup: bool,
    /// Whether it cleans up after others.
    pub is_teardown: bool,
    /// Whether its failure, as a teardown, fails the run.
    pub on_failure_fail_dagrun: bool,
    /// Whether it is expanded over a list at run time.
    pub is_mapped: bool,
    /// The owner.
    pub owner: String,
    /// Markdown.
    pub doc_md: Option<String>,
    /// What the file says and we have no use for yet: kept, not dropped.
    pub extra: JsonMap,
}

/// What a task does.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// The class path, as upstream's (`airflow.providers.standard.operators.bash.BashOperator`).
    pub class: String,
    /// What runs it.
    pub kind: OperatorKind,
    /// Its arguments (`with`), with `$t`, `$x` and `$f` replaced by [`Argument`]s.
    pub arguments: BTreeMap<String, Argument>,
}

/// What runs a task. Everything but [`OperatorKind::Empty`], which needs nothing, starts with a
/// try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperatorKind {
    /// Nothing to do: ends well straight from scheduling.
    Empty,
    /// A shell command in a process.
    Bash,
    /// A request.
    Http,
    /// An expression that names what to follow.
    Branch,
    /// Creates a run of another dag.
    TriggerDag,
    /// Waits for a file.
    FileSensor,
    /// Waits for a point in time.
    DateTimeSensor,
    /// Waits for a span after the run's data interval.
    TimeDeltaSensor,
    /// Needs the deployment's Python runtime.
    Python,
}

/// One argument's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// As written.
    Literal(Json),
    /// A Jinja template (`$t`), or text read from a file (`$f`) that is a template field.
    Template(String),
    /// Another task's XCom (`$x`).
    XCom {
        /// Whose.
        task_id: TaskId,
        /// Its key, `return_value` by default.
        key: String,
    },
    /// A list with templates or XComs somewhere inside.
    List(Vec<Argument>),
    /// An object with templates or XComs somewhere inside.
    Object(Vec<(String, Argument)>),
}

impl Dag {
    /// The position of a task.
    #[must_use]
    pub fn position(&self, task_id: &str) -> Option<usize> {
        self.tasks.iter().position(|task| &*task.task_id == task_id)
    }
}
