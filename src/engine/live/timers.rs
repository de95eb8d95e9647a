//! Points in time at which something is due. An entry that is no longer true is found out when it
//! fires.

use std::collections::BTreeSet;

use model::{DagNo, RunNo, Timestamp};

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Timer {
    /// The dag's next scheduled run.
    NextRun(DagNo),
    /// The evaluator could not say which run is next: it is asked again.
    Evaluate(DagNo),
    /// A queued run's `run_after`.
    RunAfter(DagNo),
    /// A running run's logical date has come.
    LogicalDate(RunNo),
    /// The run has taken `dagrun_timeout`.
    RunTimeout(RunNo),
    /// A run's deadline passes.
    Deadline(RunNo, u32),
    /// A retry or another look of a sensor.
    Wait(RunNo, u32),
    /// A worker has had a try for too long without beginning.
    Stuck(RunNo, u32),
    /// A deferral's end.
    DeferralTimeout(RunNo, u32),
}

/// All that is due some time.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Timestamp, Timer)>);

impl Timers {
    /// Adds an entry; the same one twice is one.
    pub fn at(&mut self, at: Timestamp, timer: Timer) {
        self.0.insert((at, timer));
    }
    /// Takes an entry back.
    pub fn cancel(&mut self, at: Timestamp, timer: Timer) {
        self.0.remove(&(at, timer));
    }
    /// When the first is due.
    pub fn first(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }
    /// The first one that is due at `now`.
    pub fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, Timer)> {
        if self.first()? > now {
            return None;
        }
        self.0.pop_first()
    }
}
