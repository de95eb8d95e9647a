//! What the server's side knows of tries, and which worker process has each.

use super::{ClientOptions, Sink};
use crate::{
    WorkerError,
    client::link::Link,
    paths::Paths,
    supervisor::Hub,
    wire::{self, Down, Known},
};
use model::{
    Fence, TiKey,
    report::{Happened, Outcome, Report, Usage},
};
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Instant,
};

/// What all threads of a client share.
pub struct Shared {
    pub options: ClientOptions,
    pub paths: Paths,
    sink: Sink,
    state: Mutex<State>,
    /// Sessions of Python children.
    pub hub: Hub,
    /// A try ended, or a link did.
    pub ended: Condvar,
    /// Reports that this side makes. Told by a thread of their own: the caller may hold the very
    /// lock or queue that the sink needs.
    own: Mutex<Option<mpsc::Sender<Report>>>,
}

/// Tries and links.
#[derive(Default)]
pub struct State {
    tries: HashMap<u64, Try>,
    main: Option<Arc<Link>>,
    drained: Vec<Arc<Link>>,
    closed: bool,
}

struct Try {
    key: TiKey,
    /// The message that starts it, until something was heard of it.
    start: Option<Arc<Vec<u8>>>,
    /// It is to be ended, also by a worker process that comes later.
    kill: bool,
    ended: bool,
    /// Which worker process has it; the main one in most cases.
    link: u64,
}

impl Shared {
    pub fn new(options: ClientOptions, sink: Sink) -> Result<Arc<Self>, WorkerError> {
        let paths = Paths::open(&options.data_dir)?;
        let (own, reports) = mpsc::channel();
        let shared = Arc::new(Self {
            options,
            paths,
            sink,
            state: Mutex::new(State::default()),
            hub: Hub::default(),
            ended: Condvar::new(),
            own: Mutex::new(Some(own)),
        });
        let teller = Arc::clone(&shared);
        let program = shared.options.program.clone();
        thread::Builder::new()
            .name("worker-own".to_owned())
            .spawn(move || reports.iter().for_each(|report| teller.tell(report)))
            .map_err(|cause| WorkerError::Spawn { program, cause })?;
        Ok(shared)
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands on a report, after noting it.
    pub fn tell(&self, report: Report) {
        self.state().heard(&report);
        let ends = is_last(&report.what);
        (self.sink)(report);
        if ends {
            self.ended.notify_all();
        }
    }

    /// The clock.
    pub fn now(&self) -> model::Timestamp {
        self.options.clock.now()
    }

    /// Hands on what a worker process reported.
    pub fn tell_as(&self, report: &wire::Report, what: Happened) {
        self.tell(Report {
            key: report.key.into(),
            fence: Fence(report.fence),
            at: model::Timestamp::from_micros(report.at_us),
            what,
        });
    }

    /// Makes a report of an end here.
    pub fn say(&self, key: TiKey, fence: Fence, outcome: Outcome) {
        let what = Happened::Finished {
            outcome,
            usage: Usage::default(),
        };
        let at = self.options.clock.now();
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &*own {
            let _ = own.send(Report {
                key,
                fence,
                at,
                what,
            });
        }
    }

    /// Reports a try that no worker process has.
    pub fn lost(&self, key: TiKey, fence: Fence) {
        let message = "no worker process has this try, and nothing tells how it ended".to_owned();
        self.say(key, fence, Outcome::Lost { message });
    }

    /// A worker process said what it has. What it should have and has not is lost; what it should
    /// get is sent.
    pub fn settle(self: &Arc<Self>, link: &Arc<Link>, known: &[Known]) {
        let lost = self.state().settle(link, known);
        for (key, fence) in lost {
            self.lost(key, fence);
        }
        crate::supervisor::settled(self);
    }

    /// No more starts; the worker processes are told.
    pub fn close(&self, kill: bool) {
        let mut state = self.state();
        state.closed = true;
        for link in state.main.iter().chain(&state.drained) {
            link.send(&Down::Shutdown { kill });
        }
    }

    /// Waits until a try ends. False when none is left, or it is too late.
    pub fn wait_for_ends(&self, until: Instant) -> bool {
        let state = self.state();
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || state.main.is_none() || state.tries.values().all(|one| one.ended) {
            return false;
        }
        drop(self.ended.wait_timeout(state, left));
        true
    }

    /// Ends all connections and threads, after what is to be sent was sent.
    pub fn hang_up(&self) {
        let links = {
            let mut state = self.state();
            let mut links: Vec<_> = state.main.take().into_iter().collect();
            links.append(&mut state.drained);
            links
        };
        links.iter().for_each(|link| link.finish());
        *self.own.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl State {
    pub fn start(&mut self, key: TiKey, fence: Fence, message: Arc<Vec<u8>>) {
        if self.closed || self.tries.contains_key(&fence.0) {
            return;
        }
        let link = self.main.as_ref().map_or(0, |link| {
            link.send_bytes(&message);
            link.id
        });
        let one = Try {
            key,
            start: Some(message),
            kill: false,
            ended: false,
            link,
        };
        self.tries.insert(fence.0, one);
    }

    /// False when no such try is known.
    pub fn kill(&mut self, key: TiKey, fence: Fence) -> bool {
        let Some(one) = self.tries.get_mut(&fence.0) else {
            return false;
        };
        one.kill = true;
        let link = one.link;
        self.send_to(link, &kill_message(key, fence.0));
        true
    }

    /// Whether the try is known; its reports follow, or have come.
    pub fn adopt(&mut self, key: TiKey, fence: Fence) -> bool {
        match self.tries.get_mut(&fence.0) {
            Some(one) => {
                one.key = key;
                true
            }
            None => false,
        }
    }

    pub fn ack(&mut self, fence: Fence) {
        let main = self.main.as_ref().map_or(0, |link| link.id);
        let link = self.tries.remove(&fence.0).map_or(main, |one| one.link);
        self.send_to(link, &Down::Ack { fence: fence.0 });
    }

    pub fn worker_pid(&self) -> Option<u32> {
        self.main.as_ref().map(|link| link.pid)
    }

    pub fn close(&mut self) {
        self.closed = true;
    }

    pub fn is_closed(&self) -> bool {
        self.closed
    }

    pub fn main(&self) -> Option<Arc<Link>> {
        self.main.clone()
    }

    pub fn add_drained(&mut self, link: &Arc<Link>) {
        self.drained.push(Arc::clone(link));
    }

    /// A connection is gone.
    pub fn drop_link(&mut self, id: u64) {
        self.drained.retain(|link| link.id != id);
        if self.main.as_ref().is_some_and(|link| link.id == id) {
            self.main = None;
        }
    }

    /// What a drained worker process had is now the main one's to look after.
    pub fn inherit(&mut self, from: u64) {
        let to = self.main.as_ref().map_or(0, |link| link.id);
        for one in self.tries.values_mut().filter(|one| one.link == from) {
            one.link = to;
        }
    }

    fn heard(&mut self, report: &Report) {
        if let Some(one) = self.tries.get_mut(&report.fence.0) {
            one.start = None;
            one.ended |= is_last(&report.what);
        }
    }

    fn settle(&mut self, link: &Arc<Link>, known: &[Known]) -> Vec<(TiKey, Fence)> {
        let drains = self.drained.iter().any(|one| one.id == link.id);
        if !drains {
            self.main = Some(Arc::clone(link));
        }
        for one in known {
            let held = self.tries.entry(one.fence).or_insert(Try {
                key: one.key.into(),
                start: None,
                kill: false,
                ended: false,
                link: link.id,
            });
            held.link = link.id;
            held.start = None;
        }
        if drains {
            return Vec::new();
        }
        let here: std::collections::HashSet<u64> = known.iter().map(|one| one.fence).collect();
        let mut lost = Vec::new();
        for (fence, one) in &mut self.tries {
            let elsewhere = self.drained.iter().any(|other| other.id == one.link);
            if elsewhere {
                continue;
            }
            let is_new = one.link != link.id;
            one.link = link.id;
            if let Some(start) = one.start.as_ref().filter(|_| is_new) {
                link.send_bytes(start);
            } else if one.start.is_none() && !one.ended && !here.contains(fence) {
                lost.push((one.key, Fence(*fence)));
            }
            if one.kill && !one.ended && is_new {
                link.send(&kill_message(one.key, *fence));
            }
        }
        lost
    }

    /// Sends to a worker process, if it is still connected.
    pub fn send_to(&self, link: u64, message: &Down) {
        let mut links = self.main.iter().chain(&self.drained);
        if let Some(link) = links.find(|one| one.id == link) {
            link.send(message);
        }
    }
}

/// Whether a try lets go of its permission with this.
const fn is_last(what: &Happened) -> bool {
    match what {
        Happened::Finished { .. }
        | Happened::Deferred(_)
        | Happened::Rescheduled { .. }
        | Happened::AwaitsInput(_) => true,
        Happened::Started { .. }
        | Happened::Fired { .. }
        | Happened::TriggerEnded { .. }
        | Happened::TriggerFailed { .. }
        | Happened::Labelled { .. } => false,
    }
}

fn kill_message(key: TiKey, fence: u64) -> Down {
    Down::Kill(Known {
        key: key.into(),
        fence,
    })
}
