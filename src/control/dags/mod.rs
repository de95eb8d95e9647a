//! The dag folder: what is in it is what the deployment has. One function brings the book in line
//! with the folder, at the start and after each change.

mod ignore;
mod parse;
mod publish;
mod read;
mod scan;
mod scripts;
mod texts;
mod walk;
mod watch;

use std::{
    collections::{HashMap, HashSet},
    io,
    path::PathBuf,
    sync::{
        Arc, Condvar, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use model::{
    change::DagFile,
    ports::{Clock, Parser},
    work::PythonRuntime,
};

pub(crate) use self::scripts::Scripts;
use self::{
    parse::Done,
    scan::Known,
    watch::{Waker, Watch},
};
use crate::{handle::Handle, metrics::Metrics, python::Current};

/// What is known of the dag folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether it was looked through once since the start.
    pub scanned: bool,
    /// Dag files in it: YAML files and, with a runtime, Python files that could say dags.
    pub n_files: usize,
    /// Python files in it that are left alone, since there is no runtime.
    pub n_python: usize,
    /// Python files that are being read, or wait for it.
    pub n_parsing: usize,
    /// Files with an error.
    pub n_errors: usize,
    /// Files that the last look read.
    pub n_read: usize,
    /// Why it cannot be read.
    pub problem: Option<String>,
}

/// The thread that follows the dag folder.
pub(crate) struct Folder {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread tells.
#[derive(Default)]
pub(crate) struct Shared {
    status: Mutex<Status>,
    scanned: Condvar,
    /// Files to read again whatever their stamp, since the book has lost what they say.
    again: Mutex<Vec<String>>,
    /// Python files that were read.
    parsed: Mutex<Vec<Done>>,
    waker: OnceLock<Waker>,
    /// Look once more, though no file says so: a runtime has come.
    once_more: AtomicBool,
    stopping: AtomicBool,
}

/// What the thread works with.
pub(crate) struct Scanner {
    pub(crate) root: PathBuf,
    pub(crate) handle: Handle,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) known: Files,
    /// None leaves Python files alone.
    pub(crate) python: Option<Python>,
    pub(crate) scripts: Scripts,
}

/// What reads Python files.
pub(crate) struct Python {
    pub(crate) current: Current,
    pub(crate) parser: Arc<dyn Parser>,
}

/// What is known of the files, at first by their rows in the book.
#[derive(Default)]
pub(crate) struct Files {
    by_path: HashMap<String, Known>,
    /// Something could not be published; it is tried again by looking again.
    owes: bool,
    /// Something was too young to be read.
    soon: bool,
}

impl Files {
    pub(crate) fn new(rows: &[DagFile]) -> Self {
        let known = rows
            .iter()
            .map(|row| (row.path.clone(), Known::from_row(row)));
        Self {
            by_path: known.collect(),
            owes: false,
            soon: false,
        }
    }
}

impl Folder {
    /// Starts to follow the folder of `scanner`.
    pub(crate) fn start(scanner: Scanner) -> io::Result<Self> {
        let watch = Watch::new()?;
        let shared = Arc::clone(&scanner.shared);
        let _ = shared.waker.set(watch.waker());
        let thread = thread::Builder::new().name("dags".to_owned());
        let thread = Some(thread.spawn(move || scanner.run(watch))?);
        Ok(Self { shared, thread })
    }

    pub(crate) fn stop(&mut self) {
        self.shared.stopping.store(true, Relaxed);
        self.shared.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// What is known now.
    pub(crate) fn status(&self) -> Status {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until the folder was looked through once, or `timeout` has passed.
    pub(crate) fn wait_scanned(&self, timeout: Duration) -> Status {
        let deadline = Instant::now() + timeout;
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        while !status.scanned {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                break;
            };
            status = match self.scanned.wait_timeout(status, left) {
                Ok((status, _)) => status,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        status.clone()
    }

    /// Has a file read again before long.
    pub(crate) fn read_again(&self, path: String) {
        let mut again = self.again.lock().unwrap_or_else(PoisonError::into_inner);
        again.push(path);
        drop(again);
        self.wake();
    }

    /// Has the folder looked through before long.
    pub(crate) fn look_again(&self) {
        self.once_more.store(true, Relaxed);
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake();
        }
    }

    fn take_again(&self) -> Vec<String> {
        std::mem::take(&mut self.again.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, status: Status) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        self.scanned.notify_all();
    }
}

impl Scanner {
    /// What reads Python files now; they are left alone without it.
    fn reads_python(&self) -> Option<(Arc<PythonRuntime>, Arc<dyn Parser>)> {
        let python = self.python.as_ref()?;
        Some((python.current.get()?, Arc::clone(&python.parser)))
    }

    fn run(mut self, mut watch: Watch) {
        let mut written = HashSet::new();
        loop {
            let since = Instant::now();
            self.look(&mut watch, &written);
            // However often files change, looking takes no more than a fifth of the time.
            let pause = since.elapsed() * 4;
            let heard = loop {
                let heard = watch.wait(self.known.soon, &|path| self.concerns(path));
                if self.shared.stopping.load(Relaxed) {
                    return;
                }
                self.take_parsed(&mut watch);
                let again = heard.woken
                    && (self.forget_again() | self.shared.once_more.swap(false, Relaxed));
                if heard.any || again {
                    break heard;
                }
            };
            thread::sleep(
                pause
                    .saturating_sub(since.elapsed())
                    .min(Duration::from_secs(1)),
            );
            written = heard.written;
        }
    }

    /// Whether there are files to read again.
    fn forget_again(&mut self) -> bool {
        let again = self.shared.take_again();
        for path in &again {
            self.known.by_path.remove(path);
        }
        !again.is_empty()
    }
}

#[cfg(test)]
mod tests;
