//! What is unfinished, in memory: the dags, the pools, the runs that are queued or running.

pub(crate) mod assets;
pub(crate) mod backfills;
pub(crate) mod dags;
pub(crate) mod dirty;
pub(crate) mod expansion;
pub(crate) mod load;
pub(crate) mod pools;
pub(crate) mod questions;
pub(crate) mod ready;
pub(crate) mod run;
pub(crate) mod state;
pub(crate) mod tally;
pub(crate) mod timers;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use model::{
    AuditNo, DagId, DagNo, Fence, RunNo, TaskNo, Timestamp,
    callback::OwedCallback,
    change::{Counters, DagFile},
    deadline::Deadline,
};

use crate::{Options, View};

use assets::Assets;
use dags::LiveDag;
use dirty::Dirty;
use pools::Pools;
use ready::Ready;
use run::LiveRun;
use timers::Timers;

/// The state of what is unfinished. It can be derived from the book at any time.
#[derive(Debug)]
pub struct Live {
    pub(crate) options: Options,
    pub(crate) counters: Counters,
    pub(crate) pools: Pools,
    pub(crate) dags: BTreeMap<DagNo, LiveDag>,
    pub(crate) by_id: HashMap<DagId, DagNo>,
    pub(crate) files: BTreeMap<String, DagFile>,
    pub(crate) assets: Assets,
    /// The newest entry of the audit log.
    pub(crate) last_audit: AuditNo,
    pub(crate) runs: BTreeMap<RunNo, LiveRun>,
    pub(crate) timers: Timers,
    pub(crate) ready: Ready,
    /// Task instances to examine.
    pub(crate) work: VecDeque<(RunNo, u32)>,
    /// Tasks of later runs to examine, since the run before them went on.
    pub(crate) followed: Vec<(RunNo, TaskNo)>,
    /// Runs that may have ended.
    pub(crate) settle: BTreeSet<RunNo>,
    /// Dags with runs that may start.
    pub(crate) promote: BTreeSet<DagNo>,
    /// Callbacks that are not made yet.
    pub(crate) owed: BTreeMap<Fence, OwedCallback>,
    /// Backfills with dates that have not been seen to.
    pub(crate) making: BTreeSet<(u64, DagNo)>,
    /// Deadlines that have not passed.
    pub(crate) deadlines: BTreeMap<(RunNo, u32), Deadline>,
    /// The number of the next backfill.
    pub(crate) next_backfill: u64,
    /// Queued and running instances.
    pub(crate) executing: u32,
    /// Set while the disk is too full.
    pub(crate) disk: Option<DiskFull>,
    pub(crate) dirty: Dirty,
    /// Task instances that one step examines before it lets others have a turn.
    pub(crate) cascade_tasks_max: usize,
}

/// How much room is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DiskFull {
    pub free_bytes: u64,
    pub needed_bytes: u64,
}

/// What every decision is given.
pub(crate) struct Cx<'a> {
    pub live: &'a mut Live,
    pub view: &'a dyn View,
    pub now: Timestamp,
}

impl Live {
    /// With nothing in it but `default_pool`.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut dirty = Dirty::default();
        let pools = Pools::new(options.default_pool_slots, &mut dirty);
        Self {
            options,
            counters: Counters::default(),
            pools,
            dags: BTreeMap::new(),
            by_id: HashMap::new(),
            files: BTreeMap::new(),
            assets: Assets::default(),
            last_audit: AuditNo::default(),
            runs: BTreeMap::new(),
            timers: Timers::default(),
            ready: Ready::default(),
            work: VecDeque::new(),
            followed: Vec::new(),
            settle: BTreeSet::new(),
            promote: BTreeSet::new(),
            owed: BTreeMap::new(),
            making: BTreeSet::new(),
            deadlines: BTreeMap::new(),
            next_backfill: 1,
            executing: 0,
            disk: None,
            dirty,
            cascade_tasks_max: model::limits::CASCADE_TASKS_MAX,
        }
    }

    /// When [`crate::step`] has something to do; [`Timestamp::MIN`] when it has now.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let now = !self.work.is_empty()
            || !self.followed.is_empty()
            || !self.settle.is_empty()
            || !self.promote.is_empty()
            || (!self.making.is_empty() && self.disk.is_none());
        if now {
            return Some(Timestamp::MIN);
        }
        self.timers.first()
    }

    pub(crate) fn new_fence(&mut self) -> Fence {
        let fence = self.counters.fence;
        self.counters.fence = Fence(fence.0.saturating_add(1));
        self.dirty.counters = true;
        fence
    }
    pub(crate) fn new_run_no(&mut self) -> RunNo {
        let run = self.counters.run;
        self.counters.run = RunNo(run.0.saturating_add(1));
        self.dirty.counters = true;
        run
    }
    pub(crate) fn new_dag_no(&mut self) -> DagNo {
        let dag = self.counters.dag;
        self.counters.dag = DagNo(dag.0.saturating_add(1));
        self.dirty.counters = true;
        dag
    }
    /// Puts a task instance on the list of those to examine, once.
    pub(crate) fn push_work(&mut self, run: RunNo, at: u32) {
        if let Some(live) = self.runs.get_mut(&run) {
            live.push_work(&mut self.work, at);
        }
    }
}
