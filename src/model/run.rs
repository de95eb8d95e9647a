//! A dag run.

use crate::{
    DagNo, Json, RunId, RunNo, Timestamp, VersionNo,
    reason::Reason,
    schedule::DataInterval,
    state::{DagRunState, DagRunType, TriggeredBy},
};

/// A run of a dag.
#[derive(Clone, Debug, PartialEq)]
pub struct DagRun {
    /// Its number.
    pub no: RunNo,
    /// Whose run.
    pub dag: DagNo,
    /// Its id, unique within the dag.
    pub run_id: RunId,
    /// How it came to be.
    pub run_type: DagRunType,
    /// Its state.
    pub state: DagRunState,
    /// The point in time it stands for; unique within the dag where it has one.
    pub logical_date: Option<Timestamp>,
    /// The data it works on.
    pub data_interval: Option<DataInterval>,
    /// Not started before.
    pub run_after: Timestamp,
    /// Since when it is queued.
    pub queued_at: Option<Timestamp>,
    /// When it was started.
    pub start_date: Option<Timestamp>,
    /// When it ended.
    pub end_date: Option<Timestamp>,
    /// When it was last looked at.
    pub last_scheduling_decision: Option<Timestamp>,
    /// The params it was given, an object.
    pub conf: Json,
    /// A person's remark.
    pub note: Option<String>,
    /// Who asked for it.
    pub triggered_by: TriggeredBy,
    /// The person who asked for it.
    pub triggering_user: Option<String>,
    /// The version of the dag that it follows.
    pub version: VersionNo,
    /// How often it was cleared.
    pub clear_number: u32,
    /// The key of its partition.
    pub partition_key: Option<String>,
    /// The date of its partition.
    pub partition_date: Option<Timestamp>,
    /// The backfill that it is part of, with its place in the order.
    pub backfill: Option<(u64, u32)>,
    /// Why it ended as it did, where that needs a word.
    pub reason: Option<Reason>,
}
