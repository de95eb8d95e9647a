//! What server and worker process say to each other: length-prefixed postcard.
//!
//! The layout of [`Hello`] and [`Welcome`] never changes, so that any two versions can find out
//! that they differ. Everything else may change with [`PROTOCOL`].

pub mod frame;
mod outcome;
mod work;

use model::{Fence, MapIndex, RunNo, TaskNo, TiKey, Timestamp, report};
use serde::{Deserialize, Serialize};

pub use outcome::{Outcome, Usage};
pub use work::{Kind, Python, PythonWork, Runtime, Work};

/// The version of all messages but the first.
pub const PROTOCOL: u32 = 1;
/// The first word of both sides.
pub const MAGIC: u32 = 0x4f52_5957;

/// The server's first word.
#[derive(Serialize, Deserialize, Debug)]
pub struct Hello {
    /// [`MAGIC`].
    pub magic: u32,
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Which binary; a worker process of another one is drained.
    pub build: String,
    /// End all tries and leave; for a worker process whose protocol we do not speak.
    pub stop: bool,
}

/// The worker's answer.
#[derive(Serialize, Deserialize, Debug)]
pub struct Welcome {
    /// [`MAGIC`].
    pub magic: u32,
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Which binary.
    pub build: String,
    /// The id of the worker process.
    pub pid: u32,
    /// The tries that it has; what it knows of each is reported after this.
    pub known: Vec<Known>,
}

/// A try that a worker process has.
#[derive(Serialize, Deserialize, Debug, Clone, Copy)]
pub struct Known {
    /// Which task instance.
    pub key: Key,
    /// Its permission.
    pub fence: u64,
}

/// From server to worker.
#[derive(Serialize, Deserialize, Debug)]
pub enum Down {
    /// Start a try, unless its fence is known.
    Start(Box<Work>),
    /// End a try.
    Kill(Known),
    /// The end of a try is in the book.
    Ack {
        /// Which.
        fence: u64,
    },
    /// Take no new work, make room for a successor, leave when all is acknowledged.
    Drain,
    /// The server stops.
    Shutdown {
        /// Whether tries are ended too.
        kill: bool,
    },
    /// Another worker process died: look after what it left.
    Sweep,
}

/// From worker to server.
#[derive(Serialize, Deserialize, Debug)]
pub enum Up {
    /// Word of a try.
    Report(Report),
    /// The answer to `Drain`: the socket's name is free.
    Draining,
    /// The answer to `Sweep`: all that is known now.
    Swept(Vec<Known>),
}

/// A task instance.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    run: u64,
    task: u32,
    map: i32,
}

/// Word of a try.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Report {
    /// Which task instance.
    pub key: Key,
    /// The permission.
    pub fence: u64,
    /// Microseconds since the epoch.
    pub at_us: i64,
    /// What.
    pub what: What,
}

/// What happened. Deferrals are not made by this worker's jobs.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub enum What {
    /// It runs.
    Started {
        /// Its process.
        pid: Option<u32>,
    },
    /// It ended.
    Finished {
        /// How.
        outcome: Outcome,
        /// What it used.
        usage: Usage,
    },
}

impl From<TiKey> for Key {
    fn from(key: TiKey) -> Self {
        let TiKey { run, task, map } = key;
        Self {
            run: run.0,
            task: task.0,
            map: map.0,
        }
    }
}

impl From<Key> for TiKey {
    fn from(key: Key) -> Self {
        let Key { run, task, map } = key;
        Self {
            run: RunNo(run),
            task: TaskNo(task),
            map: MapIndex(map),
        }
    }
}

impl From<Report> for report::Report {
    fn from(report: Report) -> Self {
        let Report {
            key,
            fence,
            at_us,
            what,
        } = report;
        let what = match what {
            What::Started { pid } => report::Happened::Started { pid },
            What::Finished { outcome, usage } => report::Happened::Finished {
                outcome: outcome.into(),
                usage: usage.into(),
            },
        };
        Self {
            key: key.into(),
            fence: Fence(fence),
            at: Timestamp::from_micros(at_us),
            what,
        }
    }
}

/// Which binary this process runs: the version with the length and age of the file, so that two
/// builds of one version differ.
#[must_use]
pub fn build() -> String {
    #[cfg(test)]
    if let Ok(build) = std::env::var("ORRERY_TEST_BUILD") {
        return build;
    }
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata("/proc/self/exe");
    let (len, at) = file.map_or((0, 0), |m| (m.len(), m.mtime()));
    format!("{}-{len:x}-{at:x}", env!("CARGO_PKG_VERSION"))
}
