//! The tries that this worker process has, from their start until their end is acknowledged.

use crate::{
    process::kill::{Cause, Orders},
    python::{Order, Sessions},
    wire::{self, Known, Note, Reply, Up, What, frame},
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::mpsc::UnboundedSender;

/// One try.
pub struct Try {
    key: wire::Key,
    orders: Arc<Orders>,
    started: Option<wire::Report>,
    finished: Option<wire::Report>,
}

/// All of them, and what is to be sent.
#[derive(Default)]
pub struct Table {
    tries: HashMap<u64, Try>,
    /// The latest try of each task instance.
    latest: HashMap<wire::Key, u64>,
    sessions: Sessions,
    running: usize,
    out: Vec<u8>,
    connected: bool,
    draining: bool,
    stopping: bool,
}

impl Table {
    /// Takes a try in, unless its fence is known. An older one of the same instance that has not
    /// begun is dropped: the server has taken it back, and nobody waits for it.
    pub fn begin(&mut self, fence: u64, key: wire::Key) -> Option<Arc<Orders>> {
        if self.tries.contains_key(&fence) {
            return None;
        }
        let orders = Arc::new(Orders::default());
        if self.stopping {
            orders.end(Cause::Stopping);
        }
        let before = self.latest.insert(key, fence);
        match before.and_then(|before| Some((before, self.tries.get(&before)?))) {
            Some((newer, _)) if newer > fence => {
                self.latest.insert(key, newer);
            }
            Some((_, older)) if older.started.is_none() => older.orders.end(Cause::Asked),
            Some(_) | None => {}
        }
        let one = Try {
            key,
            orders: Arc::clone(&orders),
            started: None,
            finished: None,
        };
        self.tries.insert(fence, one);
        self.running += 1;
        Some(orders)
    }

    /// A try that is another worker process's to tell about.
    pub fn drop_try(&mut self, fence: u64) {
        if let Some(one) = self.tries.remove(&fence) {
            self.forget_latest(one.key, fence);
            self.running = self.running.saturating_sub(1);
        }
    }

    /// Keeps a report until it is acknowledged, and sends it.
    pub fn report(&mut self, report: wire::Report) {
        let Some(one) = self.tries.get_mut(&report.fence) else {
            return;
        };
        let message = Up::Report(report);
        if self.connected {
            // An end that is too long to be sent cannot be made: its parts have limits of their
            // own.
            let _ = frame::put(&message, &mut self.out);
        }
        let Up::Report(report) = message else { return };
        match report.what {
            What::Started { .. } => one.started = Some(report),
            What::Finished { .. } | What::Exited { .. } => {
                if one.finished.replace(report).is_none() {
                    self.running = self.running.saturating_sub(1);
                }
            }
        }
    }

    /// Forgets a try whose end is in the book. False when it is not known, or has not ended.
    pub fn ack(&mut self, fence: u64) -> bool {
        let ended = self
            .tries
            .get(&fence)
            .is_some_and(|one| one.finished.is_some());
        let gone = ended.then(|| self.tries.remove(&fence)).flatten();
        if let Some(one) = &gone {
            self.forget_latest(one.key, fence);
            self.sessions.forget(fence);
        }
        if self.tries.is_empty() {
            self.tries = HashMap::new();
        }
        gone.is_some()
    }

    fn forget_latest(&mut self, key: wire::Key, fence: u64) {
        if self.latest.get(&key) == Some(&fence) {
            self.latest.remove(&key);
        }
    }

    /// Ends a try. False when it is not known.
    pub fn kill(&mut self, fence: u64) -> bool {
        let one = self.tries.get(&fence);
        one.inspect(|one| one.orders.end(Cause::Asked)).is_some()
    }

    /// A server is there: it is told everything that is not acknowledged.
    pub fn connect(&mut self) -> Vec<Known> {
        self.connected = true;
        // A server that comes back wants to go on.
        self.stopping = false;
        self.out.clear();
        self.known()
    }

    /// Sends all reports again, after the welcome.
    pub fn retell(&mut self) {
        let mut fences: Vec<_> = self.tries.keys().copied().collect();
        fences.sort_unstable();
        let out = &mut self.out;
        let mut say = |message: &Up| drop(frame::put(message, out));
        for fence in fences {
            let Some(one) = self.tries.get(&fence) else {
                continue;
            };
            if let Some(started) = &one.started {
                say(&Up::Report(started.clone()));
            }
            // What it said comes before its end.
            self.sessions.tell(fence, &mut say);
            if let Some(finished) = &one.finished {
                say(&Up::Report(finished.clone()));
            }
        }
    }

    /// Takes a session in.
    pub fn begin_session(&mut self, session: u64, ephemeral: bool, orders: UnboundedSender<Order>) {
        self.sessions.begin(session, ephemeral, orders);
    }

    /// A session has a process.
    pub fn opened_session(&mut self, session: u64, zygote: (u64, String), first: Option<Vec<u8>>) {
        let (out, connected) = (&mut self.out, self.connected);
        if !connected {
            return self.sessions.opened_unheard(session, zygote, first);
        }
        let mut say = |message: &Up| drop(frame::put(message, out));
        self.sessions.opened(session, zygote, first, &mut say);
    }

    /// A session's child said something. Gives how many of its frames wait.
    pub fn frame(&mut self, session: u64, bytes: Vec<u8>) -> usize {
        let (out, connected) = (&mut self.out, self.connected);
        let mut say = |message: &Up| {
            if connected {
                let _ = frame::put(message, out);
            }
        };
        self.sessions.frame(session, bytes, &mut say)
    }

    /// The answer to a frame.
    pub fn reply(&mut self, reply: Reply) {
        self.sessions.reply(reply);
    }

    /// A server's word to a session.
    pub fn order(&mut self, session: u64, order: Order) {
        self.sessions.order(session, order);
    }

    /// What servers have left about a session.
    pub fn note(&self, session: u64) -> Option<Note> {
        self.sessions.note(session)
    }

    /// A session is over that nobody acknowledges.
    pub fn forget_session(&mut self, session: u64) {
        self.sessions.forget(session);
    }

    /// The server is gone.
    pub fn disconnect(&mut self) {
        self.connected = false;
        self.sessions.disconnect();
        self.out = Vec::new();
    }

    /// Every try that is not acknowledged.
    pub fn known(&self) -> Vec<Known> {
        let known = |(fence, one): (&u64, &Try)| Known {
            key: one.key,
            fence: *fence,
        };
        self.tries.iter().map(known).collect()
    }

    /// Takes what is to be sent.
    pub fn take_out(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Adds a message.
    pub fn send<T: serde::Serialize>(&mut self, message: &T) {
        let _ = frame::put(message, &mut self.out);
    }

    /// Take no new work and leave in the end.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Whether a successor is to have the socket.
    pub fn is_draining(&self) -> bool {
        self.draining
    }

    /// The successor may begin.
    pub fn say_draining(&mut self) {
        self.send(&Up::Draining);
    }

    /// Leave when all tries have ended; with a cause, end them.
    pub fn stop(&mut self, cause: Option<Cause>) {
        self.stopping = true;
        if let Some(cause) = cause {
            self.tries.values().for_each(|one| one.orders.end(cause));
        }
    }

    /// Nothing runs.
    pub fn is_quiet(&self) -> bool {
        self.running == 0
    }

    /// Nothing runs and nobody is there.
    pub fn is_idle(&self) -> bool {
        self.running == 0 && !self.connected
    }

    /// Told to leave, and free to: ends that are not acknowledged are in the claims.
    pub fn may_leave(&self) -> bool {
        let told = self.stopping || self.draining;
        told && self.running == 0 && (self.tries.is_empty() || !self.connected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(task: u32) -> wire::Key {
        model::TiKey {
            run: model::RunNo(1),
            task: model::TaskNo(task),
            map: model::MapIndex::NONE,
        }
        .into()
    }

    #[test]
    fn a_newer_start_drops_an_older_one_that_has_not_begun() {
        let mut table = Table::default();
        let one = table.begin(1, key(1)).unwrap();
        let other = table.begin(2, key(2)).unwrap();
        table.begin(3, key(1)).unwrap();
        assert_eq!((one.ended(), other.ended()), (Some(Cause::Asked), None));
        // One that has begun reports for itself, and an old one that comes late changes nothing.
        table.report(wire::Report {
            fence: 2,
            key: key(2),
            at_us: 0,
            what: What::Started { pid: Some(1) },
        });
        table.begin(5, key(2)).unwrap();
        let newest = table.begin(9, key(3)).unwrap();
        table.begin(8, key(3)).unwrap();
        assert_eq!((other.ended(), newest.ended()), (None, None));
    }
}
