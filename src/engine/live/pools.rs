//! Pools and how many of their slots are in use, counted as states change.

use std::collections::HashMap;

use model::{PoolName, change::Pool, state::TaskInstanceState as State};

use super::dirty::Dirty;

/// The pool of tasks that name none; always there.
pub(crate) const DEFAULT_POOL: &str = "default_pool";

/// How full a pool is, in slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolUsage {
    /// The pool.
    pub pool: Pool,
    /// Of running instances.
    pub running: i64,
    /// Of queued instances.
    pub queued: i64,
    /// Of scheduled instances, which wait for slots.
    pub scheduled: i64,
    /// Of deferred instances.
    pub deferred: i64,
    /// What counts against the pool.
    pub occupied: i64,
    /// Free ones; `i64::MAX` without end.
    pub open: i64,
}

/// Every pool that exists or that a task names.
#[derive(Debug)]
pub(crate) struct Pools {
    entries: Vec<Entry>,
    by_name: HashMap<PoolName, u32>,
}

/// A pool, or the name of one that does not exist.
#[derive(Debug)]
pub(crate) struct Entry {
    pub name: PoolName,
    pub row: Option<Pool>,
    pub used: Used,
}

/// Slots by state.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Used {
    pub scheduled: i64,
    pub queued: i64,
    pub running: i64,
    pub deferred: i64,
}

impl Pools {
    /// With `default_pool` alone.
    pub fn new(default_slots: i32, dirty: &mut Dirty) -> Self {
        let mut pools = Self {
            entries: Vec::new(),
            by_name: HashMap::new(),
        };
        pools.put(Pool {
            name: DEFAULT_POOL.into(),
            slots: default_slots,
            description: Some("Default pool".to_owned()),
            include_deferred: false,
        });
        dirty.pools.insert(DEFAULT_POOL.into());
        pools
    }
    /// The number of a name, given out at first sight.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(no) = self.by_name.get(name) {
            return *no;
        }
        let no = crate::plan::position(self.entries.len());
        self.by_name.insert(name.into(), no);
        self.entries.push(Entry {
            name: name.into(),
            row: None,
            used: Used::default(),
        });
        no
    }
    /// Creates or changes one.
    pub fn put(&mut self, pool: Pool) {
        let no = self.number(&pool.name);
        if let Some(entry) = self.entries.get_mut(no as usize) {
            entry.row = Some(pool);
        }
    }
    /// Deletes one; what uses it is still counted.
    pub fn delete(&mut self, name: &str) {
        let no = self.by_name.get(name).copied();
        if let Some(entry) = no.and_then(|no| self.entries.get_mut(no as usize)) {
            entry.row = None;
        }
    }
    /// By number.
    pub fn get(&self, no: u32) -> Option<&Entry> {
        self.entries.get(no as usize)
    }
    /// By name.
    pub fn named(&self, name: &str) -> Option<&Entry> {
        self.get(*self.by_name.get(name)?)
    }
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
    /// Free slots; none when there is no such pool.
    pub fn open(&self, no: u32) -> i64 {
        self.get(no).map_or(0, Entry::open)
    }
    /// Counts an instance's slots over a change of state.
    pub fn change(&mut self, no: u32, slots: u32, from: State, to: State, dirty: &mut Dirty) {
        let Some(entry) = self.entries.get_mut(no as usize) else {
            return;
        };
        let slots = i64::from(slots);
        let mut touched = false;
        if let Some(n) = entry.used.of(from) {
            *n -= slots;
            touched = true;
        }
        if let Some(n) = entry.used.of(to) {
            *n += slots;
            touched = true;
        }
        if touched && !dirty.touched_pools.contains(&entry.name) {
            dirty.touched_pools.insert(entry.name.clone());
        }
    }
}

impl Entry {
    /// What counts against the pool.
    pub fn occupied(&self) -> i64 {
        let deferred = self.row.as_ref().is_some_and(|pool| pool.include_deferred);
        let used = &self.used;
        used.queued + used.running + if deferred { used.deferred } else { 0 }
    }
    /// Free slots.
    pub fn open(&self) -> i64 {
        match &self.row {
            None => 0,
            Some(pool) if pool.slots < 0 => i64::MAX,
            Some(pool) => i64::from(pool.slots) - self.occupied(),
        }
    }
    /// For those who ask; none when the pool does not exist.
    pub fn usage(&self) -> Option<PoolUsage> {
        let Used {
            scheduled,
            queued,
            running,
            deferred,
        } = self.used;
        Some(PoolUsage {
            pool: self.row.clone()?,
            running,
            queued,
            scheduled,
            deferred,
            occupied: self.occupied(),
            open: self.open(),
        })
    }
}

impl Used {
    const fn of(&mut self, state: State) -> Option<&mut i64> {
        match state {
            State::Scheduled => Some(&mut self.scheduled),
            State::Queued => Some(&mut self.queued),
            State::Running => Some(&mut self.running),
            State::Deferred => Some(&mut self.deferred),
            State::NoStatus
            | State::Removed
            | State::Success
            | State::Restarting
            | State::Failed
            | State::UpForRetry
            | State::UpForReschedule
            | State::UpstreamFailed
            | State::Skipped
            | State::AwaitingInput => None,
        }
    }
}
