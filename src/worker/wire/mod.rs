//! What server and worker process say to each other: length-prefixed postcard.
//!
//! The layout of [`Hello`] and [`Welcome`] never changes, so that any two versions can find out
//! that they differ. Everything else may change with [`PROTOCOL`].

pub mod frame;
mod outcome;
mod work;

use model::{MapIndex, RunNo, TaskNo, TiKey};
use serde::{Deserialize, Serialize};

pub use outcome::{Outcome, Usage};
pub use work::{DagFile, Kind, PythonWork, Runtime, Work};

/// The version of all messages but the first.
pub const PROTOCOL: u32 = 3;
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
    /// Open a session that ends with this connection.
    Open(Box<Open>),
    /// The answer to a frame of a session.
    Frame(Reply),
    /// A word to a session that answers nothing.
    Tell {
        /// Which.
        session: u64,
        /// The frame's content.
        bytes: Vec<u8>,
    },
    /// End a session, since what it says is wrong.
    Break {
        /// Which.
        session: u64,
        /// What is wrong, with a code.
        message: String,
    },
    /// End a session that is not needed any more.
    Close {
        /// Which.
        session: u64,
    },
}

/// A parse, a callback, the triggerer or the evaluator.
#[derive(Serialize, Deserialize, Debug)]
pub struct Open {
    /// Its number, in this server's own count.
    pub session: u64,
    /// The zygote's word for what to run: `parse`, `triggerer`, `evaluate`.
    pub op: String,
    /// By which interpreter.
    pub runtime: Runtime,
    /// What it gets in its environment beside the interpreter's.
    pub env: Vec<(String, String)>,
    /// Where its log goes, if anywhere, relative to the log folder.
    pub log_path: Option<String>,
    /// How long it may take.
    pub timeout_ms: Option<u64>,
    /// Texts that must not be seen.
    pub secrets: Vec<String>,
}

/// The answer to a frame.
#[derive(Serialize, Deserialize, Debug, Default, PartialEq)]
pub struct Reply {
    /// Whose.
    pub session: u64,
    /// Which frame.
    pub n: u64,
    /// The frame to send, without its length.
    pub bytes: Vec<u8>,
    /// Texts that must not be seen from now on; hidden before the child sees the answer.
    pub secrets: Vec<String>,
    /// Kept for the next server from now on.
    pub note: Option<Note>,
    /// The child has only little time left (`SUCCESS_OVERTIME_MS`).
    pub overtime: bool,
    /// Send a new logging stream along.
    pub log_fd: bool,
}

/// What a server needs to know of a try over its own end.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// Its end is in the book.
    Ended,
    /// It says it failed, for its exit.
    Failed,
    /// It says it is to be skipped, for its exit.
    Skipped,
    /// It says it is removed, for its exit.
    Removed,
}

/// How a session's process ended.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Exit {
    /// Its status.
    pub status: Status,
    /// What it used.
    pub usage: Usage,
    /// Why it was made to end.
    pub cause: Option<Ended>,
    /// The last lines of its standard error.
    pub tail: String,
}

/// A process's status.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Status {
    Code(i32),
    Signal(i32),
    /// Nobody could tell.
    Unknown,
    /// There never was one.
    None,
}

/// Why a session was made to end.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub enum Ended {
    /// Asked for.
    Asked,
    /// The worker process stops.
    Stopping,
    /// It took longer than it may.
    TimedOut {
        /// The limit.
        limit_us: i64,
    },
    /// It had said its last word and did not end.
    Overtime,
    /// Something was wrong; with a code.
    Broken(String),
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
    /// What a zygote found out at its start; told before any of its sessions.
    Zygote {
        /// Its number.
        zygote: u64,
        /// JSON.
        facts: String,
    },
    /// A session is open.
    Session {
        /// Which: the fence of a try, or the server's own number.
        session: u64,
        /// Whose child it is.
        zygote: u64,
        /// What an earlier server left.
        note: Option<Note>,
    },
    /// A child said something. Number 0 is what was to be kept for its start.
    Frame {
        /// Which session.
        session: u64,
        /// Which frame, counted from 1.
        n: u64,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// A session that is no try has ended.
    Closed {
        /// Which.
        session: u64,
        /// How.
        exit: Exit,
    },
}

/// A task instance.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// A Python task's process ended.
    Exited {
        /// How.
        exit: Exit,
        /// What an earlier server left.
        note: Option<Note>,
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
