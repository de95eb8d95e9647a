//! Tries that are on their way to an executor, or that run here without one: the ones that a kill
//! must find before it asks the executor.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::{
    Fence, TiKey,
    report::{Happened, Outcome, Report, Usage},
};
use tokio::sync::Notify;

use super::Act;

/// Tries by their fence.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<Fence, Flight>>);

#[derive(Default)]
struct Flight {
    killed: bool,
    /// Wakes the one who waits on behalf of this try.
    wake: Arc<Notify>,
}

impl Flights {
    /// Takes note of a try; false when it is here already.
    pub(super) fn begin(&self, fence: Fence) -> bool {
        let mut flights = self.lock();
        let new = !flights.contains_key(&fence);
        flights.entry(fence).or_default();
        new
    }

    /// Lets go of a try; true when it was killed meanwhile.
    pub(super) fn end(&self, fence: Fence) -> bool {
        self.lock()
            .remove(&fence)
            .is_some_and(|flight| flight.killed)
    }

    /// What is woken when the try is killed, and whether it was already.
    pub(super) fn waker(&self, fence: Fence) -> (Arc<Notify>, bool) {
        let mut flights = self.lock();
        let flight = flights.entry(fence).or_default();
        (Arc::clone(&flight.wake), flight.killed)
    }

    fn kill(&self, fence: Fence) -> bool {
        let mut flights = self.lock();
        let Some(flight) = flights.get_mut(&fence) else {
            return false;
        };
        flight.killed = true;
        flight.wake.notify_one();
        true
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Fence, Flight>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Act {
    /// Ends a try: one that is still here is ended by whoever has it, any other by the executor.
    pub(super) fn kill(&self, key: TiKey, fence: Fence) {
        if !self.flights.kill(fence) {
            self.executor.kill(key, fence);
        }
    }

    pub(super) fn report_killed(&self, key: TiKey, fence: Fence) {
        let what = Happened::Finished {
            outcome: Outcome::Killed,
            usage: Usage::default(),
        };
        self.handle.report(Report {
            key,
            fence,
            at: self.clock.now(),
            what,
        });
    }
}
