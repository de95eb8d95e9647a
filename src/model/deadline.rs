//! Deadlines of runs: when one is to have ended, and whether it had.

use crate::{DagNo, RunNo, Timestamp, VersionNo};

/// A deadline of a run. One that the run keeps is forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct Deadline {
    /// Which run.
    pub run: RunNo,
    /// Which of the alerts of the dag's version, by position.
    pub alert: u32,
    /// Whose run.
    pub dag: DagNo,
    /// The version of the dag that says the alert.
    pub version: VersionNo,
    /// When the run is to have ended.
    pub due: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it has passed, and what is to be called was.
    pub missed: bool,
}
