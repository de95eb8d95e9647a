//! What servers are told of sessions, and were not yet heard to have taken: frames without an
//! answer are told again to the next server.

use crate::wire::{Ended, Note, Reply, Up};
use std::collections::{BTreeMap, HashMap, HashSet};
use tokio::sync::mpsc::UnboundedSender;

/// A word to a session.
pub enum Order {
    /// The answer to a frame that waited for it.
    Reply(Reply),
    /// A frame of the server's own.
    Tell(Vec<u8>),
    /// It is to end.
    End(Ended),
}

/// The sessions that are open, or whose end is not acknowledged.
#[derive(Default)]
pub struct Sessions {
    all: HashMap<u64, Told>,
    /// Zygotes that the present server knows.
    zygotes: HashSet<u64>,
}

struct Told {
    orders: UnboundedSender<Order>,
    /// Ends with the connection.
    ephemeral: bool,
    /// The zygote and what it found out, once there is one.
    zygote: Option<(u64, String)>,
    note: Option<Note>,
    last: u64,
    waiting: BTreeMap<u64, Vec<u8>>,
}

impl Sessions {
    /// Takes a session in.
    pub fn begin(&mut self, session: u64, ephemeral: bool, orders: UnboundedSender<Order>) {
        let told = Told {
            orders,
            ephemeral,
            zygote: None,
            note: None,
            last: 0,
            waiting: BTreeMap::new(),
        };
        self.all.insert(session, told);
    }

    /// It has a process. With `first`, what was to be kept for its start is told as frame 0.
    pub fn opened(
        &mut self,
        session: u64,
        zygote: (u64, String),
        first: Option<Vec<u8>>,
        say: &mut dyn FnMut(&Up),
    ) {
        self.opened_unheard(session, zygote, first);
        self.tell(session, say);
    }

    /// The same while no server is there.
    pub fn opened_unheard(&mut self, session: u64, zygote: (u64, String), first: Option<Vec<u8>>) {
        if let Some(told) = self.all.get_mut(&session) {
            told.zygote = Some(zygote);
            told.waiting.extend(first.map(|first| (0, first)));
        }
    }

    /// Its child said something. Gives how many frames wait.
    pub fn frame(&mut self, session: u64, bytes: Vec<u8>, say: &mut dyn FnMut(&Up)) -> usize {
        let Some(told) = self.all.get_mut(&session) else {
            return 0;
        };
        told.last += 1;
        let n = told.last;
        let frame = Up::Frame { session, n, bytes };
        say(&frame);
        if let Up::Frame { bytes, .. } = frame {
            told.waiting.insert(n, bytes);
        }
        told.waiting.len()
    }

    /// The server answers. A second answer to a frame goes nowhere.
    pub fn reply(&mut self, reply: Reply) {
        if let Some(told) = self.all.get_mut(&reply.session)
            && told.waiting.remove(&reply.n).is_some()
        {
            told.note = reply.note.or(told.note);
            let _ = told.orders.send(Order::Reply(reply));
        }
    }

    /// Anything else that the server wants of a session.
    pub fn order(&mut self, session: u64, order: Order) {
        if let Some(told) = self.all.get(&session) {
            let _ = told.orders.send(order);
        }
    }

    /// What the servers before have left.
    pub fn note(&self, session: u64) -> Option<Note> {
        self.all.get(&session).and_then(|told| told.note)
    }

    /// Nothing more is to be told.
    pub fn forget(&mut self, session: u64) {
        self.all.remove(&session);
    }

    /// Tells a server that has just come what it needs to know of one.
    pub fn tell(&mut self, session: u64, say: &mut dyn FnMut(&Up)) {
        let Some(told) = self.all.get(&session) else {
            return;
        };
        let Some((zygote, facts)) = &told.zygote else {
            return;
        };
        if self.zygotes.insert(*zygote) {
            say(&Up::Zygote {
                zygote: *zygote,
                facts: facts.clone(),
            });
        }
        say(&Up::Session {
            session,
            zygote: *zygote,
            note: told.note,
        });
        for (n, bytes) in &told.waiting {
            say(&Up::Frame {
                session,
                n: *n,
                bytes: bytes.clone(),
            });
        }
    }

    /// The server is gone, and with it those who ask for what only it wants.
    pub fn disconnect(&mut self) {
        self.zygotes.clear();
        for told in self.all.values().filter(|told| told.ephemeral) {
            let _ = told.orders.send(Order::End(Ended::Asked));
        }
    }
}
