//! Dags.

use model::{
    DagId, DagNo, Timestamp, VersionNo,
    change::{DagRow, DagSummary, NextRun},
    schedule::DataInterval,
};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct DagRecord {
    dag_id: String,
    is_paused: bool,
    is_stale: bool,
    version: u32,
    file: String,
    last_parsed: i64,
    last_parse_us: u64,
    next_run: Option<NextRunRecord>,
    last_scheduled: Option<(i64, i64)>,
    summary: SummaryRecord,
}

#[derive(Serialize, Deserialize)]
pub(super) struct NextRunRecord {
    logical_date: Option<i64>,
    data_interval: Option<(i64, i64)>,
    run_after: i64,
    partition_key: Option<String>,
    partition_date: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct SummaryRecord {
    display_name: Option<String>,
    description: Option<String>,
    tags: Vec<String>,
    owners: Vec<String>,
    timetable_summary: Option<String>,
    timetable_description: Option<String>,
    timetable_periodic: bool,
    max_active_runs: u32,
    max_active_tasks: u32,
    max_consecutive_failed_dag_runs: u32,
    has_task_concurrency_limits: bool,
    n_tasks: u32,
}

impl Record for DagRecord {
    const TABLE: &'static str = tables::dags::NAME;
}

fn pair(DataInterval { start, end }: DataInterval) -> (i64, i64) {
    (start.as_micros(), end.as_micros())
}

fn interval((start, end): (i64, i64)) -> DataInterval {
    DataInterval {
        start: Timestamp::from_micros(start),
        end: Timestamp::from_micros(end),
    }
}

impl From<&DagRow> for DagRecord {
    fn from(row: &DagRow) -> Self {
        let DagRow {
            no: _, // The key.
            dag_id,
            is_paused,
            is_stale,
            version,
            file,
            last_parsed,
            last_parse_us,
            next_run,
            last_scheduled,
            summary,
        } = row;
        Self {
            dag_id: dag_id.to_string(),
            is_paused: *is_paused,
            is_stale: *is_stale,
            version: version.0,
            file: file.clone(),
            last_parsed: last_parsed.as_micros(),
            last_parse_us: *last_parse_us,
            next_run: next_run.as_ref().map(NextRunRecord::from),
            last_scheduled: last_scheduled.map(pair),
            summary: SummaryRecord::from(summary),
        }
    }
}

impl DagRecord {
    pub(crate) fn into_row(self, no: DagNo) -> DagRow {
        let Self {
            dag_id,
            is_paused,
            is_stale,
            version,
            file,
            last_parsed,
            last_parse_us,
            next_run,
            last_scheduled,
            summary,
        } = self;
        DagRow {
            no,
            dag_id: DagId::from(dag_id),
            is_paused,
            is_stale,
            version: VersionNo(version),
            file,
            last_parsed: Timestamp::from_micros(last_parsed),
            last_parse_us,
            next_run: next_run.map(NextRun::from),
            last_scheduled: last_scheduled.map(interval),
            summary: summary.into(),
        }
    }
}

impl From<&NextRun> for NextRunRecord {
    fn from(next: &NextRun) -> Self {
        let NextRun {
            logical_date,
            data_interval,
            run_after,
            partition_key,
            partition_date,
        } = next;
        Self {
            logical_date: logical_date.map(Timestamp::as_micros),
            data_interval: data_interval.map(pair),
            run_after: run_after.as_micros(),
            partition_key: partition_key.clone(),
            partition_date: partition_date.map(Timestamp::as_micros),
        }
    }
}

impl From<NextRunRecord> for NextRun {
    fn from(record: NextRunRecord) -> Self {
        let NextRunRecord {
            logical_date,
            data_interval,
            run_after,
            partition_key,
            partition_date,
        } = record;
        Self {
            logical_date: logical_date.map(Timestamp::from_micros),
            data_interval: data_interval.map(interval),
            run_after: Timestamp::from_micros(run_after),
            partition_key,
            partition_date: partition_date.map(Timestamp::from_micros),
        }
    }
}

macro_rules! same_fields {
    ($from:ident -> $to:ident { $($field:ident),+ $(,)? }) => {
        impl From<$from> for $to {
            fn from(it: $from) -> Self {
                let $from { $($field),+ } = it;
                Self { $($field),+ }
            }
        }
        impl From<&$to> for $from {
            fn from(it: &$to) -> Self {
                let $to { $($field),+ } = it.clone();
                Self { $($field),+ }
            }
        }
    };
}
same_fields!(SummaryRecord -> DagSummary {
    display_name,
    description,
    tags,
    owners,
    timetable_summary,
    timetable_description,
    timetable_periodic,
    max_active_runs,
    max_active_tasks,
    max_consecutive_failed_dag_runs,
    has_task_concurrency_limits,
    n_tasks,
});
