//! What the book says, in the words that Python children know.

use model::{DagId, execution::DagRun as Words, run::DagRun};

/// A run. Asset events that started it are not in the book yet.
pub(crate) fn dag_run(dag_id: &DagId, run: &DagRun) -> Words {
    let interval = run.data_interval;
    Words {
        dag_id: dag_id.clone(),
        run_id: run.run_id.clone(),
        logical_date: run.logical_date,
        data_interval_start: interval.map(|interval| interval.start),
        data_interval_end: interval.map(|interval| interval.end),
        run_after: run.run_after,
        start_date: run.start_date,
        end_date: run.end_date,
        clear_number: i64::from(run.clear_number),
        run_type: run.run_type,
        state: run.state,
        conf: run.conf.as_object().cloned(),
        triggering_user_name: run.triggering_user.clone(),
        consumed_asset_events: Vec::new(),
        partition_key: run.partition_key.clone(),
        partition_date: run.partition_date,
        note: run.note.clone(),
        team_name: None,
    }
}
