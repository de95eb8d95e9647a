//! What the book says, in the words that Python children know.

use model::{DagId, Json, Timestamp, execution::DagRun as Words, run::DagRun};
use serde_json::json;
use store::{ReadError, Snapshot};

use crate::{execution::assets::consumed_words, queries::assets};

/// A run with the asset events that it was made for.
pub(crate) fn dag_run_with_events(
    book: &Snapshot,
    dag_id: &DagId,
    run: &DagRun,
) -> Result<Words, ReadError> {
    let events = assets::consumed(book, run.no, false)?;
    Ok(Words {
        consumed_asset_events: events.into_iter().map(consumed_words).collect(),
        ..dag_run(dag_id, run)
    })
}

/// A run without asset events.
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

/// A run as the public API has it, for functions that are called with no more than that.
pub(crate) fn run_response(dag_id: &DagId, run: &DagRun) -> Json {
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string());
    let interval = run.data_interval;
    json!({
        "dag_run_id": run.run_id.as_str(),
        "dag_id": dag_id.as_str(),
        "logical_date": at(run.logical_date),
        "queued_at": at(run.queued_at),
        "start_date": at(run.start_date),
        "end_date": at(run.end_date),
        "data_interval_start": at(interval.map(|interval| interval.start)),
        "data_interval_end": at(interval.map(|interval| interval.end)),
        "run_after": run.run_after.to_string(),
        "last_scheduling_decision": at(run.last_scheduling_decision),
        "run_type": run.run_type.as_str(),
        "state": run.state.as_str(),
        "triggered_by": run.triggered_by.as_str(),
        "triggering_user_name": run.triggering_user,
        "conf": run.conf,
        "note": run.note,
        "partition_key": run.partition_key,
    })
}
