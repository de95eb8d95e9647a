//! Callbacks of dag files: made by children of the parser's kind, many of one file by one child, a
//! few files at a time. One that is owed stays in the book until its child has ended.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use model::{
    Fence, Json,
    callback::OwedCallback,
    command::{Command, RefusalKind, Reply},
    execution::{Callback, RunTrigger},
    limits::{CALLBACK_SESSIONS_MAX, CALLBACKS_AT_ONCE_MAX, DAG_PARSE_MS_MAX},
    ports::{self, ParseRequest, Triggerer},
    work::PythonRuntime,
};

use crate::{
    handle::{Handle, stopped},
    logs::path,
    python::{self, BUNDLE, Called},
    reader::Reader,
};

/// Between two attempts to read the book, or to have it written.
const AGAIN: Duration = Duration::from_millis(200);

/// Makes callbacks; without a runtime they stay owed.
#[derive(Clone)]
pub(crate) struct Callbacks(pub(crate) Option<Arc<Caller>>);

/// What making them needs.
pub(crate) struct Caller {
    pub(crate) port: Arc<dyn ports::Callbacks>,
    /// Runs what is to be awaited.
    pub(crate) triggerer: Option<Arc<dyn Triggerer>>,
    /// What it runs of ours.
    pub(crate) awaited: Awaited,
    pub(crate) python: python::Current,
    /// The dag folder.
    pub(crate) root: PathBuf,
    pub(crate) reader: Reader,
    pub(crate) handle: Handle,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) state: Mutex<State>,
}

#[derive(Default)]
pub(crate) struct State {
    /// All that are not done yet: an effect that comes again changes nothing.
    known: HashSet<Fence>,
    waiting: VecDeque<OwedCallback>,
    /// Whether somebody puts those that wait into words.
    is_wording: bool,
    ready: VecDeque<Batch>,
    n_sessions: usize,
}

/// Callbacks that the triggerer awaits, by their number, with whom to tell.
pub(crate) type Awaited = Arc<Mutex<HashMap<Fence, Arc<Caller>>>>;

/// Callbacks for one child.
struct Batch {
    file: String,
    calls: Vec<(Fence, Callback)>,
}

impl Callbacks {
    /// Takes a callback; returns at once.
    pub(crate) fn make(&self, owed: OwedCallback) {
        let able = self
            .0
            .as_ref()
            .filter(|caller| caller.python.get().is_some());
        let Some(caller) = able else {
            let no = owed.no;
            tracing::warn!(target: "control", %no, "a callback waits for a Python runtime");
            return;
        };
        let mut state = caller.lock();
        if !state.known.insert(owed.no) {
            return;
        }
        state.waiting.push_back(owed);
        if !std::mem::replace(&mut state.is_wording, true) {
            let caller = Arc::clone(caller);
            caller.runtime.clone().spawn_blocking(move || caller.word());
        }
    }
}

impl Caller {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts what waits into the words of the children.
    fn word(self: &Arc<Self>) {
        loop {
            let owed = {
                let mut state = self.lock();
                let Some(owed) = state.waiting.pop_front() else {
                    state.is_wording = false;
                    return;
                };
                owed
            };
            match python::called(&self.reader, &owed) {
                Ok(Called::File { file, callback }) => self.put(owed.no, file, callback),
                Ok(Called::Trigger { kwargs }) => self.watch(owed.no, kwargs),
                Ok(Called::Nobody) => self.done(vec![owed.no]),
                Err(e) => {
                    tracing::warn!(target: "control", "a callback is made later, since {e}");
                    self.lock().waiting.push_back(owed);
                    thread::sleep(AGAIN);
                }
            }
            self.begin();
        }
    }

    /// Has the triggerer await one. What comes of it is told to [`Self::said`].
    fn watch(self: &Arc<Self>, no: Fence, kwargs: Json) {
        let (Some(triggerer), Some(runtime)) = (&self.triggerer, self.python.get()) else {
            return self.done(vec![no]);
        };
        self.awaited
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(no, Arc::clone(self));
        let trigger = RunTrigger {
            id: no.0,
            classpath: "airflow.triggers.callback.CallbackTrigger".to_owned(),
            kwargs,
            ti: None,
            timeout_after: None,
            dag_data: None,
            dag_run_data: None,
            lasts: false,
        };
        triggerer.create(&runtime, trigger);
    }

    /// A trigger of ours has ended, well or not.
    pub(crate) fn ended(self: &Arc<Self>, no: Fence, seq: Option<u64>, wrong: Option<&str>) {
        if let Some(wrong) = wrong {
            tracing::error!(target: "control", %no, "CTL-021: callbacks: {wrong}");
        }
        if let Some(triggerer) = &self.triggerer {
            triggerer.cancel(no.0);
            if let Some(seq) = seq {
                triggerer.confirm(seq);
            }
        }
        self.done(vec![no]);
    }

    fn put(&self, no: Fence, file: String, callback: Callback) {
        let mut state = self.lock();
        // A function has a child of its own, as upstream has it.
        let is_alone = |callback: &Callback| matches!(callback, Callback::Function { .. });
        let alone = is_alone(&callback);
        let has_room = |batch: &&mut Batch| {
            let of_callbacks = !alone && !batch.calls.iter().any(|(_, call)| is_alone(call));
            of_callbacks && batch.file == file && batch.calls.len() < CALLBACKS_AT_ONCE_MAX
        };
        match state.ready.iter_mut().find(has_room) {
            Some(batch) => batch.calls.push((no, callback)),
            None => {
                let calls = vec![(no, callback)];
                state.ready.push_back(Batch { file, calls });
            }
        }
    }

    /// Opens as many sessions as may be at once.
    fn begin(self: &Arc<Self>) {
        loop {
            let mut state = self.lock();
            if state.n_sessions >= CALLBACK_SESSIONS_MAX {
                return;
            }
            let Some(runtime) = self.python.get() else {
                return;
            };
            let Some(Batch { file, calls }) = state.ready.pop_front() else {
                return;
            };
            state.n_sessions += 1;
            drop(state);
            let (numbers, calls): (Vec<Fence>, Vec<Callback>) = calls.into_iter().unzip();
            let request = ParseRequest {
                runtime: PythonRuntime::clone(&runtime),
                path: self.root.join(&file).to_string_lossy().into_owned(),
                bundle_path: self.root.to_string_lossy().into_owned(),
                bundle_name: BUNDLE.to_owned(),
                timeout_ms: DAG_PARSE_MS_MAX,
                log_path: Some(path::of_file(&file)),
            };
            let caller = Arc::clone(self);
            let done = move |wrong: Option<String>| {
                if let Some(wrong) = wrong {
                    let n = numbers.len();
                    tracing::error!(target: "control", file, n, "CTL-021: callbacks: {wrong}");
                }
                caller.lock().n_sessions -= 1;
                caller.done(numbers);
                caller.begin();
            };
            self.port.call(request, calls, Box::new(done));
        }
    }

    /// Strikes callbacks out of the book.
    fn done(self: &Arc<Self>, numbers: Vec<Fence>) {
        let caller = Arc::clone(self);
        self.runtime.spawn(async move {
            for no in numbers {
                loop {
                    let command = Command::CallbackDone { no };
                    match caller.handle.command(command).await {
                        Ok(Reply::Refused(refusal)) if refusal == stopped() => return,
                        Ok(Reply::Refused(refusal)) if refusal.kind == RefusalKind::Unavailable => {
                        }
                        Ok(_) => break,
                        Err(_) => {}
                    }
                    tokio::time::sleep(AGAIN).await;
                }
                caller.lock().known.remove(&no);
            }
        });
    }
}
