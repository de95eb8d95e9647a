//! A dag: what a file describes, checked and with its edges resolved.

use crate::{DagId, Json, JsonMap, TimeDelta, Timestamp, schedule::Schedule, state::DagRunType};

mod asset;
mod deadline;
mod details;
mod group;
mod mapping;
mod task;

pub use asset::{Asset, AssetCondition, AssetLike, AssetWatcher};
pub use deadline::{DeadlineAlert, DeadlineInterval, DeadlineReference};
pub use details::{Callbacks, DagDependency, Email, StartTrigger, TaskDisplay};
pub use group::TaskGroup;
pub use mapping::{Expand, MapValue, XComArg};
pub use task::{Argument, Operator, OperatorKind, Task};

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
    /// The assets that its schedule waits for, where it waits for any.
    pub asset_condition: Option<AssetCondition>,
    /// What is called when a run is late.
    pub deadlines: Vec<DeadlineAlert>,
    /// Whether the file has an `on_success_callback` for the dag.
    pub has_on_success_callback: bool,
    /// Whether the file has an `on_failure_callback` for the dag.
    pub has_on_failure_callback: bool,
    /// Where the file is, as the process that read it saw it.
    pub fileloc: Option<String>,
    /// Where the file is in its bundle.
    pub relative_fileloc: Option<String>,
    /// The owners' addresses (`https:` or `mailto:`).
    pub owner_links: JsonMap,
    /// Who may do what, as serialised.
    pub access_control: Option<Json>,
    /// Ties to other dags and to assets.
    pub dependencies: Vec<DagDependency>,
    /// Whether runs follow the newest file instead of the bundle's version.
    pub disable_bundle_versioning: bool,
    /// Whether what is run again follows the newest version; none leaves it to the deployment.
    pub rerun_with_latest_version: Option<bool>,
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
    /// Who declared it: `dag` or `task`, where that is known.
    pub source: Option<String>,
}

impl Dag {
    /// A dag without tasks, with the defaults of Airflow's own classes.
    #[must_use]
    pub fn new(dag_id: DagId) -> Self {
        Self {
            dag_id,
            display_name: None,
            description: None,
            doc_md: None,
            tags: Vec::new(),
            owners: Vec::new(),
            schedule: Schedule::Null,
            timezone: "UTC".to_owned(),
            start_date: None,
            end_date: None,
            catchup: false,
            max_active_runs: 16,
            max_active_tasks: 16,
            max_consecutive_failed_dag_runs: 0,
            dagrun_timeout: None,
            fail_fast: false,
            is_paused_upon_creation: None,
            allowed_run_types: None,
            params: Vec::new(),
            default_args: JsonMap::new(),
            render_template_as_native_obj: false,
            user_defined_macros: JsonMap::new(),
            tasks: Vec::new(),
            groups: Vec::new(),
            asset_condition: None,
            deadlines: Vec::new(),
            has_on_success_callback: false,
            has_on_failure_callback: false,
            fileloc: None,
            relative_fileloc: None,
            owner_links: JsonMap::new(),
            access_control: None,
            dependencies: Vec::new(),
            disable_bundle_versioning: false,
            rerun_with_latest_version: None,
            extra: JsonMap::new(),
        }
    }

    /// The position of a task.
    #[must_use]
    pub fn position(&self, task_id: &str) -> Option<usize> {
        self.tasks.iter().position(|task| &*task.task_id == task_id)
    }

    /// The groups that a task is in, the outermost first.
    pub fn groups_of<'a>(&'a self, task: &'a Task) -> impl Iterator<Item = &'a TaskGroup> {
        let mut level = self.groups.as_slice();
        task.group_path.iter().map_while(move |place| {
            let group = level.get(*place)?;
            level = &group.groups;
            Some(group)
        })
    }

    /// The innermost mapped group that a task is in.
    #[must_use]
    pub fn mapped_group(&self, task: &Task) -> Option<&TaskGroup> {
        let mut level = self.groups.as_slice();
        let mut found = None;
        for place in &task.group_path {
            let Some(group) = level.get(*place) else {
                break;
            };
            if group.is_mapped() {
                found = Some(group);
            }
            level = &group.groups;
        }
        found
    }

    /// Whether instances of a task have map indexes: it is mapped, or in a mapped group.
    #[must_use]
    pub fn needs_expansion(&self, task: &Task) -> bool {
        task.is_mapped || self.mapped_group(task).is_some()
    }
}
