//! Dag runs.

mod batch;
mod change;
mod clear;
mod forget;
mod get;
mod list;
mod partition;
mod trigger;
mod wait;

pub(crate) use batch::*;
pub(crate) use change::*;
pub(crate) use clear::*;
pub(crate) use forget::*;
pub(crate) use get::*;
pub(crate) use list::*;
pub(crate) use trigger::*;
pub(crate) use wait::*;

use model::{change::DagRow, run::DagRun};
use serde::Serialize;
use utoipa::ToSchema;

use super::{dags::display_name, versions::DagVersionResponse};
use crate::wire::{Any, At, RunState, RunTriggeredBy, RunType, duration_s};

/// A run of a dag.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DAGRunResponse)]
pub(crate) struct DagRunResponse {
    dag_run_id: String,
    dag_id: String,
    logical_date: Option<At>,
    queued_at: Option<At>,
    start_date: Option<At>,
    end_date: Option<At>,
    /// Seconds.
    duration: Option<f64>,
    data_interval_start: Option<At>,
    data_interval_end: Option<At>,
    run_after: At,
    last_scheduling_decision: Option<At>,
    run_type: RunType,
    state: RunState,
    triggered_by: Option<RunTriggeredBy>,
    triggering_user_name: Option<String>,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    conf: Option<Any>,
    note: Option<String>,
    dag_versions: Vec<DagVersionResponse>,
    bundle_version: Option<String>,
    dag_display_name: String,
    partition_key: Option<String>,
    partition_date: Option<At>,
}

/// Runs, with either an exact total or a cursor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DAGRunCollectionResponse)]
pub(crate) struct DagRunCollection {
    pub(crate) dag_runs: Vec<DagRunResponse>,
    pub(crate) total_entries: Option<u64>,
    /// Where counting stopped; a total of this size means at least as many.
    pub(crate) total_entries_limit: Option<u64>,
    pub(crate) next_cursor: Option<String>,
    pub(crate) previous_cursor: Option<String>,
}

impl DagRunResponse {
    pub(crate) fn new(run: DagRun, dag: &DagRow, versions: Vec<DagVersionResponse>) -> Self {
        let DagRun {
            no: _,
            dag: _,
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
            version: _,
            clear_number: _,
            partition_key,
            partition_date,
            backfill: _,
            reason: _,
        } = run;
        Self {
            dag_run_id: run_id.to_string(),
            dag_id: dag.dag_id.to_string(),
            logical_date: logical_date.map(At),
            queued_at: queued_at.map(At),
            start_date: start_date.map(At),
            end_date: end_date.map(At),
            duration: duration_s(start_date, end_date),
            data_interval_start: data_interval.map(|interval| At(interval.start)),
            data_interval_end: data_interval.map(|interval| At(interval.end)),
            run_after: At(run_after),
            last_scheduling_decision: last_scheduling_decision.map(At),
            run_type: RunType(run_type),
            state: RunState(state),
            triggered_by: Some(RunTriggeredBy(triggered_by)),
            triggering_user_name: triggering_user,
            conf: Some(Any(conf)),
            note,
            dag_versions: versions,
            bundle_version: None,
            dag_display_name: display_name(dag),
            partition_key,
            partition_date: partition_date.map(At),
        }
    }
}
