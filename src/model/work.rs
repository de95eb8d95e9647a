//! What a worker needs to know to run one try. Everything is rendered; nothing is looked up later.

use crate::{Fence, Json, TiKey, TimeDelta, execution::StartupDetails};

/// One try to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// Which task instance.
    pub key: TiKey,
    /// Its permission, echoed in every report.
    pub fence: Fence,
    /// Where its log goes, relative to the log folder.
    pub log_path: String,
    /// What is put in every log line (dag_id, run_id, task_id, try_number, map_index).
    pub log_fields: Vec<(String, Json)>,
    /// How long it may run.
    pub execution_timeout: Option<TimeDelta>,
    /// Texts that must not be seen in logs or XComs.
    pub secrets: Vec<String>,
    /// What to do.
    pub job: Job,
}

/// What a try does.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    /// A process.
    Process(Process),
    /// A request.
    Http(HttpRequest),
    /// A task of a Python dag.
    Python(Box<PythonTask>),
}

/// A task of a Python dag, run by upstream's own task runner.
#[derive(Clone, Debug, PartialEq)]
pub struct PythonTask {
    /// The interpreter and the environment that all its tasks share.
    pub runtime: PythonRuntime,
    /// What this task gets in its environment beside that.
    pub env: Vec<(String, String)>,
    /// What it is told first.
    pub startup: StartupDetails,
}

/// An interpreter with Airflow in it. One warm process is kept for each that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PythonRuntime {
    /// The folder of the virtual environment; `bin/python` is below it.
    pub folder: String,
    /// The whole environment of the warm process and its children.
    pub env: Vec<(String, String)>,
    /// What its imports depend on beside that (plugins, `airflow.cfg`), as a hash: another value,
    /// another process.
    pub epoch: String,
    /// How long a warm process without children stays, in milliseconds; 0 for the usual time.
    pub idle_ms: u64,
    /// Bytes of memory that a task's process may take for itself; 0 for what the machine has.
    pub task_bytes_max: u64,
    /// How long a dag file that was read once may serve tasks, in milliseconds; 0 has each task
    /// read it.
    pub dag_age_ms: u64,
    /// Children after which a warm process is replaced; 0 for the usual number.
    pub forks_max: u64,
    /// Bytes by which a warm process may grow before it is replaced; 0 for the usual.
    pub growth_bytes_max: u64,
}

/// A process to run in a group of its own, with this environment and no other.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The whole environment.
    pub env: Vec<(String, String)>,
    /// The working folder; a new empty one that is removed afterwards when absent.
    pub cwd: Option<String>,
    /// Exit codes that mean skipped (99 for bash).
    pub skip_on_exit_code: Vec<i32>,
    /// Whether the last line of standard output is the return value.
    pub push_last_line: bool,
}

/// A request to make.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpRequest {
    /// `GET`, `POST` ...
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// How long to wait for an answer.
    pub timeout: TimeDelta,
    /// Whether the peer's certificate is checked.
    pub verify: bool,
    /// Whether the body is put in the log.
    pub log_response: bool,
    /// Whether the body is the return value.
    pub push_body: bool,
    /// Statuses that are well; 2xx and 3xx when empty.
    pub ok_statuses: Vec<u16>,
}
