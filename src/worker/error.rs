//! What can go wrong around tries (not within them: that is an `Outcome`).

use std::{io, path::PathBuf};

/// Why the worker process or the connection to it is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The folders or files below the data folder cannot be used.
    #[error("TSK-001: cannot use {path} for the worker")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The worker process cannot be started.
    #[error("TSK-002: cannot start the worker process {program}")]
    Spawn {
        /// What was started.
        program: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
    /// The worker process does not answer in time, or not as one of ours would.
    #[error("TSK-003: the worker process does not answer: {what}")]
    Answer {
        /// What was wrong.
        what: String,
    },
    /// Another worker process holds this data folder.
    #[error("TSK-004: another worker process holds {path}")]
    Busy {
        /// Its lock.
        path: PathBuf,
    },
    /// The event loop of the worker process cannot be made, or broke.
    #[error("TSK-005: the worker process cannot go on")]
    Loop {
        /// Why.
        #[source]
        cause: io::Error,
    },
}
