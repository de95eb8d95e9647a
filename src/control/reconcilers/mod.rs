//! What keeps the house clean: idempotent chores on one thread, each with a limit of work a round.

mod disk;
mod logs;
mod retention;

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use model::{DagNo, RunId, RunNo, ports::Clock};

pub use retention::Options as Retention;

use crate::{handle::Handle, metrics::Metrics, reader::Reader};

/// Between two looks at the disk.
const DISK_EVERY: Duration = Duration::from_secs(5);
/// Between two rounds of retention, and how soon the next follows when one was not enough.
const RETENTION_EVERY: Duration = Duration::from_secs(60);
const RETENTION_AGAIN: Duration = Duration::from_secs(1);
/// Looking for old runs takes at most one part in this many of a core.
const RETENTION_SHARE: u32 = 2_000;
/// Between two sweeps through the log folder, and between the parts of one.
const SWEEP_EVERY: Duration = Duration::from_secs(24 * 3_600);
const SWEEP_AGAIN: Duration = Duration::from_secs(2);
/// The first round waits until the start is over.
const FIRST: Duration = Duration::from_secs(15);
/// Hints that wait; what is forgotten the sweep finds again.
const HINTS_MAX: usize = 100_000;

/// Hints for the chores' thread. Losing them loses nothing: the sweep finds the same.
#[derive(Clone, Default)]
pub(crate) struct Chores(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    hints: VecDeque<Hint>,
    stopping: bool,
}

enum Hint {
    RunEnded(RunNo),
    RunDeleted(DagNo, RunId),
}

/// What the chores work with.
pub(crate) struct Keeper {
    pub(crate) reader: Reader,
    pub(crate) handle: Handle,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<Metrics>,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// Where logs are.
    pub(crate) logs: PathBuf,
    pub(crate) retention: Retention,
    /// What must be free to start work, in bytes.
    pub(crate) disk_needed_bytes: u64,
}

impl Chores {
    pub(crate) fn run_ended(&self, run: RunNo) {
        self.hint(Hint::RunEnded(run));
    }

    pub(crate) fn run_deleted(&self, dag: DagNo, run_id: RunId) {
        self.hint(Hint::RunDeleted(dag, run_id));
    }

    fn hint(&self, hint: Hint) {
        let mut state = self.lock();
        if state.hints.len() < HINTS_MAX {
            state.hints.push_back(hint);
            self.0.changed.notify_one();
        }
    }

    pub(crate) fn start(&self, keeper: Keeper) -> io::Result<JoinHandle<()>> {
        let chores = self.clone();
        let thread = thread::Builder::new().name("chores".to_owned());
        thread.spawn(move || chores.run(keeper))
    }

    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
        self.0.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, keeper: Keeper) {
        let now = Instant::now();
        let mut disk = (now, disk::Watch::default());
        let mut retention = (now + FIRST, retention::Rounds::default());
        let mut sweep = (now + FIRST, logs::Sweep::default());
        while let Some(hints) = self.wait(disk.0.min(retention.0).min(sweep.0)) {
            for hint in hints {
                match hint {
                    Hint::RunEnded(run) => keeper.compress(run),
                    Hint::RunDeleted(dag, run_id) => keeper.delete_logs(dag, &run_id),
                }
            }
            let now = Instant::now();
            if now >= disk.0 {
                keeper.watch_disk(&mut disk.1);
                disk.0 = now + DISK_EVERY;
            }
            if now >= retention.0 {
                let more = keeper.retain(&mut retention.1);
                let pause = RETENTION_EVERY.max(now.elapsed() * RETENTION_SHARE);
                retention.0 = now + if more { RETENTION_AGAIN } else { pause };
            }
            if now >= sweep.0 {
                let more = keeper.sweep(&mut sweep.1);
                sweep.0 = now + if more { SWEEP_AGAIN } else { SWEEP_EVERY };
            }
        }
    }

    /// Hints that came until `deadline`; none when it is time to stop.
    fn wait(&self, deadline: Instant) -> Option<Vec<Hint>> {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return None;
            }
            if !state.hints.is_empty() {
                let n = state.hints.len().min(64);
                return Some(state.hints.drain(..n).collect());
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                return Some(Vec::new());
            };
            state = match self.0.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

#[cfg(test)]
impl Keeper {
    /// Everything that is to be done now.
    pub(crate) fn all_rounds(&self) {
        let (mut rounds, mut sweep) = (retention::Rounds::default(), logs::Sweep::default());
        while self.retain(&mut rounds) {}
        while self.sweep(&mut sweep) {}
        self.watch_disk(&mut disk::Watch::default());
    }
}
