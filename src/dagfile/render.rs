//! A task's arguments become work: templates are rendered, XComs filled in.

mod accessors;
mod arithmetic;
mod branch;
mod budget;
mod context;
mod environment;
mod fields;
mod http;
mod macros;
mod python;
mod strftime;
#[cfg(test)]
mod tests;
mod time;
mod trigger;
mod work;

use std::sync::Arc;

use model::{
    DagId, Json, JsonMap, MapIndex, RunId, TaskId, TimeDelta, Timestamp,
    dag::{Dag, Task},
    run::DagRun,
    schedule::DataInterval,
    state::DagRunState,
    task_instance::Deferral,
    work::Job,
};

use self::{fields::Fields, work::Values};
use crate::RenderError;

/// The task instance whose try is to be rendered.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// Its run.
    pub run: &'a DagRun,
    /// The try, from 1.
    pub try_number: u32,
    /// The last try that may follow a failure by itself.
    pub max_tries: u32,
    /// Which of a mapped task's instances.
    pub map_index: MapIndex,
    /// When the try began; `now` for one that is about to.
    pub start_date: Timestamp,
    /// The time that `macros.datetime.now()` and friends tell.
    pub now: Timestamp,
    /// What a process inherits: `PATH`, `HOME`, `LANG`, `TZ` ..., in order.
    pub base_env: Vec<(String, String)>,
    /// The last successful run of the dag before this one.
    pub previous_success: Option<PreviousRun>,
}

/// What templates may ask of the previous successful run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PreviousRun {
    /// Its data interval.
    pub data_interval: Option<DataInterval>,
    /// When it started.
    pub start_date: Option<Timestamp>,
    /// When it ended.
    pub end_date: Option<Timestamp>,
}

/// What templates may look up. Errors are for the try's log: "variable `x` cannot be opened".
pub trait Lookup: Send + Sync {
    /// Values by map index, in order; empty where there is none.
    ///
    /// # Errors
    /// When the book cannot be read.
    fn xcom(&self, query: &XComQuery) -> Result<Vec<(MapIndex, Json)>, String>;
    /// A variable's text, opened.
    ///
    /// # Errors
    /// When the book cannot be read or the value not be opened.
    fn variable(&self, key: &str) -> Result<Option<String>, String>;
    /// A connection, opened.
    ///
    /// # Errors
    /// When the book cannot be read or the value not be opened.
    fn connection(&self, conn_id: &str) -> Result<Option<Connection>, String>;
}

/// Which XComs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XComQuery {
    /// Of which dag.
    pub dag_id: DagId,
    /// Of which run.
    pub run_id: RunId,
    /// Of which task.
    pub task_id: TaskId,
    /// Of which instance; of all when absent.
    pub map_index: Option<MapIndex>,
    /// Under which key.
    pub key: String,
    /// Also of earlier runs, the latest that has one.
    pub include_prior_dates: bool,
}

/// A connection as templates and operators see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Connection {
    /// Its id.
    pub conn_id: String,
    /// `http`, `fs` ...
    pub conn_type: String,
    /// One line.
    pub description: Option<String>,
    /// The host, for `http` possibly with its scheme.
    pub host: Option<String>,
    /// The schema: for `http` the scheme.
    pub schema: Option<String>,
    /// The name to sign in with.
    pub login: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// JSON text.
    pub extra: Option<String>,
}

/// What is to be done, and what the arguments became.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// What is to be done.
    pub what: Rendering,
    /// The template fields as rendered, for display; secrets in them are not masked yet.
    pub fields: JsonMap,
    /// Texts that were looked up and must not be seen in logs or XComs.
    pub secrets: Vec<String>,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Rendering {
    /// Nothing: it has ended well.
    Empty,
    /// Work for a worker.
    Job(Job),
    /// Follow these direct downstream tasks, skip the others. The ids are also its return value.
    Branch {
        /// Direct downstream tasks, in the order named; none follows nothing.
        follow: Vec<TaskId>,
        /// What the expression gave, kept as `return_value`.
        return_value: Json,
    },
    /// Create a run of another dag.
    TriggerDag(Box<TriggerDag>),
    /// Wait without a slot.
    Defer(Deferral),
}

/// What `TriggerDagRunOperator` asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerDag {
    /// Of which dag.
    pub dag_id: DagId,
    /// The run's id; made from its date when absent.
    pub run_id: Option<RunId>,
    /// The point in time it stands for; `Some(None)` is upstream's explicit null.
    pub logical_date: Option<Option<Timestamp>>,
    /// Not started before.
    pub run_after: Option<Timestamp>,
    /// Its conf, an object.
    pub conf: Json,
    /// A remark.
    pub note: Option<String>,
    /// Clear and rerun one that exists already.
    pub reset_dag_run: bool,
    /// End as skipped when it exists already.
    pub skip_when_already_exists: bool,
    /// Fail when the dag is paused.
    pub fail_when_dag_is_paused: bool,
    /// Whether to wait for its end.
    pub wait_for_completion: bool,
    /// How often to look.
    pub poke_interval: TimeDelta,
    /// Ends that are well.
    pub allowed_states: Vec<DagRunState>,
    /// Ends that fail this task.
    pub failed_states: Vec<DagRunState>,
}

/// Renders a task of `dag` for one try.
///
/// # Errors
/// When a template fails or a rendered argument is not what the operator takes.
pub fn render(
    dag: &Dag,
    task: &Task,
    context: &Context<'_>,
    lookup: &Arc<dyn Lookup>,
) -> Result<Rendered, RenderError> {
    let fields = Fields::new(dag, task, context, lookup);
    let values = fields.all()?;
    let shown = fields.shown(&values);
    let values = Values {
        fields: &fields,
        values,
    };
    Ok(Rendered {
        what: work::make(&values)?,
        fields: shown,
        secrets: fields.secrets(),
    })
}
