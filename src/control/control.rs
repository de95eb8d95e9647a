//! What the outside holds of a running control layer.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use engine::{Live, View};
use model::{
    DagNo, Json, Timestamp, VersionNo,
    change::Variable,
    command::{Command, Refusal, RefusalKind, Reply},
    ports::Clock,
    report::Report,
    state::DagRunState,
    work::PythonRuntime,
};
use store::{ReadError, Snapshot, Store};
use tokio::sync::{broadcast, oneshot};

use crate::{
    dag_cache::{CachedDag, DagError},
    dags::{Shared as FolderShared, Status},
    handle::{Handle, Overloaded},
    metrics::{self, Metrics},
    notice::Notice,
    python::{Asks, Current},
    reader::Reader,
    trigger,
};

/// Commands, questions, notices and readers of one deployment. Cheap to clone.
#[derive(Clone)]
pub struct Control(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) reader: Reader,
    pub(crate) handle: Handle,
    pub(crate) changes: broadcast::Sender<Arc<Notice>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) folder: Arc<FolderShared>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) logs: PathBuf,
    pub(crate) dags: PathBuf,
    pub(crate) started: Timestamp,
    pub(crate) python: Current,
    pub(crate) asks: Asks,
}

impl Control {
    /// Asks for a change and waits until it is in the book, or refused. What can be checked without
    /// the writer (a run's params) is checked first.
    ///
    /// # Errors
    /// When too many wait already.
    pub async fn command(&self, mut command: Command) -> Result<Reply, Overloaded> {
        if let Command::TriggerRun(ask) = &command
            && let Err(refusal) = trigger::check(self.reader(), &ask.dag_id, &ask.conf)
        {
            return Ok(Reply::Refused(refusal));
        }
        if let Command::CreateBackfill(ask) = &command
            && let Err(refusal) = trigger::check_backfill(self.reader(), ask)
        {
            return Ok(Reply::Refused(refusal));
        }
        let asked = trigger::complete(self.reader(), &self.0.asks, &mut command, self.now());
        if let Err(refusal) = asked.await {
            return Ok(Reply::Refused(refusal));
        }
        // A dag that is deleted comes back when its file still says it.
        let mut file = None;
        if let Command::DeleteDag { dag_id } = &command {
            file = self.file_of(dag_id);
        }
        let reply = self.0.handle.command(command).await?;
        if let (Some(file), Reply::Done) = (file, &reply) {
            self.0.folder.read_again(file);
        }
        Ok(reply)
    }

    fn file_of(&self, dag_id: &str) -> Option<String> {
        let book = self.snapshot().ok()?;
        let no = book.dag_no(dag_id).ok()??;
        Some(book.dag(no).ok()??.file)
    }

    /// Puts a command on the queue as it is; its reply comes through the channel.
    ///
    /// # Errors
    /// When too many wait already.
    pub fn send(&self, command: Command) -> Result<oneshot::Receiver<Reply>, Overloaded> {
        self.0.handle.send(command)
    }

    /// Word of a try.
    pub fn report(&self, report: Report) {
        self.0.handle.report(report);
    }

    /// Asks something of what is live; none when the layer has stopped. Answered between two
    /// batches, so the question must be quick.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Live, &dyn View, Timestamp) -> T + Send + 'static,
    ) -> Option<T> {
        self.0.handle.ask(question).await
    }

    /// Notices of what commits change, from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Arc<Notice>> {
        self.0.changes.subscribe()
    }

    /// The book.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.reader.store
    }

    /// The book as of the last commit. Drop it within `SNAPSHOT_MS_MAX`.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, ReadError> {
        self.reader().snapshot()
    }

    /// A version of a dag; none when the book does not have it.
    ///
    /// # Errors
    /// When the book cannot be read, or the importer no longer takes the source.
    pub fn dag(
        &self,
        book: &Snapshot,
        dag: DagNo,
        version: VersionNo,
    ) -> Result<Option<Arc<CachedDag>>, DagError> {
        self.reader().dags.get(book, dag, version)
    }

    /// What the queries read with.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.0.reader
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.0.handle
    }

    /// Counters and gauges.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// All numbers as Prometheus text.
    pub async fn prometheus(&self) -> String {
        let metrics = self.metrics();
        metrics
            .queue_depth
            .store(self.0.handle.depth() as u64, Relaxed);
        metrics.store_bytes.store(self.store().bytes(), Relaxed);
        if let Ok(counts) = self.snapshot().and_then(|book| book.run_counts(None)) {
            let live = counts.of(DagRunState::Queued) + counts.of(DagRunState::Running);
            metrics.live_runs.store(live, Relaxed);
        }
        let pools = crate::queries::live::pool_usage(self)
            .await
            .unwrap_or_default();
        let mut text = metrics.render();
        metrics::render_pools(&mut text, &pools);
        text
    }

    /// A variable with its value sealed, to be sent with [`Command::PutVariable`].
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub fn seal_variable(
        &self,
        key: String,
        value: &str,
        description: Option<String>,
    ) -> Result<Variable, Refusal> {
        let context = crate::queries::variables::context(&key);
        let sealed = self
            .reader()
            .keyring
            .seal(&context, value.as_bytes())
            .map_err(|e| {
                let message = format!("the value cannot be sealed: {e}");
                Refusal {
                    kind: RefusalKind::Unavailable,
                    code: "CTL-014",
                    message,
                }
            })?;
        Ok(Variable {
            key,
            sealed,
            description,
        })
    }

    /// What is known of the dag folder.
    #[must_use]
    pub fn folder(&self) -> Status {
        self.0.folder.status()
    }

    /// Waits until the dag folder was looked through once, or `timeout` has passed. Blocks.
    #[must_use]
    pub fn wait_for_folder(&self, timeout: Duration) -> Status {
        self.0.folder.wait_scanned(timeout)
    }

    /// Runs Python dags from now on, with this. The dag folder is looked through for them, and what
    /// has waited for a runtime (triggers, callbacks, timetables) is taken up; what was handed to
    /// another runtime stays there.
    pub fn use_runtime(&self, chosen: &PythonRuntime) {
        self.0.python.set(chosen);
        self.0.handle.derive();
        self.0.folder.look_again();
    }

    /// Has a dag file read again before long, though it has not changed.
    pub fn read_again(&self, file: String) {
        self.0.folder.read_again(file);
    }

    /// Asks the Python runtime what it has: `providers`, `plugins` or `plugin_errors`. None where
    /// there is no runtime.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ask_python(&self, what: &str) -> Result<Option<Json>, Refusal> {
        self.0.asks.about_itself(what).await
    }

    /// The log folder.
    #[must_use]
    pub fn logs(&self) -> &Path {
        &self.0.logs
    }

    /// The dag folder.
    #[must_use]
    pub fn dags(&self) -> &Path {
        &self.0.dags
    }

    /// Now, by the layer's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// When the layer started.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.0.started
    }
}
