//! The worker process.

use crate::WorkerError;
use model::ports::Clock;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What the worker process is told at its start.
pub struct ProcessOptions {
    /// The data folder; logs go to `logs` below it.
    pub data_dir: PathBuf,
    /// The clock of log lines and reports.
    pub clock: Arc<dyn Clock>,
    /// How long to stay without a server and without tries.
    pub idle_exit: Duration,
}

/// Runs the worker process until it is told to stop, or is idle for too long.
/// Says `ready` on standard output when a server can connect.
///
/// # Errors
/// When the data folder cannot be used or another worker process holds it.
pub fn process_main(options: ProcessOptions) -> Result<(), WorkerError> {
    let ProcessOptions { .. } = options;
    Ok(())
}
