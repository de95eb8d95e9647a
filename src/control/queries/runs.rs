//! Dag runs.

use model::run::DagRun;
use store::ReadError;

use crate::reader::Reader;

/// A run by the ids of its dag and itself.
///
/// # Errors
/// When the book cannot be read.
pub fn find(reader: &Reader, dag_id: &str, run_id: &str) -> Result<Option<DagRun>, ReadError> {
    let book = reader.snapshot()?;
    let Some(dag) = book.dag_no(dag_id)? else {
        return Ok(None);
    };
    match book.run_no(dag, run_id)? {
        Some(run) => book.run(run),
        None => Ok(None),
    }
}
