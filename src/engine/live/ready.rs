//! Ready task instances in the order in which they start, so that a slot that frees is found a
//! taker without looking at those that cannot use it.
//!
//! A *lane* holds those of one pool that ask for the same number of slots. One that reaches the
//! front of its lane while its run, or its task, is at its limit is parked there. A slot of the run
//! that frees moves one of each lane back, since it is enough for one only. Invariant: where a run
//! has parked instances of a lane, at least as many of it are in the lane as the run may still
//! start.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use model::{RunNo, Timestamp};

/// One pool, one number of slots.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Lane {
    pub pool: u32,
    pub slots: u32,
}

/// Order of starting: weight, then date, then map index, then age of the run, then position.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ReadyKey {
    pub weight: Reverse<i32>,
    pub date: Timestamp,
    pub map: i32,
    pub run: RunNo,
    pub at: u32,
}

/// Those that may start as far as run and task are concerned.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    pub lanes: BTreeMap<Lane, BTreeSet<ReadyKey>>,
    /// Something has changed that may let one start.
    pub wake: bool,
}

/// Those that wait for another limit than the pool's.
#[derive(Debug, Default)]
pub(crate) struct Parked(BTreeMap<Lane, BTreeSet<ReadyKey>>);

impl Ready {
    /// Adds one.
    pub fn insert(&mut self, lane: Lane, key: ReadyKey) {
        self.lanes.entry(lane).or_default().insert(key);
        self.wake = true;
    }
    /// Takes one out; false when it is not here.
    pub fn remove(&mut self, lane: Lane, key: &ReadyKey) -> bool {
        remove(&mut self.lanes, lane, key)
    }
    /// The first of a lane.
    pub fn first(&self, lane: Lane) -> Option<ReadyKey> {
        self.lanes.get(&lane)?.first().copied()
    }
}

impl Parked {
    /// Adds one.
    pub fn insert(&mut self, lane: Lane, key: ReadyKey) {
        self.0.entry(lane).or_default().insert(key);
    }
    /// Takes one out; false when it is not here.
    pub fn remove(&mut self, lane: Lane, key: &ReadyKey) -> bool {
        remove(&mut self.0, lane, key)
    }
    /// Moves the first of a lane back.
    pub fn release(&mut self, lane: Lane, ready: &mut Ready) {
        let Some(keys) = self.0.get_mut(&lane) else {
            return;
        };
        if let Some(key) = keys.pop_first() {
            ready.insert(lane, key);
        }
        if keys.is_empty() {
            self.0.remove(&lane);
        }
    }
    /// Moves the first of each lane back: one more may start.
    pub fn release_each(&mut self, ready: &mut Ready) {
        self.0.retain(|lane, keys| {
            if let Some(key) = keys.pop_first() {
                ready.insert(*lane, key);
            }
            !keys.is_empty()
        });
    }
    /// Moves all back: the limit has changed.
    pub fn release_all(&mut self, ready: &mut Ready) {
        for (lane, keys) in std::mem::take(&mut self.0) {
            for key in keys {
                ready.insert(lane, key);
            }
        }
    }
    /// Whether one is here.
    pub fn contains(&self, lane: Lane, key: &ReadyKey) -> bool {
        self.0.get(&lane).is_some_and(|keys| keys.contains(key))
    }
}

fn remove(lanes: &mut BTreeMap<Lane, BTreeSet<ReadyKey>>, lane: Lane, key: &ReadyKey) -> bool {
    let Some(keys) = lanes.get_mut(&lane) else {
        return false;
    };
    let found = keys.remove(key);
    if keys.is_empty() {
        lanes.remove(&lane);
    }
    found
}
