//! One try to run, on the wire.

use super::Key;
use crate::supervisor;
use model::{Fence, Json, TimeDelta, execution::StartupDetails, work};
use serde::{Deserialize, Serialize};

/// See [`work::Work`].
#[derive(Serialize, Deserialize, Debug)]
pub struct Work {
    key: Key,
    fence: u64,
    log_path: String,
    log_fields: Vec<(String, String)>,
    execution_timeout_us: Option<i64>,
    secrets: Vec<String>,
    job: Job,
}

#[derive(Serialize, Deserialize, Debug)]
enum Job {
    Process(Process),
    Http(HttpRequest),
    Python(Python),
}

/// See [`work::PythonTask`].
#[derive(Serialize, Deserialize, Debug)]
pub struct Python {
    pub runtime: Runtime,
    pub env: Vec<(String, String)>,
    /// `StartupDetails` for the server to send; the worker process only keeps it.
    pub first: Vec<u8>,
    /// None where the run is pinned to another version of the file.
    pub dag: Option<DagFile>,
}

/// See [`work::PythonRuntime`].
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Hash)]
pub struct Runtime {
    pub folder: String,
    pub env: Vec<(String, String)>,
    pub epoch: String,
    #[serde(default)]
    pub idle_ms: u64,
    #[serde(default)]
    pub task_bytes_max: u64,
    #[serde(default)]
    pub dag_age_ms: u64,
    #[serde(default)]
    pub forks_max: u64,
    #[serde(default)]
    pub growth_bytes_max: u64,
}

/// Where a dag of a task is read from.
#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct DagFile {
    pub bundle: String,
    pub file: String,
    pub dag_id: String,
    pub task_id: String,
}

#[derive(Serialize, Deserialize, Debug)]
struct Process {
    argv: Vec<String>,
    env: Vec<(String, String)>,
    cwd: Option<String>,
    skip_on_exit_code: Vec<i32>,
    push_last_line: bool,
}

#[derive(Serialize, Deserialize, Debug)]
struct HttpRequest {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    timeout_us: i64,
    verify: bool,
    log_response: bool,
    push_body: bool,
    ok_statuses: Vec<u16>,
}

impl From<work::Work> for Work {
    fn from(work: work::Work) -> Self {
        let work::Work {
            key,
            fence,
            log_path,
            log_fields,
            execution_timeout,
            secrets,
            job,
        } = work;
        Self {
            key: key.into(),
            fence: fence.0,
            log_path,
            log_fields: log_fields
                .into_iter()
                .map(|(name, value)| (name, value.to_string()))
                .collect(),
            execution_timeout_us: execution_timeout.map(TimeDelta::as_micros),
            secrets,
            job: match job {
                work::Job::Process(process) => Job::Process(process.into()),
                work::Job::Http(request) => Job::Http(request.into()),
                work::Job::Python(task) => {
                    let work::PythonTask {
                        runtime,
                        env,
                        startup,
                    } = *task;
                    Job::Python(Python {
                        runtime: runtime.into(),
                        env,
                        first: supervisor::startup(&startup),
                        dag: dag_file(startup),
                    })
                }
            },
        }
    }
}

fn dag_file(startup: StartupDetails) -> Option<DagFile> {
    let is_current = startup.bundle_info.version.is_none();
    is_current.then(|| DagFile {
        bundle: startup.bundle_info.name,
        file: startup.dag_rel_path,
        dag_id: startup.ti.dag_id.to_string(),
        task_id: startup.ti.task_id.to_string(),
    })
}

/// A try by what runs it.
pub enum Kind {
    /// By this process.
    Plain(Box<work::Work>),
    /// By a child of a zygote.
    Python(Box<PythonWork>),
}

/// A try of a Python task as the worker process sees it.
#[derive(Debug)]
#[allow(missing_docs)] // See `work::Work`.
pub struct PythonWork {
    pub key: Key,
    pub fence: u64,
    pub log_path: String,
    pub log_fields: Vec<(String, Json)>,
    pub execution_timeout_us: Option<i64>,
    pub secrets: Vec<String>,
    pub task: Python,
}

impl Work {
    /// Which, and with what permission.
    pub const fn name(&self) -> (u64, Key) {
        (self.fence, self.key)
    }

    /// For the worker process.
    pub fn kind(self) -> Kind {
        let Self {
            key,
            fence,
            log_path,
            log_fields,
            execution_timeout_us,
            secrets,
            job,
        } = self;
        let json = |(name, text): (String, String)| {
            let value = serde_json::from_str(&text).unwrap_or(Json::String(text));
            (name, value)
        };
        let log_fields = log_fields.into_iter().map(json).collect();
        let job = match job {
            Job::Process(process) => work::Job::Process(process.into()),
            Job::Http(request) => work::Job::Http(request.into()),
            Job::Python(task) => {
                return Kind::Python(Box::new(PythonWork {
                    key,
                    fence,
                    log_path,
                    log_fields,
                    execution_timeout_us,
                    secrets,
                    task,
                }));
            }
        };
        Kind::Plain(Box::new(work::Work {
            key: key.into(),
            fence: Fence(fence),
            log_path,
            log_fields,
            execution_timeout: execution_timeout_us.map(TimeDelta::from_micros),
            secrets,
            job,
        }))
    }
}

impl From<work::PythonRuntime> for Runtime {
    fn from(runtime: work::PythonRuntime) -> Self {
        let work::PythonRuntime {
            folder,
            env,
            epoch,
            idle_ms,
            task_bytes_max,
            dag_age_ms,
            forks_max,
            growth_bytes_max,
        } = runtime;
        Self {
            folder,
            env,
            epoch,
            idle_ms,
            task_bytes_max,
            dag_age_ms,
            forks_max,
            growth_bytes_max,
        }
    }
}

impl From<work::Process> for Process {
    fn from(process: work::Process) -> Self {
        let work::Process {
            argv,
            env,
            cwd,
            skip_on_exit_code,
            push_last_line,
        } = process;
        Self {
            argv,
            env,
            cwd,
            skip_on_exit_code,
            push_last_line,
        }
    }
}

impl From<Process> for work::Process {
    fn from(process: Process) -> Self {
        let Process {
            argv,
            env,
            cwd,
            skip_on_exit_code,
            push_last_line,
        } = process;
        Self {
            argv,
            env,
            cwd,
            skip_on_exit_code,
            push_last_line,
        }
    }
}

impl From<work::HttpRequest> for HttpRequest {
    fn from(request: work::HttpRequest) -> Self {
        let work::HttpRequest {
            method,
            url,
            headers,
            body,
            timeout,
            verify,
            log_response,
            push_body,
            ok_statuses,
        } = request;
        Self {
            method,
            url,
            headers,
            body,
            timeout_us: timeout.as_micros(),
            verify,
            log_response,
            push_body,
            ok_statuses,
        }
    }
}

impl From<HttpRequest> for work::HttpRequest {
    fn from(request: HttpRequest) -> Self {
        let HttpRequest {
            method,
            url,
            headers,
            body,
            timeout_us,
            verify,
            log_response,
            push_body,
            ok_statuses,
        } = request;
        Self {
            method,
            url,
            headers,
            body,
            timeout: TimeDelta::from_micros(timeout_us),
            verify,
            log_response,
            push_body,
            ok_statuses,
        }
    }
}
