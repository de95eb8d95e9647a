//! The server's side: an [`Executor`] that hands work to the worker process.

mod connect;
pub mod link;
pub mod state;

use crate::{
    WorkerError,
    supervisor::{self, EvaluatorHandle, TriggererHandle},
    wire::Down,
};
use model::{
    Fence, Json, TiKey,
    execution::{Callback, RunTrigger},
    limits,
    ports::{
        Adopted, Callbacks, Clock, Evaluator, Execution, Executor, ParseRequest, Parsed, Parser,
        Triggerer,
    },
    report::Report,
    work::{PythonRuntime, Work},
};
use state::Shared;
use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

/// How to find or start the worker process.
pub struct ClientOptions {
    /// The program that runs [`crate::process_main`]: this binary.
    pub program: PathBuf,
    /// Its arguments, as `worker --data DIR`.
    pub args: Vec<String>,
    /// What it gets in its environment beside this process's own.
    pub env: Vec<(String, String)>,
    /// The data folder, the same as the worker process gets.
    pub data_dir: PathBuf,
    /// The clock of reports that this side makes (`Lost`).
    pub clock: Arc<dyn Clock>,
    /// Who answers Python children; without, every question is answered with a failure.
    pub execution: Option<Arc<dyn Execution>>,
}

/// Where reports go. Called from threads of the client, one report at a time and in order for each
/// try; it may block, which holds back further reports and nothing else.
pub type Sink = Box<dyn Fn(Report) + Send + Sync>;

/// The connection to the worker process.
pub struct Client {
    shared: Arc<Shared>,
    triggerer: OnceLock<TriggererHandle>,
    evaluator: OnceLock<EvaluatorHandle>,
}

impl Client {
    /// Connects to the worker process of this data folder, or starts one. Blocks until it has
    /// answered (at most `WORKER_ANSWER_MS`), so that [`Executor::adopt`] knows what runs.
    /// When that process dies, another is started, for as long as this client lives.
    ///
    /// # Errors
    /// When there is no worker process and none can be started.
    pub fn start(options: ClientOptions, sink: Sink) -> Result<Self, WorkerError> {
        let shared = Shared::new(options, sink)?;
        link::drained(&shared);
        let first = connect::connect(&shared)?;
        link::keep(&shared, first);
        Ok(Self {
            shared,
            triggerer: OnceLock::new(),
            evaluator: OnceLock::new(),
        })
    }

    /// Before the server stops. With `kill`, running tries are ended and reported lost, and this
    /// waits for them, at most `limit`; without, they go on and their ends are kept for the next
    /// server. Nothing is started afterwards.
    pub fn shutdown(&self, kill: bool, limit: Duration) {
        self.shared.close(kill);
        let until = Instant::now() + limit;
        while kill && self.shared.wait_for_ends(until) {}
        self.shared.hang_up();
    }

    /// The id of the worker process while it is connected.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.shared.state().worker_pid()
    }
}

impl Drop for Client {
    /// As if the server had died: tries go on, and the next server is told.
    fn drop(&mut self) {
        self.shared.state().close();
        self.shared.hang_up();
    }
}

impl Executor for Client {
    fn start(&self, work: Work) {
        let (key, fence) = (work.key, work.fence);
        let mut bytes = Vec::with_capacity(1024);
        let message = Down::Start(Box::new(work.into()));
        match crate::wire::frame::put(&message, &mut bytes) {
            Ok(()) => self.shared.state().start(key, fence, Arc::new(bytes)),
            Err(error) => {
                let message = format!(
                    "TSK-018: the task is too large to be handed to the worker: {error} (limit \
                     {} bytes); put large text into a file",
                    limits::FRAME_BYTES_MAX
                );
                self.shared
                    .say(key, fence, crate::process::exit::failed(message));
            }
        }
    }

    fn kill(&self, key: TiKey, fence: Fence) {
        if !self.shared.state().kill(key, fence) {
            self.shared.lost(key, fence);
        }
    }

    fn adopt(&self, key: TiKey, fence: Fence, was_running: bool) -> Adopted {
        if self.shared.state().adopt(key, fence) {
            return Adopted::Known;
        }
        if !was_running {
            return Adopted::NeverStarted;
        }
        self.shared.lost(key, fence);
        Adopted::Lost
    }

    fn ack(&self, fence: Fence) {
        if !supervisor::acked(&self.shared, fence) {
            self.shared.state().ack(fence);
        }
    }
}

impl Parser for Client {
    fn parse(&self, request: ParseRequest, done: Box<dyn FnOnce(Parsed) + Send>) {
        supervisor::parse(&self.shared, request, done);
    }
}

impl Triggerer for Client {
    /// The first one starts the triggerer.
    fn create(&self, runtime: &PythonRuntime, trigger: RunTrigger) {
        let start = || self.triggerer(runtime.clone());
        let handle = self.triggerer.get_or_init(start);
        handle.create(trigger);
        supervisor::follow(&self.shared, handle, runtime);
    }
    fn cancel(&self, id: u64) {
        if let Some(handle) = self.triggerer.get() {
            handle.cancel(id);
        }
    }
    fn confirm(&self, seq: u64) {
        if let Some(handle) = self.triggerer.get() {
            handle.confirm(seq);
        }
    }
}

impl Evaluator for Client {
    /// The first one starts the evaluator.
    fn evaluate(
        &self,
        runtime: &PythonRuntime,
        ask: Json,
        done: Box<dyn FnOnce(Result<Json, String>) + Send>,
    ) {
        let start = || supervisor::start_evaluator(&self.shared, runtime.clone());
        let handle = self.evaluator.get_or_init(start);
        supervisor::evaluate(&self.shared, handle, ask, done);
    }
}

impl Callbacks for Client {
    fn call(
        &self,
        request: ParseRequest,
        callbacks: Vec<Callback>,
        done: Box<dyn FnOnce(Option<String>) + Send>,
    ) {
        supervisor::callback(&self.shared, request, callbacks, done);
    }
}

impl Client {
    /// Starts the triggerer of a runtime; it is started anew when it dies, with all its triggers.
    /// What comes of them is told to [`Execution`].
    #[must_use]
    pub fn triggerer(&self, runtime: PythonRuntime) -> TriggererHandle {
        supervisor::triggerer(&self.shared, runtime)
    }
}
