//! The one thread that writes: waits for something to do, makes a batch of it, and once it is in
//! the book answers, acts and tells.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use model::{
    TimeDelta, Timestamp,
    command::{Refusal, Reply},
    limits::BATCH_COMMANDS_MAX,
    ports::Clock,
    report::Report,
};
use tokio::sync::{broadcast, oneshot};

use crate::{
    act::Act,
    batch::{Failure, Given, Outcome, Scheduler},
    handle::{Inbox, Input, Question},
    metrics::Metrics,
    notice::Notice,
    view::BookView,
};

/// The clock may be set, and the heartbeat shall show that we are alive.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Between two attempts to come back after a failure.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// What the thread owns.
pub(crate) struct WriterThread {
    pub(crate) scheduler: Scheduler,
    pub(crate) inbox: Inbox,
    pub(crate) act: Arc<Act>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) changes: broadcast::Sender<Arc<Notice>>,
    pub(crate) metrics: Arc<Metrics>,
    /// Reports of batches that failed; they come first in the next one.
    pub(crate) kept: VecDeque<Report>,
    /// Failures since the last commit.
    pub(crate) n_failures: u32,
    /// How many of the kept reports are offered alone.
    pub(crate) one_by_one: usize,
    /// What came while they were.
    pub(crate) later: Vec<Input>,
}

type Waiting = Vec<Option<oneshot::Sender<Reply>>>;

impl WriterThread {
    /// Runs until it is told to stop and nothing waits. `first` is what the start came to.
    pub(crate) fn run(mut self, first: Outcome) {
        self.carry_out(first, Vec::new());
        loop {
            let taken = self.inbox.take(self.patience());
            let (given, waiting) = self.sort(taken.inputs);
            let now = self.clock.now();
            self.beat(now);
            if !given.is_empty() || self.scheduler.next_wake().is_some_and(|wake| wake <= now) {
                self.batch(given, waiting, now);
            }
            self.answer(taken.questions);
            if taken.compact {
                self.compact();
            }
            if taken.derive {
                self.derive();
            }
            if taken.stopping && self.kept.is_empty() && self.later.is_empty() {
                break;
            }
        }
        self.inbox.close();
    }

    fn patience(&self) -> Duration {
        if !self.kept.is_empty() || !self.later.is_empty() {
            return Duration::ZERO;
        }
        let until = |wake: Timestamp| wake.since(self.clock.now());
        let wait = self.scheduler.next_wake().map(until);
        // A microsecond more, so that the clock is past the point and not just before it.
        let wait = wait.map(|wait| TimeDelta::from_micros(wait.as_micros().saturating_add(1)));
        wait.map_or(LOOK_AGAIN, |wait| wait.to_std().min(LOOK_AGAIN))
    }

    fn sort(&mut self, inputs: Vec<Input>) -> (Vec<Given>, Waiting) {
        self.one_by_one = self.one_by_one.min(self.kept.len());
        if self.one_by_one > 0
            && let Some(kept) = self.kept.pop_front()
        {
            // What comes meanwhile waits its turn, commands too.
            self.one_by_one -= 1;
            self.later.extend(inputs);
            return (vec![Given::Report(kept)], vec![None]);
        }
        let kept = self.kept.len().min(BATCH_COMMANDS_MAX);
        let mut given: Vec<Given> = self.kept.drain(..kept).map(Given::Report).collect();
        let mut waiting: Waiting = given.iter().map(|_| None).collect();
        for input in self.later.drain(..).chain(inputs) {
            match input {
                Input::Command { command, reply } => {
                    given.push(Given::Command(command));
                    waiting.push(reply);
                }
                Input::Report(report) => {
                    given.push(Given::Report(report));
                    waiting.push(None);
                }
            }
        }
        (given, waiting)
    }

    fn beat(&self, now: Timestamp) {
        let us = u64::try_from(now.as_micros()).unwrap_or(0);
        self.metrics.heartbeat_us.store(us, Relaxed);
        let lag = self
            .scheduler
            .next_wake()
            .map_or(0, |wake| now.since(wake).as_micros());
        self.metrics
            .scheduler_lag_us
            .store(u64::try_from(lag).unwrap_or(0), Relaxed);
    }

    fn batch(&mut self, given: Vec<Given>, waiting: Waiting, now: Timestamp) {
        let reports: Vec<Report> = given
            .iter()
            .filter_map(|given| match given {
                Given::Report(report) => Some(report.clone()),
                Given::Command(_) => None,
            })
            .collect();
        let alone = given.len() == 1;
        let scheduler = &mut self.scheduler;
        let batch = catch_unwind(AssertUnwindSafe(|| scheduler.batch(given, now)));
        match batch.unwrap_or(Err(Failure::Panicked)) {
            Ok(outcome) => self.carry_out(outcome, waiting),
            Err(failure) => {
                if let Failure::Panicked = failure {
                    // The next batches have one input each, to find the one that does it.
                    self.one_by_one = self.kept.len() + reports.len();
                }
                match (&failure, reports.first()) {
                    (Failure::Panicked, Some(report)) if alone => {
                        tracing::error!(target: "control", ?report, "CTL-016: a report is dropped");
                    }
                    _ => self.kept.extend(reports),
                }
                self.refuse(waiting, &failure.refusal());
                self.come_back(failure);
            }
        }
    }

    fn carry_out(&mut self, outcome: Outcome, waiting: Waiting) {
        let Outcome {
            replies,
            effects,
            notice,
            ended,
            waited,
            n_changes,
            ..
        } = outcome;
        if n_changes > 0 {
            self.n_failures = 0;
        }
        self.act.carry_out(effects);
        for (reply, sender) in replies.into_iter().zip(waiting) {
            if let (Some(reply), Some(sender)) = (reply, sender) {
                let _ = sender.send(reply);
            }
        }
        if !notice.is_empty() {
            let _ = self.changes.send(Arc::new(notice));
        }
        self.act.forget(&ended, &waited);
    }

    fn refuse(&self, waiting: Waiting, refusal: &Refusal) {
        for sender in waiting.into_iter().flatten() {
            let _ = sender.send(Reply::Refused(refusal.clone()));
        }
    }

    /// Derives what is live again, as often as it takes. Who asks meanwhile is told at once.
    fn come_back(&mut self, failure: Failure) {
        let mut failure = failure;
        loop {
            self.metrics.commit_failures.fetch_add(1, Relaxed);
            log(&failure);
            // The first time at once, since a single slip is the usual case.
            let backoff = BACKOFF_MIN * (1 << self.n_failures.min(8)) / 2;
            let pause = if self.n_failures == 0 {
                Duration::ZERO
            } else {
                backoff
            };
            self.n_failures = self.n_failures.saturating_add(1);
            if self.pause(pause.min(BACKOFF_MAX), &failure.refusal()) {
                return;
            }
            match self.scheduler.rebuild(self.clock.now()) {
                Ok(outcome) => {
                    tracing::info!(target: "control", "what is live follows from the book again");
                    return self.carry_out(outcome, Vec::new());
                }
                Err(e) => failure = e,
            }
        }
    }

    /// Waits, refusing commands and keeping reports; true when it is time to stop.
    fn pause(&mut self, pause: Duration, refusal: &Refusal) -> bool {
        let until = Instant::now() + pause;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let taken = self.inbox.take(left);
            for input in taken.inputs {
                match input {
                    Input::Command { reply, .. } => self.refuse(vec![reply], refusal),
                    Input::Report(report) => self.kept.push_back(report),
                }
            }
            if taken.stopping {
                // The worker keeps what is not acknowledged and tells it to the next server.
                self.kept.clear();
                return true;
            }
        }
        false
    }

    /// The same as after a failure, without one.
    fn derive(&mut self) {
        match self.scheduler.rebuild(self.clock.now()) {
            Ok(outcome) => self.carry_out(outcome, Vec::new()),
            Err(failure) => self.come_back(failure),
        }
    }

    fn compact(&mut self) {
        let (since, before) = (Instant::now(), self.scheduler.reader().store.bytes());
        match self.scheduler.compact() {
            Ok(_) => {
                let (ms, after) = (
                    since.elapsed().as_millis(),
                    self.scheduler.reader().store.bytes(),
                );
                tracing::info!(target: "control", before, after, ms, "the book was compacted");
            }
            Err(e) => tracing::warn!(target: "control", "the book cannot be compacted: {e}"),
        }
    }

    fn answer(&self, questions: Vec<Question>) {
        if questions.is_empty() {
            return;
        }
        let view = BookView::new(self.scheduler.reader());
        for question in questions {
            question(self.scheduler.live(), &view, self.clock.now());
        }
    }
}

fn log(failure: &Failure) {
    let mut text = failure.to_string();
    let mut source = std::error::Error::source(failure);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    tracing::error!(target: "control", "{text}; what is live is derived again");
}
