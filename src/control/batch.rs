//! One batch: decide, commit, and only then say what is to be done. A plain function over its
//! inputs and `now`, so that the simulator runs it without threads.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use engine::{Drained, Live};
use model::{
    Fence, TiKey, Timestamp,
    command::{Command, Refusal, RefusalKind, Reply},
    effect::Effect,
    report::{Happened, Report},
};
use store::{CommitError, ReadError, Writer};

use crate::{audit, metrics::Metrics, notice::Notice, reader::Reader, recover, view::BookView};

/// The writers' side of the book, with what is live of it.
pub struct Scheduler {
    live: Live,
    writer: Writer,
    reader: Reader,
    options: engine::Options,
    metrics: Arc<Metrics>,
    /// After a failure what is live no longer follows from the book.
    broken: bool,
    /// Tries and waits that failed commits have ended, if they are in the book all the same.
    in_doubt: Vec<Effect>,
}

/// One input of a batch.
#[derive(Clone, Debug)]
pub enum Given {
    /// A request.
    Command(Box<Command>),
    /// Word of a try.
    Report(Report),
}

/// What a batch came to. All of it is in the book.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One for each input; none for reports.
    pub replies: Vec<Option<Reply>>,
    /// To be carried out now, in order.
    pub effects: Vec<Effect>,
    /// What was changed.
    pub notice: Notice,
    /// How many changes were committed; nothing was written when there are none.
    pub n_changes: usize,
    /// Reports that were dropped because their fence is old.
    pub n_stale: usize,
    /// Tries whose end is in the book, or was dropped as stale: the executor may forget them.
    pub ended: Vec<Fence>,
    /// Waits that are over, for well or ill: nobody need watch any more.
    pub waited: Vec<(TiKey, Fence)>,
}

/// Why a batch came to nothing. Nothing was done outside; what is live must be derived again.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The book could not be written.
    #[error("the book could not be written")]
    Commit(#[from] CommitError),
    /// The book could not be read.
    #[error("the book could not be read")]
    Read(#[from] ReadError),
    /// A mistake in the engine; what is live cannot be trusted.
    #[error("CTL-016: the scheduler broke on a request or report")]
    Panicked,
    /// An earlier failure has not been made good yet.
    #[error("what is live has not been derived again yet")]
    Broken,
}

impl Failure {
    /// What those are told who waited for a reply.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let kind = RefusalKind::Unavailable;
        if let Self::Commit(CommitError::DiskFull { .. }) = self {
            let message = "the disk is full: nothing was changed; make room and ask again";
            return Refusal {
                kind,
                code: "CTL-005",
                message: message.to_owned(),
            };
        }
        if let Self::Panicked = self {
            let message = format!("{self}: nothing was changed");
            return Refusal {
                kind,
                code: "CTL-016",
                message,
            };
        }
        let message = format!("{self}: nothing was changed; ask again, the log says more");
        Refusal {
            kind,
            code: "CTL-004",
            message,
        }
    }
}

impl Scheduler {
    /// Derives what is live from the book. The outcome holds the effects of all that is unfinished.
    ///
    /// # Errors
    /// When the book cannot be read or written.
    pub fn open(
        reader: Reader,
        writer: Writer,
        options: engine::Options,
        metrics: Arc<Metrics>,
        now: Timestamp,
    ) -> Result<(Self, Outcome), Failure> {
        let live = Live::new(options.clone());
        let mut scheduler = Self {
            live,
            writer,
            reader,
            options,
            metrics,
            broken: false,
            in_doubt: Vec::new(),
        };
        let outcome = scheduler.rebuild(now)?;
        Ok((scheduler, outcome))
    }

    /// Throws away what is live and derives it again: the way back after a failure, and at a start.
    ///
    /// # Errors
    /// When the book cannot be read or written; call it again later.
    pub fn rebuild(&mut self, now: Timestamp) -> Result<Outcome, Failure> {
        if std::mem::replace(&mut self.broken, true) {
            // Opens the book again where that is needed, and proves that it can be written.
            self.writer.commit(self.reader.deployment, &[])?;
        }
        let view = BookView::new(&self.reader);
        self.live = recover::load(&self.reader, &self.options, &view)?;
        engine::recover(&mut self.live, &view, now);
        let drained = engine::drain(&mut self.live);
        view.check()?;
        let mut outcome = self.commit(drained, Outcome::default())?;
        let mut ended = std::mem::take(&mut self.in_doubt);
        ended.retain(|effect| self.is_over(effect));
        outcome.effects.splice(0..0, ended);
        self.broken = false;
        Ok(outcome)
    }

    /// Whether nobody holds the permission any more that an effect ends.
    fn is_over(&self, effect: &Effect) -> bool {
        let (Effect::Kill { key, fence } | Effect::Disarm { key, fence }) = effect else {
            return false;
        };
        let ti = self.live.task_instance(*key);
        ti.is_none_or(|ti| ti.fence != Some(*fence))
    }

    /// Takes in what waits and does what is due.
    ///
    /// # Errors
    /// When the book cannot be read or written. Then nothing of it is true, and [`Self::rebuild`]
    /// must follow. Commands are answered with [`Failure::refusal`]; reports may be offered again.
    pub fn batch(&mut self, inputs: Vec<Given>, now: Timestamp) -> Result<Outcome, Failure> {
        if self.broken {
            return Err(Failure::Broken);
        }
        self.broken = true;
        let mut outcome = Outcome::default();
        let view = BookView::new(&self.reader);
        self.metrics.batch_inputs.add(inputs.len() as u64);
        for input in inputs {
            let reply = match input {
                Given::Command(command) => {
                    Some(engine::decide(&mut self.live, &view, *command, now))
                }
                Given::Report(report) => {
                    if !matches!(
                        report.what,
                        Happened::Started { .. }
                            | Happened::Fired { .. }
                            | Happened::Labelled { .. }
                    ) {
                        outcome.ended.push(report.fence);
                    }
                    if let Happened::Fired { .. }
                    | Happened::TriggerEnded { .. }
                    | Happened::TriggerFailed { .. } = report.what
                    {
                        outcome.waited.push((report.key, report.fence));
                    }
                    let taken = engine::report(&mut self.live, &view, report, now);
                    outcome.n_stale += usize::from(!taken);
                    None
                }
            };
            outcome.replies.push(reply);
        }
        engine::step(&mut self.live, &view, now);
        let drained = engine::drain(&mut self.live);
        view.check()?;
        self.metrics
            .stale_reports
            .fetch_add(outcome.n_stale as u64, Relaxed);
        let outcome = self.commit(drained, outcome)?;
        self.broken = false;
        Ok(outcome)
    }

    /// When there is something to do without any input.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.live.next_wake()
    }

    /// What is live, for questions.
    #[must_use]
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// The readers' side.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Gives space back to the system; true when there was some to give.
    ///
    /// # Errors
    /// When the book cannot be written.
    pub fn compact(&mut self) -> Result<bool, CommitError> {
        self.writer.compact()
    }

    fn commit(&mut self, drained: Drained, outcome: Outcome) -> Result<Outcome, Failure> {
        let Drained {
            changes,
            effects,
            touched,
        } = drained;
        if !changes.is_empty() {
            let since = Instant::now();
            if let Err(failure) = self.writer.commit(self.reader.deployment, &changes) {
                // It may be in the book all the same; then these are not derived again.
                self.in_doubt.extend(effects);
                return Err(failure.into());
            }
            self.metrics.commit_us.add_time(since.elapsed());
            self.metrics.count(&changes);
            changes.iter().for_each(audit::log);
        }
        let engine::Touched {
            dags,
            runs,
            pools,
            files,
        } = touched;
        let notice = Notice {
            dags: dags.into_iter().collect(),
            runs: runs.into_iter().collect(),
            pools: !pools.is_empty(),
            import_errors: !files.is_empty(),
        };
        Ok(Outcome {
            effects,
            notice,
            n_changes: changes.len(),
            ..outcome
        })
    }
}
