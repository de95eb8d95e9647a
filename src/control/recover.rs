//! Loads what is unfinished from the book. The same function serves the start and the way back
//! after a failed commit.

use engine::{Live, View};
use store::ReadError;

use crate::reader::Reader;

/// Everything that is live, as the book says.
pub(crate) fn load(
    reader: &Reader,
    options: &engine::Options,
    view: &dyn View,
) -> Result<Live, ReadError> {
    let book = reader.snapshot()?;
    let mut live = Live::new(options.clone());
    live.load_counters(book.counters()?);
    for pool in book.pools()? {
        live.load_pool(pool);
    }
    for row in book.dags(None, usize::MAX)? {
        let tasks = book.task_names(row.no)?;
        live.load_dag(row, tasks);
    }
    for file in book.files()? {
        live.load_file(file);
    }
    for owed in book.owed_callbacks()? {
        live.load_callback(owed);
    }
    for row in book.assets()? {
        live.load_asset(row);
    }
    for row in book.asset_aliases()? {
        live.load_alias(row);
    }
    for row in book.dags_assets()? {
        live.load_dag_assets(row);
    }
    for row in book.asset_queue(None)? {
        live.load_queued_asset(row);
    }
    for run in book.pending_runs()? {
        live.load_pending_run(run);
    }
    if let Some(event) = book.last_asset_event(None)? {
        live.load_last_asset_event(event);
    }
    if let Some(no) = book.last_audit()? {
        live.load_last_audit(no);
    }
    for deadline in book.deadlines()? {
        live.load_deadline(deadline);
    }
    for backfill in book.backfills()? {
        live.load_backfill(backfill, view);
    }
    for no in book.live_runs()? {
        if let Some(run) = book.run(no)? {
            if live.load_waiting(&run, view) {
                continue;
            }
            live.load_run(run, book.task_instances(no)?, view);
        }
    }
    Ok(live)
}
