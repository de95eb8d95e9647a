//! A task and what it does.

use std::collections::BTreeMap;

use super::{AssetLike, Callbacks, Email, Expand, Param, StartTrigger, TaskDisplay};
use crate::{
    Json, JsonMap, PoolName, TaskId, TimeDelta, Timestamp,
    state::{TriggerRule, WeightRule},
};

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
    /// Whether it is expanded over a list at run time: `expand` is some.
    pub is_mapped: bool,
    /// What it is expanded over.
    pub expand: Option<Expand>,
    /// The way to the group that it is in: a place in [`Dag::groups`](super::Dag::groups), then
    /// places in the `groups` of each group; empty for a task in none.
    pub group_path: Vec<usize>,
    /// The label of mapped instances, a template.
    pub map_index_template: Option<String>,
    /// Params of its own, over those of the dag.
    pub params: Vec<Param>,
    /// What it reads.
    pub inlets: Vec<AssetLike>,
    /// What it updates.
    pub outlets: Vec<AssetLike>,
    /// Which callbacks it has.
    pub callbacks: Callbacks,
    /// Who gets mail.
    pub email: Option<Email>,
    /// Whether its first try starts deferred, with `start_trigger`, and no worker.
    pub start_from_trigger: bool,
    /// What it waits for when it starts deferred.
    pub start_trigger: Option<StartTrigger>,
    /// Whether it is a sensor.
    pub is_sensor: bool,
    /// Whether it gives its slot back between pokes (`mode="reschedule"`).
    pub reschedule: bool,
    /// Whether it may skip tasks below it: a branch or a short circuit.
    pub can_skip_downstream: bool,
    /// Whether its file has a policy that says whether and when to try again.
    pub has_retry_policy: bool,
    /// Whether each entry of the returned object becomes an XCom as well.
    pub multiple_outputs: bool,
    /// The executor it asks for.
    pub executor: Option<String>,
    /// The class path of a plugin's priority strategy; then `weight_rule` says nothing.
    pub weight_strategy: Option<String>,
    /// Not before, where it differs from the dag's.
    pub start_date: Option<Timestamp>,
    /// Not after, where it differs from the dag's.
    pub end_date: Option<Timestamp>,
    /// Whether its templates give native values; none leaves it to the dag.
    pub render_template_as_native_obj: Option<bool>,
    /// How it looks.
    pub display: TaskDisplay,
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

impl Task {
    /// A task alone, with the defaults of Airflow's serialised form.
    #[must_use]
    pub fn new(task_id: TaskId, operator: Operator) -> Self {
        Self {
            task_id,
            display_name: None,
            operator,
            upstream: Vec::new(),
            downstream: Vec::new(),
            edge_labels: BTreeMap::new(),
            trigger_rule: TriggerRule::AllSuccess,
            retries: 0,
            retry_delay: TimeDelta::from_secs(300),
            retry_exponential_backoff: 0.0,
            max_retry_delay: None,
            execution_timeout: None,
            pool: PoolName::from("default_pool"),
            pool_slots: 1,
            priority_weight: 1,
            weight_rule: WeightRule::Downstream,
            queue: "default".to_owned(),
            depends_on_past: false,
            ignore_first_depends_on_past: false,
            wait_for_downstream: false,
            wait_for_past_depends_before_skipping: false,
            max_active_tis_per_dag: None,
            max_active_tis_per_dagrun: None,
            do_xcom_push: true,
            is_setup: false,
            is_teardown: false,
            on_failure_fail_dagrun: false,
            is_mapped: false,
            expand: None,
            group_path: Vec::new(),
            map_index_template: None,
            params: Vec::new(),
            inlets: Vec::new(),
            outlets: Vec::new(),
            callbacks: Callbacks::default(),
            email: None,
            start_from_trigger: false,
            start_trigger: None,
            is_sensor: false,
            reschedule: false,
            can_skip_downstream: false,
            has_retry_policy: false,
            multiple_outputs: false,
            executor: None,
            weight_strategy: None,
            start_date: None,
            end_date: None,
            render_template_as_native_obj: None,
            display: TaskDisplay::default(),
            owner: "airflow".to_owned(),
            doc_md: None,
            extra: JsonMap::new(),
        }
    }
}
