//! Orders to a running try from outside.

use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// Why a try is ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The server asked for this try's end.
    Asked,
    /// The worker process is told to stop.
    Stopping,
}

/// The ear of a try. An order that comes before the try listens is not lost; the first one counts.
#[derive(Default)]
pub struct Orders {
    cause: Mutex<Option<Cause>>,
    notify: Notify,
}

impl Orders {
    /// Asks for the end.
    pub fn end(&self, cause: Cause) {
        let mut held = self.cause.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = Some(cause);
            self.notify.notify_one();
        }
    }

    /// What was asked so far.
    #[must_use]
    pub fn ended(&self) -> Option<Cause> {
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the end is asked for.
    pub async fn wait(&self) -> Cause {
        loop {
            if let Some(cause) = self.ended() {
                return cause;
            }
            self.notify.notified().await;
        }
    }
}
