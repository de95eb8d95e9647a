//! What lists show of a dag.

use model::{change::DagSummary, dag::Dag};

use crate::{plan::position, timetable};

/// From its latest version.
pub(super) fn summary(dag: &Dag) -> DagSummary {
    let limited = |task: &model::dag::Task| {
        task.max_active_tis_per_dag.is_some() || task.max_active_tis_per_dagrun.is_some()
    };
    let by_timetable = timetable::active_runs_limit(&dag.schedule).unwrap_or(u32::MAX);
    DagSummary {
        display_name: dag.display_name.clone(),
        description: dag.description.clone(),
        tags: dag.tags.clone(),
        owners: dag.owners.clone(),
        timetable_summary: timetable::summary(&dag.schedule),
        timetable_description: timetable::description(&dag.schedule),
        timetable_periodic: timetable::is_periodic(&dag.schedule),
        max_active_runs: dag.max_active_runs.min(by_timetable),
        max_active_tasks: dag.max_active_tasks,
        max_consecutive_failed_dag_runs: dag.max_consecutive_failed_dag_runs,
        has_task_concurrency_limits: dag.tasks.iter().any(limited),
        n_tasks: position(dag.tasks.len()),
    }
}
