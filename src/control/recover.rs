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
    for no in book.live_runs()? {
        if let Some(run) = book.run(no)? {
            live.load_run(run, book.task_instances(no)?, view);
        }
    }
    Ok(live)
}
