//! Dag runs. Times are microseconds after `run_after`, which makes them short.

use model::{DagNo, RunId, RunNo, Timestamp, VersionNo, run::DagRun, schedule::DataInterval};
use serde::{Deserialize, Serialize};

use super::{
    Record, json,
    reason::ReasonRecord,
    word::{Word, word},
};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct RunRecord {
    dag: u32,
    run_id: String,
    run_type: u8,
    state: u8,
    run_after: i64,
    logical_date: Option<i64>,
    data_interval: Option<(i64, i64)>,
    queued_at: Option<i64>,
    start_date: Option<i64>,
    end_date: Option<i64>,
    last_scheduling_decision: Option<i64>,
    conf: String,
    note: Option<String>,
    triggered_by: u8,
    triggering_user: Option<String>,
    version: u32,
    clear_number: u32,
    partition_key: Option<String>,
    partition_date: Option<i64>,
    backfill: Option<(u64, u32)>,
    reason: Option<ReasonRecord>,
}

impl Record for RunRecord {
    const TABLE: &'static str = tables::runs::NAME;
}

impl From<&DagRun> for RunRecord {
    fn from(run: &DagRun) -> Self {
        let DagRun {
            no: _, // The key.
            dag,
            run_id,
            run_type,
            state,
            logical_date,
            data_interval,
            run_after,
            queued_at,
            start_date,
            end_date,
            last_scheduling_decision,
            conf,
            note,
            triggered_by,
            triggering_user,
            version,
            clear_number,
            partition_key,
            partition_date,
            backfill,
            reason,
        } = run;
        let base = run_after.as_micros();
        let at = |at: Timestamp| at.as_micros().wrapping_sub(base);
        Self {
            dag: dag.0,
            run_id: run_id.to_string(),
            run_type: run_type.code(),
            state: state.code(),
            run_after: base,
            logical_date: logical_date.map(at),
            data_interval: data_interval.map(|DataInterval { start, end }| (at(start), at(end))),
            queued_at: queued_at.map(at),
            start_date: start_date.map(at),
            end_date: end_date.map(at),
            last_scheduling_decision: last_scheduling_decision.map(at),
            conf: json::text(conf),
            note: note.clone(),
            triggered_by: triggered_by.code(),
            triggering_user: triggering_user.clone(),
            version: version.0,
            clear_number: *clear_number,
            partition_key: partition_key.clone(),
            partition_date: partition_date.map(at),
            backfill: *backfill,
            reason: reason.as_ref().map(ReasonRecord::from),
        }
    }
}

impl RunRecord {
    pub(crate) fn into_run(self, no: RunNo) -> Result<DagRun, ReadError> {
        let Self {
            dag,
            run_id,
            run_type,
            state,
            run_after,
            logical_date,
            data_interval,
            queued_at,
            start_date,
            end_date,
            last_scheduling_decision,
            conf,
            note,
            triggered_by,
            triggering_user,
            version,
            clear_number,
            partition_key,
            partition_date,
            backfill,
            reason,
        } = self;
        let at = |us: i64| Timestamp::from_micros(run_after.wrapping_add(us));
        Ok(DagRun {
            no,
            dag: DagNo(dag),
            run_id: RunId::from(run_id),
            run_type: word(Self::TABLE, run_type)?,
            state: word(Self::TABLE, state)?,
            logical_date: logical_date.map(at),
            data_interval: data_interval.map(|(start, end)| DataInterval {
                start: at(start),
                end: at(end),
            }),
            run_after: Timestamp::from_micros(run_after),
            queued_at: queued_at.map(at),
            start_date: start_date.map(at),
            end_date: end_date.map(at),
            last_scheduling_decision: last_scheduling_decision.map(at),
            conf: json::parse(Self::TABLE, &conf)?,
            note,
            triggered_by: word(Self::TABLE, triggered_by)?,
            triggering_user,
            version: VersionNo(version),
            clear_number,
            partition_key,
            partition_date: partition_date.map(at),
            backfill,
            reason: reason.map(ReasonRecord::into_reason).transpose()?,
        })
    }
}
