//! What handlers share.

use std::sync::Arc;

use control::Control;
use model::{
    Timestamp,
    command::{Command, Reply},
    limits::{READS_MAX, STREAMS_MAX},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::{book::Book, console::setup::Setup, problem::Problem};

/// What answers say about where they come from.
#[derive(Clone, Debug)]
pub struct Place {
    /// The deployment's name.
    pub deployment: String,
    /// The dag folder as an absolute path, without a `/` at its end.
    pub dags: String,
    /// This machine.
    pub hostname: String,
    /// The user we run as.
    pub unixname: String,
    /// Our version.
    pub version: String,
}

impl Place {
    /// The absolute path of a dag file.
    pub(crate) fn file(&self, relative: &str) -> String {
        format!("{}/{relative}", self.dags)
    }
}

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    control: Control,
    place: Place,
    reads: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
    setup: Option<Arc<dyn Setup>>,
}

impl App {
    pub(crate) fn new(control: Control, place: Place, setup: Option<Arc<dyn Setup>>) -> Self {
        Self(Arc::new(Inner {
            control,
            place,
            reads: Arc::new(Semaphore::new(READS_MAX)),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            stopping: watch::Sender::new(false),
            setup,
        }))
    }
    pub(crate) fn control(&self) -> &Control {
        &self.0.control
    }
    pub(crate) fn place(&self) -> &Place {
        &self.0.place
    }
    pub(crate) fn setup(&self) -> Option<&dyn Setup> {
        self.0.setup.as_deref()
    }
    pub(crate) fn now(&self) -> Timestamp {
        self.0.control.now()
    }

    /// Reads the book as of the last commit, on a thread that may wait for the disk.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Book<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = Arc::clone(&self.0.reads).acquire_owned().await;
        let app = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let snapshot = app
                .control()
                .reader()
                .snapshot()
                .map_err(|e| Problem::internal(&e))?;
            read(&Book::new(&app, &snapshot))
        });
        reading.await.map_err(|e| Problem::internal(&e))?
    }

    /// Asks for a change and waits until it is in the book.
    pub(crate) async fn command(&self, command: Command) -> Result<Reply, Problem> {
        match self.control().command(command).await {
            Ok(Reply::Refused(refusal)) => Err(refusal.into()),
            Ok(reply) => Ok(reply),
            Err(full) => Err(Problem::busy("API-006", full.to_string())),
        }
    }

    /// A place among those who are sent things as they happen.
    pub(crate) fn stream(&self) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(&self.0.streams)
            .try_acquire_owned()
            .map_err(|_| {
                Problem::busy(
                    "API-011",
                    format!("{STREAMS_MAX} clients follow live changes already"),
                )
            })
    }

    /// Ends what would never end by itself.
    pub(crate) fn stop(&self) {
        self.0.stopping.send_replace(true);
    }
    /// Done once the server stops.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stopping = self.0.stopping.subscribe();
        async move {
            // Without a sender nothing can be said any more, which means the same.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        }
    }
}
