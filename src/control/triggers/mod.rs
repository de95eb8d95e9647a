//! Watches on behalf of deferred instances: one thread, a heap of what is due next, and no more,
//! so that ten thousand waits cost what one costs.

mod files;
mod python;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use model::{
    Fence, Json, TiKey, TimeDelta, Timestamp,
    ports::{Clock, Triggers},
    report::{Happened, Report},
    task_instance::{Deferral, Trigger},
};

use crate::handle::Handle;

/// The clock may be set, so no wait is longer than this.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
pub(crate) use self::python::PythonTriggers;

/// A file is not looked for more often than this.
const POKE_MIN: TimeDelta = TimeDelta::from_millis(100);

/// The triggers that need no Python.
pub struct NativeTriggers {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    clock: Arc<dyn Clock>,
    handle: Handle,
}

#[derive(Default)]
struct State {
    armed: HashMap<Fence, Armed>,
    /// What is due when; entries of disarmed fences are passed over.
    due: BinaryHeap<Reverse<(Timestamp, Fence)>>,
    stopping: bool,
}

struct Armed {
    key: TiKey,
    what: What,
}

#[derive(Clone)]
enum What {
    At,
    File(Arc<files::Sought>),
}

impl NativeTriggers {
    /// Starts the thread; what comes to be is reported to `handle`.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(handle: Handle, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let state = Mutex::default();
        let shared = Arc::new(Shared {
            state,
            changed: Condvar::new(),
            clock,
            handle,
        });
        let of_thread = Arc::clone(&shared);
        let thread = thread::Builder::new().name("triggers".to_owned());
        let thread = Some(thread.spawn(move || of_thread.run())?);
        Ok(Self { shared, thread })
    }

    /// How many are waited for.
    #[must_use]
    pub fn armed(&self) -> usize {
        self.shared.lock().armed.len()
    }
}

impl Triggers for NativeTriggers {
    fn arm(&self, key: TiKey, fence: Fence, deferral: &Deferral) {
        let now = self.shared.clock.now();
        let (what, first) = match &deferral.trigger {
            Trigger::At(at) => (What::At, *at),
            Trigger::File {
                path,
                recursive,
                poke_interval_us,
            } => {
                let us = i64::try_from(*poke_interval_us).unwrap_or(i64::MAX);
                let every = TimeDelta::from_micros(us).max(POKE_MIN);
                let sought = files::Sought {
                    path: path.clone(),
                    recursive: *recursive,
                    every,
                };
                (What::File(Arc::new(sought)), now)
            }
            // The Python triggerer arms it itself; the answer of a person is a command.
            Trigger::Python { .. } | Trigger::Human => return,
        };
        let mut state = self.shared.lock();
        if state.armed.contains_key(&fence) {
            return;
        }
        state.armed.insert(fence, Armed { key, what });
        let is_next = state.due.peek().is_none_or(|Reverse((at, _))| first < *at);
        state.due.push(Reverse((first, fence)));
        if is_next {
            self.shared.changed.notify_one();
        }
    }

    fn disarm(&self, _key: TiKey, fence: Fence) {
        let mut state = self.shared.lock();
        state.armed.remove(&fence);
        if state.armed.is_empty() {
            state.due.clear();
        }
    }
}

impl Drop for NativeTriggers {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut state = self.lock();
        while !state.stopping {
            let now = self.clock.now();
            let due = state.take_due(now);
            if due.is_empty() {
                let wait = state.due.peek().map_or(LOOK_AGAIN, |Reverse((at, _))| {
                    at.since(now)
                        .to_std()
                        .clamp(Duration::from_micros(50), LOOK_AGAIN)
                });
                state = match self.changed.wait_timeout(state, wait) {
                    Ok((state, _)) => state,
                    Err(poisoned) => poisoned.into_inner().0,
                };
                continue;
            }
            // Looking at files may take long, and others arm meanwhile.
            drop(state);
            let came: Vec<(Fence, TiKey, bool, Option<TimeDelta>)> = due
                .into_iter()
                .map(|(fence, key, what)| match what {
                    What::At => (fence, key, true, None),
                    What::File(sought) => (fence, key, sought.is_there(), Some(sought.every)),
                })
                .collect();
            state = self.lock();
            let mut reports = Vec::new();
            for (fence, key, is_there, every) in came {
                if !is_there {
                    let next = now.plus(every.unwrap_or(POKE_MIN));
                    state.due.push(Reverse((next, fence)));
                } else if state.armed.remove(&fence).is_some() {
                    let what = Happened::Fired {
                        payload: Json::Null,
                    };
                    reports.push(Report {
                        key,
                        fence,
                        at: now,
                        what,
                    });
                }
            }
            self.handle.report_all(reports);
        }
    }
}

impl State {
    fn take_due(&mut self, now: Timestamp) -> Vec<(Fence, TiKey, What)> {
        let mut out = Vec::new();
        while let Some(Reverse((at, fence))) = self.due.peek().copied() {
            if at > now {
                break;
            }
            self.due.pop();
            if let Some(armed) = self.armed.get(&fence) {
                out.push((fence, armed.key, armed.what.clone()));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
