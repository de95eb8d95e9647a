//! The sessions of one server: who is who, and what is done about what they say.

use super::{
    evaluator::{Done, EvaluatorHandle},
    facts::Facts,
    frames,
    others::{Other, TriggerWord, TriggererHandle, What},
    secrets,
    tries::{Act, Now, Try},
};
use crate::{
    client::{link::Link, state::Shared},
    process::procfs,
    wire::{self, Down, Exit, Note, Open, Reply},
};
use model::{
    Fence, Json, TiKey,
    execution::{Answer, Asker, Callback},
    limits::TRIGGERER_AGAIN_MS,
    ports::{ParseRequest, Parsed},
    report::Usage,
    work::PythonRuntime,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Numbers of sessions that are no tries begin here; fences do not reach that far.
const OTHERS_FROM: u64 = 1 << 63;

/// All sessions.
#[derive(Default)]
pub struct Hub {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By link and zygote.
    facts: HashMap<(u64, u64), Arc<Facts>>,
    tries: HashMap<u64, Place>,
    others: HashMap<u64, Placed>,
    n_others: u64,
}

struct Place {
    link: u64,
    key: TiKey,
    pid: Option<u32>,
    one: Option<Try>,
}

struct Placed {
    /// 0 while no worker process has it.
    link: u64,
    plan: Plan,
    other: Other,
}

/// How a session that is no try is opened, now and again.
#[derive(Clone)]
pub struct Plan {
    runtime: PythonRuntime,
    timeout_ms: Option<u64>,
    log_path: Option<String>,
}

impl Plan {
    fn triggerer(runtime: PythonRuntime) -> Self {
        Self {
            runtime,
            timeout_ms: None,
            log_path: Some("~triggerer/triggerer.log".to_owned()),
        }
    }

    fn of(request: &ParseRequest) -> Self {
        Self {
            runtime: request.runtime.clone(),
            timeout_ms: Some(request.timeout_ms),
            log_path: request.log_path.clone(),
        }
    }
}

impl Hub {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a zygote found out.
pub fn zygote(shared: &Shared, link: &Link, zygote: u64, facts: &str) {
    let facts = Arc::new(Facts::read(facts));
    shared.hub.state().facts.insert((link.id, zygote), facts);
}

/// A try's process began.
pub fn started(shared: &Shared, fence: u64, key: wire::Key, pid: Option<u32>) {
    let mut state = shared.hub.state();
    let place = state.tries.entry(fence);
    let place = place.or_insert_with(|| Place {
        link: 0,
        key: key.into(),
        pid: None,
        one: None,
    });
    place.pid = pid;
}

/// A session is open, or was found open.
pub fn session(shared: &Arc<Shared>, link: &Link, (id, zygote): (u64, u64), note: Option<Note>) {
    let mut state = shared.hub.state();
    let facts = state
        .facts
        .get(&(link.id, zygote))
        .cloned()
        .unwrap_or_default();
    if let Some(place) = state.tries.get_mut(&id) {
        place.link = link.id;
        match &mut place.one {
            Some(one) => one.again(facts),
            None => place.one = Some(Try::new(facts, note)),
        }
    } else if let Some(placed) = state.others.get_mut(&id) {
        placed.other.facts = facts;
        let first = placed.other.first(id);
        drop(state);
        for bytes in first {
            let tell = Down::Tell { session: id, bytes };
            shared.state().send_to(link.id, &tell);
        }
    }
}

/// A child said something.
pub fn frame(shared: &Arc<Shared>, link: &Link, (id, n): (u64, u64), bytes: &[u8]) {
    let mut state = shared.hub.state();
    let (acts, words) = if let Some(place) = state.tries.get_mut(&id) {
        let pid = place.pid;
        let usage = || {
            let (cpu_us, memory_peak_bytes) = pid.map(procfs::usage).unwrap_or_default();
            Usage {
                cpu_us,
                memory_peak_bytes,
            }
        };
        let at = Now {
            now: shared.now(),
            usage: &usage,
        };
        let one = place.one.as_mut();
        (one.map(|one| one.frame(n, bytes, &at)), Vec::new())
    } else if let Some(placed) = state.others.get_mut(&id) {
        let (acts, words) = placed.other.frame(n, bytes);
        (Some(acts), words)
    } else {
        (None, Vec::new())
    };
    drop(state);
    for word in words {
        let Some(execution) = &shared.options.execution else {
            break;
        };
        match word {
            TriggerWord::Fired(fired) => execution.trigger_fired(fired),
            TriggerWord::Failed(failure) => execution.trigger_failed(failure),
        }
    }
    match acts {
        Some(acts) => act(shared, id, acts),
        // Nobody wants it any more.
        None => shared
            .state()
            .send_to(link.id, &Down::Close { session: id }),
    }
}

/// A try's process has ended.
pub fn exited(
    shared: &Arc<Shared>,
    link: &Link,
    report: &wire::Report,
    exit: &Exit,
    note: Option<Note>,
) {
    let acts = {
        let mut state = shared.hub.state();
        let place = state.tries.entry(report.fence).or_insert_with(|| Place {
            link: link.id,
            key: report.key.into(),
            pid: None,
            one: None,
        });
        place.link = link.id;
        let one = place
            .one
            .get_or_insert_with(|| Try::new(Arc::default(), note));
        one.exited(exit, note)
    };
    act(shared, report.fence, acts);
}

/// An end is in the book. False when that is no Python task's.
pub fn acked(shared: &Arc<Shared>, fence: Fence) -> bool {
    let acts = {
        let mut state = shared.hub.state();
        match state
            .tries
            .get_mut(&fence.0)
            .map(|place| place.one.as_mut())
        {
            Some(Some(one)) => one.acked(),
            Some(None) => {
                state.tries.remove(&fence.0);
                return false;
            }
            None => return false,
        }
    };
    act(shared, fence.0, acts);
    true
}

/// A session that is no try has ended.
pub fn closed(shared: &Arc<Shared>, session: u64, exit: &Exit) {
    let Some(placed) = shared.hub.state().others.remove(&session) else {
        return;
    };
    let Placed {
        link: _,
        plan,
        other,
    } = placed;
    let (again, name) = match &other.what {
        What::Triggerer(handle) => (What::Triggerer(handle.clone()), "triggerer"),
        What::Evaluator(handle) => (What::Evaluator(handle.clone()), "evaluator"),
        What::Parse { .. } | What::Callback { .. } => {
            other.closed(exit);
            return;
        }
    };
    if other.closed(exit) && !shared.state().is_closed() {
        tracing::warn!(target: "worker", "the {name} ended; it is started anew: {}", exit.tail);
        let shared = Arc::clone(shared);
        let again = move || {
            std::thread::sleep(Duration::from_millis(TRIGGERER_AGAIN_MS));
            if !shared.state().is_closed() {
                open(&shared, plan, again);
            }
        };
        let thread = std::thread::Builder::new().name(format!("{name}-again"));
        if let Err(error) = thread.spawn(again) {
            tracing::error!(target: "worker", "the {name} is not started anew: {error}");
        }
    }
}

/// A connection is gone: what it had is opened anew by the next worker process.
pub fn dropped(shared: &Shared, link: u64) {
    let mut state = shared.hub.state();
    state.facts.retain(|(of, _), _| *of != link);
    let others = state
        .others
        .values_mut()
        .filter(|placed| placed.link == link);
    others.for_each(|placed| placed.link = 0);
}

/// A worker process is there: it gets what none has. Under new numbers, since one that was reached
/// anew may still be ending the old ones.
pub fn settled(shared: &Arc<Shared>) {
    let waiting = {
        let mut state = shared.hub.state();
        let ids: Vec<u64> = state.others.keys().copied().collect();
        let mut waiting = Vec::new();
        for id in ids {
            if state.others.get(&id).is_some_and(|placed| placed.link == 0) {
                waiting.extend(state.others.remove(&id));
            }
        }
        waiting
    };
    for placed in waiting {
        open(shared, placed.plan, placed.other.what);
    }
}

/// See [`model::ports::Parser`].
pub fn parse(shared: &Arc<Shared>, request: ParseRequest, done: Box<dyn FnOnce(Parsed) + Send>) {
    let plan = Plan::of(&request);
    let what = What::Parse {
        request: Box::new(request),
        result: None,
        since: Instant::now(),
        done,
    };
    open(shared, plan, what);
}

/// Runs callbacks.
pub fn callback(
    shared: &Arc<Shared>,
    request: ParseRequest,
    callbacks: Vec<Callback>,
    done: Box<dyn FnOnce(Option<String>) + Send>,
) {
    let plan = Plan::of(&request);
    let what = What::Callback {
        request: Box::new(request),
        callbacks,
        done,
    };
    open(shared, plan, what);
}

/// Starts the triggerer.
pub fn triggerer(shared: &Arc<Shared>, runtime: PythonRuntime) -> TriggererHandle {
    let handle = TriggererHandle::default();
    handle.is_new(&runtime);
    let plan = Plan::triggerer(runtime);
    open(shared, plan, What::Triggerer(handle.clone()));
    handle
}

/// Has the triggerer start when there was none, and anew, with all its triggers, when its plugins
/// or settings have changed.
pub fn follow(shared: &Arc<Shared>, handle: &TriggererHandle, runtime: &PythonRuntime) {
    let is_new = handle.is_new(runtime);
    if handle.wake() {
        let what = What::Triggerer(handle.clone());
        return open(shared, Plan::triggerer(runtime.clone()), what);
    }
    if !is_new {
        return;
    }
    let mut state = shared.hub.state();
    let found = state.others.iter_mut().find_map(|(id, placed)| {
        let is_it = matches!(&placed.other.what, What::Triggerer(of) if of.is_same(handle));
        is_it.then_some((*id, placed))
    });
    let Some((session, placed)) = found else {
        return;
    };
    placed.plan.runtime = runtime.clone();
    let link = placed.link;
    drop(state);
    let message = "its plugins or settings have changed".to_owned();
    let stop = Down::Break { session, message };
    shared.state().send_to(link, &stop);
}

/// Starts the evaluator.
pub fn evaluator(shared: &Arc<Shared>, runtime: PythonRuntime) -> EvaluatorHandle {
    let handle = EvaluatorHandle::default();
    let plan = Plan {
        runtime,
        timeout_ms: None,
        log_path: Some("~evaluator/evaluator.log".to_owned()),
    };
    open(shared, plan, What::Evaluator(handle.clone()));
    handle
}

/// Asks the evaluator, at once where a child is there.
pub fn evaluate(shared: &Arc<Shared>, handle: &EvaluatorHandle, ask: Json, done: Done) {
    if let Some((session, bytes)) = handle.ask(ask, done) {
        let link = link_of(shared, session);
        shared.state().send_to(link, &Down::Tell { session, bytes });
    }
}

fn open(shared: &Arc<Shared>, plan: Plan, what: What) {
    let op = match &what {
        What::Parse { .. } => "parse",
        What::Callback { callbacks, .. } => match callbacks.as_slice() {
            [Callback::Function { .. }] => "call",
            _ => "callback",
        },
        What::Triggerer(_) => "triggerer",
        What::Evaluator(_) => "evaluate",
    };
    let main = shared.state().main();
    let mut state = shared.hub.state();
    state.n_others += 1;
    let pid = u64::from(std::process::id());
    let session = OTHERS_FROM | (pid << 32) | (state.n_others & 0xffff_ffff);
    let message = Down::Open(Box::new(Open {
        session,
        op: op.to_owned(),
        runtime: plan.runtime.clone().into(),
        env: Vec::new(),
        log_path: plan.log_path.clone(),
        timeout_ms: plan.timeout_ms,
        secrets: Vec::new(),
    }));
    let placed = Placed {
        link: main.as_ref().map_or(0, |link| link.id),
        plan,
        other: Other {
            what,
            facts: Arc::default(),
        },
    };
    state.others.insert(session, placed);
    drop(state);
    if let Some(link) = main {
        link.send(&message);
    }
}

fn act(shared: &Arc<Shared>, session: u64, acts: Vec<Act>) {
    for one in acts {
        match one {
            Act::Reply(reply) => send(shared, Reply { session, ..reply }),
            Act::Report(what) => {
                let key = shared
                    .hub
                    .state()
                    .tries
                    .get(&session)
                    .map(|place| place.key);
                if let Some(key) = key {
                    let (fence, at) = (Fence(session), shared.now());
                    shared.tell(model::report::Report {
                        key,
                        fence,
                        at,
                        what,
                    });
                }
            }
            Act::Ask { n, id, ask } => {
                let answer = Pending {
                    shared: Arc::clone(shared),
                    session,
                    n,
                    id,
                    done: false,
                };
                let Some(who) = asker(shared, session, n) else {
                    continue;
                };
                // Without somebody to answer, `Pending` does when it is dropped.
                if let Some(execution) = &shared.options.execution {
                    execution.ask(who, *ask, Box::new(move |word| answer.give(&word)));
                }
            }
            Act::Break(message) => {
                let link = link_of(shared, session);
                shared
                    .state()
                    .send_to(link, &Down::Break { session, message });
            }
            Act::Forget => {
                shared.hub.state().tries.remove(&session);
                shared.state().ack(Fence(session));
            }
        }
    }
}

fn asker(shared: &Shared, session: u64, n: u64) -> Option<Asker> {
    let state = shared.hub.state();
    if let Some(place) = state.tries.get(&session) {
        return Some(Asker::Try {
            key: place.key,
            fence: Fence(session),
            n,
        });
    }
    state
        .others
        .get(&session)
        .map(|placed| placed.other.asker())
}

fn link_of(shared: &Shared, session: u64) -> u64 {
    let state = shared.hub.state();
    let of_try = state.tries.get(&session).map(|place| place.link);
    let of_other = || state.others.get(&session).map(|placed| placed.link);
    of_try.or_else(of_other).unwrap_or(0)
}

fn facts_of(shared: &Shared, session: u64) -> Arc<Facts> {
    let state = shared.hub.state();
    let of_try = state
        .tries
        .get(&session)
        .and_then(|place| place.one.as_ref())
        .map(Try::facts);
    let of_other = || {
        state
            .others
            .get(&session)
            .map(|placed| Arc::clone(&placed.other.facts))
    };
    of_try.or_else(of_other).unwrap_or_default()
}

fn send(shared: &Shared, reply: Reply) {
    let link = link_of(shared, reply.session);
    shared.state().send_to(link, &Down::Frame(reply));
}

/// A question that waits for its answer. Dropped without one it answers with a failure, so that no
/// child waits for ever.
struct Pending {
    shared: Arc<Shared>,
    session: u64,
    n: u64,
    id: u64,
    done: bool,
}

impl Pending {
    fn give(mut self, answer: &Answer) {
        self.done = true;
        self.send(answer);
    }

    fn send(&self, answer: &Answer) {
        let facts = facts_of(&self.shared, self.session);
        let reply = Reply {
            session: self.session,
            n: self.n,
            bytes: frames::answer(self.id, answer, &facts),
            secrets: secrets::of_answer(answer),
            ..Reply::default()
        };
        send(&self.shared, reply);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.done {
            self.send(&Answer::Failure {
                message: "the server cannot answer this".to_owned(),
                status: 501,
            });
        }
    }
}
