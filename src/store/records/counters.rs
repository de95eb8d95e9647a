//! The next numbers.

use model::{DagNo, Fence, RunNo, change::Counters};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct CountersRecord {
    dag: u32,
    run: u64,
    fence: u64,
}

impl Record for CountersRecord {
    const TABLE: &'static str = tables::counters::NAME;
}

impl From<&Counters> for CountersRecord {
    fn from(counters: &Counters) -> Self {
        let Counters { dag, run, fence } = *counters;
        Self {
            dag: dag.0,
            run: run.0,
            fence: fence.0,
        }
    }
}

impl From<CountersRecord> for Counters {
    fn from(record: CountersRecord) -> Self {
        let CountersRecord { dag, run, fence } = record;
        Self {
            dag: DagNo(dag),
            run: RunNo(run),
            fence: Fence(fence),
        }
    }
}
