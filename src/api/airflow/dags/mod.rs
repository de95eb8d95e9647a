//! Dags.

mod change;
mod details;
mod list;
mod parse;

pub(crate) use change::*;
pub(crate) use details::*;
pub(crate) use list::*;
pub(crate) use parse::*;

use model::change::{DagRow, DagSummary};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::Place,
    wire::{At, RunType},
};

/// A dag, as lists have it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DAGResponse)]
pub(crate) struct DagResponse {
    pub(crate) dag_id: String,
    pub(crate) dag_display_name: String,
    pub(crate) is_paused: bool,
    pub(crate) is_stale: bool,
    pub(crate) last_parsed_time: Option<At>,
    /// Seconds.
    pub(crate) last_parse_duration: Option<f64>,
    pub(crate) last_expired: Option<At>,
    pub(crate) bundle_name: Option<String>,
    pub(crate) bundle_version: Option<String>,
    pub(crate) relative_fileloc: Option<String>,
    pub(crate) fileloc: String,
    pub(crate) description: Option<String>,
    pub(crate) timetable_summary: Option<String>,
    pub(crate) timetable_description: Option<String>,
    pub(crate) timetable_partitioned: bool,
    pub(crate) timetable_periodic: bool,
    pub(crate) tags: Vec<DagTagResponse>,
    pub(crate) max_active_tasks: u32,
    pub(crate) max_active_runs: Option<u32>,
    pub(crate) max_consecutive_failed_dag_runs: u32,
    pub(crate) has_task_concurrency_limits: bool,
    pub(crate) has_import_errors: bool,
    pub(crate) next_dagrun_logical_date: Option<At>,
    pub(crate) next_dagrun_data_interval_start: Option<At>,
    pub(crate) next_dagrun_data_interval_end: Option<At>,
    pub(crate) next_dagrun_run_after: Option<At>,
    pub(crate) allowed_run_types: Option<Vec<RunType>>,
    pub(crate) owners: Vec<String>,
    pub(crate) is_backfillable: bool,
    pub(crate) file_token: String,
}

/// A tag of a dag.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DagTagResponse {
    name: String,
    dag_id: String,
    dag_display_name: String,
}

/// The name that people see.
pub(crate) fn display_name(row: &DagRow) -> String {
    row.summary
        .display_name
        .clone()
        .unwrap_or_else(|| row.dag_id.to_string())
}

/// The one bundle there is, by the name that upstream gives its own first one.
pub(crate) const BUNDLE: &str = "dags-folder";

impl DagResponse {
    pub(crate) fn new(place: &Place, row: DagRow, has_import_errors: bool) -> Self {
        let dag_display_name = display_name(&row);
        let DagRow {
            no: _,
            dag_id,
            is_paused,
            is_stale,
            version: _,
            file,
            last_parsed,
            last_parse_us,
            next_run,
            last_scheduled: _,
            summary,
        } = row;
        let DagSummary {
            display_name: _,
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
            n_tasks: _,
        } = summary;
        let tag = |name| DagTagResponse {
            name,
            dag_id: dag_id.to_string(),
            dag_display_name: dag_display_name.clone(),
        };
        let tags = tags.into_iter().map(tag).collect();
        let next = next_run.as_ref();
        let interval = next.and_then(|next| next.data_interval);
        Self {
            dag_id: dag_id.to_string(),
            dag_display_name,
            is_paused,
            is_stale,
            last_parsed_time: Some(At(last_parsed)),
            last_parse_duration: Some(seconds(last_parse_us)),
            last_expired: None,
            bundle_name: Some(BUNDLE.to_owned()),
            bundle_version: None,
            fileloc: place.file(&file),
            file_token: file.clone(),
            relative_fileloc: Some(file),
            description,
            timetable_summary,
            timetable_description,
            timetable_partitioned: false,
            timetable_periodic,
            tags,
            max_active_tasks,
            max_active_runs: Some(max_active_runs),
            max_consecutive_failed_dag_runs,
            has_task_concurrency_limits,
            has_import_errors,
            next_dagrun_logical_date: next.and_then(|next| next.logical_date).map(At),
            next_dagrun_data_interval_start: interval.map(|interval| At(interval.start)),
            next_dagrun_data_interval_end: interval.map(|interval| At(interval.end)),
            next_dagrun_run_after: next.map(|next| At(next.run_after)),
            allowed_run_types: None,
            owners,
            is_backfillable: timetable_periodic,
        }
    }
}

#[allow(clippy::cast_precision_loss)] // Microseconds of parsing stay far below 2^53.
pub(crate) fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}
