//! The way in: a bounded queue that ends at the writer thread.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use engine::{Live, View};
use model::{
    Timestamp,
    command::{Command, Refusal, RefusalKind, Reply},
    limits::{BATCH_COMMANDS_MAX, BATCH_LAZY_MS, HANDLE_QUEUE_MAX},
    report::{Happened, Report},
};
use tokio::sync::oneshot;

/// Something for the next batch.
#[derive(Debug)]
pub enum Input {
    /// A request; who asked waits for the reply.
    Command {
        /// What.
        command: Box<Command>,
        /// Where the answer goes; none when nobody waits.
        reply: Option<oneshot::Sender<Reply>>,
    },
    /// Word of a try.
    Report(Report),
}

/// A question about what is live, answered on the writer thread between two batches.
pub(crate) type Question = Box<dyn FnOnce(&Live, &dyn View, Timestamp) + Send>;

/// The queue is full (CTL-001): try again in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("CTL-001: {HANDLE_QUEUE_MAX} requests wait already; try again in a second")]
pub struct Overloaded;

impl From<Overloaded> for Refusal {
    fn from(full: Overloaded) -> Self {
        Self {
            kind: RefusalKind::Unavailable,
            code: "CTL-001",
            message: full.to_string(),
        }
    }
}

/// Puts things on the queue. Cheap to clone.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

/// The other end of the queue; the writer thread has it.
pub struct Inbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
}

#[derive(Default)]
struct Queue {
    inputs: VecDeque<Input>,
    questions: VecDeque<Question>,
    n_commands: usize,
    /// How many inputs are not lazy.
    n_urgent: usize,
    /// Since when the oldest lazy one waits.
    lazy_since: Option<Instant>,
    /// Somebody wants the book to give space back.
    compact: bool,
    /// What could not be done before can be now.
    derive: bool,
    stopping: bool,
    closed: bool,
}

/// What the writer thread takes at once.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) inputs: Vec<Input>,
    pub(crate) questions: Vec<Question>,
    pub(crate) compact: bool,
    pub(crate) derive: bool,
    pub(crate) stopping: bool,
}

/// Makes a queue.
#[must_use]
pub fn channel() -> (Handle, Inbox) {
    let shared = Arc::new(Shared::default());
    (Handle(Arc::clone(&shared)), Inbox(shared))
}

impl Handle {
    /// Asks for a change and waits until it is in the book, or refused.
    ///
    /// # Errors
    /// When too many wait already.
    pub async fn command(&self, command: Command) -> Result<Reply, Overloaded> {
        let answer = self.send(command)?;
        Ok(answer.await.unwrap_or_else(|_| Reply::Refused(stopped())))
    }

    /// The same for threads that may block.
    ///
    /// # Errors
    /// When too many wait already.
    pub fn command_blocking(&self, command: Command) -> Result<Reply, Overloaded> {
        let answer = self.send(command)?;
        Ok(answer
            .blocking_recv()
            .unwrap_or_else(|_| Reply::Refused(stopped())))
    }

    /// Puts a command on the queue; its reply comes through the channel.
    ///
    /// # Errors
    /// When too many wait already.
    pub fn send(&self, command: Command) -> Result<oneshot::Receiver<Reply>, Overloaded> {
        let (reply, answer) = oneshot::channel();
        let mut queue = self.0.lock();
        if queue.n_commands >= HANDLE_QUEUE_MAX {
            return Err(Overloaded);
        }
        if !queue.closed {
            let command = Box::new(command);
            queue.push(Input::Command {
                command,
                reply: Some(reply),
            });
            self.0.arrived.notify_one();
        }
        Ok(answer)
    }

    /// Tells what happened to a try. Never refused: there are at most a few for each running try.
    pub fn report(&self, report: Report) {
        self.report_all([report]);
    }

    /// Several in one go, so that one batch takes them together.
    pub fn report_all(&self, reports: impl IntoIterator<Item = Report>) {
        let mut queue = self.0.lock();
        let urgent_before = queue.n_urgent;
        let empty_before = queue.inputs.is_empty();
        for report in reports {
            queue.push(Input::Report(report));
        }
        // A lazy one beside others that wait anyway needs no wake-up of its own.
        if queue.n_urgent > urgent_before || empty_before {
            self.0.arrived.notify_one();
        }
    }

    /// Asks something of what is live, answered on the writer thread; none when it has stopped.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Live, &dyn View, Timestamp) -> T + Send + 'static,
    ) -> Option<T> {
        let (tell, answer) = oneshot::channel();
        self.ask_boxed(Box::new(move |live, view, now| {
            let _ = tell.send(question(live, view, now));
        }));
        answer.await.ok()
    }

    fn ask_boxed(&self, question: Question) {
        let mut queue = self.0.lock();
        if !queue.closed && queue.questions.len() < HANDLE_QUEUE_MAX {
            queue.questions.push_back(question);
            self.0.arrived.notify_one();
        }
    }

    /// How many commands and reports wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.0.lock().inputs.len()
    }

    /// Asks that the book give space back to the system, before long.
    pub(crate) fn compact(&self) {
        self.0.lock().compact = true;
        self.0.arrived.notify_one();
    }

    /// Asks that all effects be derived again from the book, before long: some could not be
    /// carried out, and can be now.
    pub(crate) fn derive(&self) {
        self.0.lock().derive = true;
        self.0.arrived.notify_one();
    }

    /// Asks the writer thread to finish what waits and to end.
    pub(crate) fn stop(&self) {
        self.0.lock().stopping = true;
        self.0.arrived.notify_all();
    }
}

impl Inbox {
    /// Waits until something is there that may not wait, or `timeout` has passed.
    pub(crate) fn take(&self, timeout: Duration) -> Taken {
        let deadline = Instant::now() + timeout;
        let lazy = Duration::from_millis(BATCH_LAZY_MS);
        let mut queue = self.0.lock();
        loop {
            let now = Instant::now();
            let lazy_until = queue.lazy_since.map(|since| since + lazy);
            let asked = queue.compact || queue.derive || !queue.questions.is_empty();
            let urgent = queue.n_urgent > 0 || asked || queue.stopping;
            let until = lazy_until.map_or(deadline, |lazy| lazy.min(deadline));
            let Some(wait) = until.checked_duration_since(now).filter(|_| !urgent) else {
                return queue.take();
            };
            if wait.is_zero() {
                return queue.take();
            }
            queue = match self.0.arrived.wait_timeout(queue, wait) {
                Ok((queue, _)) => queue,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Nothing is taken any more; what waits is dropped, and who waits is told by that.
    pub(crate) fn close(&self) {
        let mut queue = self.0.lock();
        queue.closed = true;
        queue.inputs.clear();
        queue.questions.clear();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn push(&mut self, input: Input) {
        if self.closed {
            return;
        }
        if is_lazy(&input) {
            self.lazy_since.get_or_insert_with(Instant::now);
        } else {
            self.n_urgent += 1;
        }
        if matches!(input, Input::Command { .. }) {
            self.n_commands += 1;
        }
        self.inputs.push_back(input);
    }

    fn take(&mut self) -> Taken {
        let n = self.inputs.len().min(BATCH_COMMANDS_MAX);
        let inputs: Vec<Input> = self.inputs.drain(..n).collect();
        let n_commands = inputs
            .iter()
            .filter(|i| matches!(i, Input::Command { .. }))
            .count();
        self.n_commands -= n_commands;
        self.n_urgent -= inputs.iter().filter(|input| !is_lazy(input)).count();
        let lazy_left = self.inputs.len() > self.n_urgent;
        self.lazy_since = if lazy_left {
            Some(Instant::now())
        } else {
            None
        };
        let stopping = self.stopping && self.inputs.is_empty();
        let questions = self.questions.drain(..).collect();
        Taken {
            inputs,
            questions,
            compact: std::mem::take(&mut self.compact),
            derive: std::mem::take(&mut self.derive),
            stopping,
        }
    }
}

/// A start that is told starts nothing else, so its commit may wait for company; so may word that
/// somebody asked for something, since what was asked for comes next.
fn is_lazy(input: &Input) -> bool {
    match input {
        Input::Command { command, .. } => matches!(**command, Command::Audit(_)),
        Input::Report(report) => matches!(report.what, Happened::Started { .. }),
    }
}

pub(crate) fn stopped() -> Refusal {
    Refusal {
        kind: RefusalKind::Unavailable,
        code: "CTL-002",
        message: "the scheduler is stopping; ask again when it is back".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use model::{Fence, MapIndex, RunNo, TaskNo, TiKey, audit::AuditEntry};

    use super::*;

    fn report(what: Happened) -> Report {
        let key = TiKey {
            run: RunNo(1),
            task: TaskNo(1),
            map: MapIndex::NONE,
        };
        Report {
            key,
            fence: Fence(1),
            at: Timestamp::default(),
            what,
        }
    }

    #[test]
    fn a_start_waits_for_company_and_an_end_does_not() {
        let (handle, inbox) = channel();
        handle.report(report(Happened::Started { pid: None }));
        let since = Instant::now();
        assert_eq!(inbox.take(Duration::from_secs(5)).inputs.len(), 1);
        assert!(since.elapsed() >= Duration::from_millis(BATCH_LAZY_MS - 5));

        handle.report(report(Happened::Started { pid: None }));
        handle.report(report(Happened::Rescheduled {
            at: Timestamp::default(),
        }));
        let since = Instant::now();
        assert_eq!(inbox.take(Duration::from_secs(5)).inputs.len(), 2);
        assert!(since.elapsed() < Duration::from_millis(BATCH_LAZY_MS));
        assert!(inbox.take(Duration::from_millis(1)).inputs.is_empty());
    }

    #[test]
    fn an_entry_of_the_audit_log_waits_for_what_was_asked_for() {
        let (handle, inbox) = channel();
        let entry = || Command::Audit(Box::new(AuditEntry::new("post_pool")));
        let alone = handle.send(entry());
        let since = Instant::now();
        assert_eq!(inbox.take(Duration::from_secs(5)).inputs.len(), 1);
        assert!(since.elapsed() >= Duration::from_millis(BATCH_LAZY_MS - 5));

        let first = handle.send(entry());
        let path = String::new();
        let second = handle.send(Command::RemoveFile { path });
        assert_eq!(inbox.take(Duration::from_secs(5)).inputs.len(), 2);
        assert!(alone.is_ok() && first.is_ok() && second.is_ok());
    }

    #[test]
    fn a_full_queue_refuses_commands_and_takes_reports() {
        let (handle, inbox) = channel();
        let command = || Command::RemoveFile {
            path: String::new(),
        };
        let waiting: Vec<_> = (0..HANDLE_QUEUE_MAX)
            .map(|_| handle.send(command()))
            .collect();
        assert!(waiting.iter().all(Result::is_ok));
        assert_eq!(handle.send(command()).unwrap_err(), Overloaded);
        handle.report(report(Happened::Started { pid: None }));
        assert_eq!(inbox.take(Duration::ZERO).inputs.len(), BATCH_COMMANDS_MAX);
        assert!(handle.send(command()).is_ok());
        handle.stop();
        assert!(
            !inbox.take(Duration::ZERO).stopping,
            "what waits is finished first"
        );
    }
}
