//! Deadlines of runs.

use model::{DagNo, RunNo, Timestamp, VersionNo, deadline::Deadline};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct DeadlineRecord {
    dag: u32,
    version: u32,
    due: i64,
    created_at: i64,
    missed: bool,
}

impl Record for DeadlineRecord {
    const TABLE: &'static str = tables::deadlines::NAME;
}

impl From<&Deadline> for DeadlineRecord {
    fn from(deadline: &Deadline) -> Self {
        let Deadline {
            run: _,   // The key.
            alert: _, // The key.
            dag,
            version,
            due,
            created_at,
            missed,
        } = deadline;
        Self {
            dag: dag.0,
            version: version.0,
            due: due.as_micros(),
            created_at: created_at.as_micros(),
            missed: *missed,
        }
    }
}

impl DeadlineRecord {
    pub(crate) fn into_deadline(self, run: RunNo, alert: u32) -> Deadline {
        let Self {
            dag,
            version,
            due,
            created_at,
            missed,
        } = self;
        Deadline {
            run,
            alert,
            dag: DagNo(dag),
            version: VersionNo(version),
            due: Timestamp::from_micros(due),
            created_at: Timestamp::from_micros(created_at),
            missed,
        }
    }
}
