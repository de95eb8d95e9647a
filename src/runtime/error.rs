//! What can go wrong, each with its page.

use std::{io, path::PathBuf};

/// Why a command about runtimes did not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name that is none.
    #[error(
        "RTM-001: `{0}` is no name for a runtime: 1 to 64 of a-z, 0-9, `.`, `_` and `-`, a letter or digit first"
    )]
    Name(String),
    /// A version of Airflow that is not supported.
    #[error("RTM-002: Airflow {0} is not supported: 3.0.6 to 3.3.x are")]
    Version(String),
    /// No Python that can be used.
    #[error("RTM-003: cannot use the Python `{python}`: {why}")]
    Python {
        /// What was tried.
        python: String,
        /// What happened.
        why: String,
    },
    /// Requirements that do not go together or are not to be had.
    #[error("RTM-004: cannot resolve the requirements:\n{0}")]
    Resolve(String),
    /// The installation stopped.
    #[error("RTM-005: cannot install:\n{0}")]
    Install(String),
    /// Another command is at work.
    #[error("RTM-006: another command changes the runtimes in `{0}`")]
    Busy(PathBuf),
    /// No such runtime.
    #[error("RTM-007: there is no runtime `{name}`; there {there}")]
    Missing {
        /// What was asked for.
        name: String,
        /// What there is.
        there: String,
    },
    /// A runtime that is there and does not work.
    #[error("RTM-008: the runtime `{name}` is damaged: {why}")]
    Damaged {
        /// Which.
        name: String,
        /// How it shows.
        why: String,
    },
    /// An archive that is not one of ours or was changed.
    #[error("RTM-009: cannot import `{archive}`: {why}")]
    Archive {
        /// The file.
        archive: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The name is taken.
    #[error("RTM-010: there is a runtime `{0}` already")]
    Taken(String),
    /// The file system said no.
    #[error("RTM-011: cannot {doing} `{path}`")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
}

/// For `map_err`: what was tried, and where.
pub fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
    let path = path.into();
    move |cause| Error::Io { doing, path, cause }
}
