//! What is unfinished, in memory.

use std::collections::BTreeSet;

use model::{
    DagNo, PoolName, RunNo, TaskId, TaskNo, TiKey, Timestamp, VersionNo,
    change::{Change, Counters, DagFile, DagRow, Pool},
    effect::Effect,
    reason::Reason,
    run::DagRun,
    task_instance::TaskInstance,
};

use crate::View;

/// What the operator chose.
#[derive(Clone, Debug)]
pub struct Options {
    /// Task instances queued or running at once in the whole deployment (`core.parallelism`).
    pub parallelism: u32,
    /// Whether a dag that says nothing about it is paused when first seen.
    pub dags_are_paused_at_creation: bool,
    /// Slots of `default_pool` where the book has none yet.
    pub default_pool_slots: i32,
}

/// What a batch leaves to do: first the book, then the world.
#[derive(Debug, Default)]
pub struct Drained {
    /// One transaction; each key once.
    pub changes: Vec<Change>,
    /// To carry out in order, after the commit.
    pub effects: Vec<Effect>,
    /// For live notices.
    pub touched: Touched,
}

/// What a batch changed, for those who watch.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Dags with a new row.
    pub dags: BTreeSet<DagNo>,
    /// Runs whose row or task instances changed.
    pub runs: BTreeSet<RunNo>,
    /// Pools whose row or use changed.
    pub pools: BTreeSet<PoolName>,
    /// Dag files whose row changed.
    pub files: BTreeSet<String>,
}

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

/// The state of what is unfinished. It can be derived from the book at any time.
#[derive(Debug)]
pub struct Live {
    options: Options,
}

impl Live {
    /// With nothing in it.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options }
    }
    /// The numbers to give out next.
    pub fn load_counters(&mut self, _counters: Counters) {}
    /// A pool of the book.
    pub fn load_pool(&mut self, _pool: Pool) {}
    /// A dag with the numbers of all tasks that it ever had.
    pub fn load_dag(&mut self, _row: DagRow, _tasks: Vec<(TaskNo, TaskId)>) {}
    /// A dag file's row.
    pub fn load_file(&mut self, _file: DagFile) {}
    /// A run that is not finished, with all its task instances.
    pub fn load_run(&mut self, _run: DagRun, _tis: Vec<TaskInstance>, _view: &dyn View) {}
    /// When [`crate::step`] has something to do; in the past when it has now.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        None
    }
    /// The rows of all dags.
    pub fn dags(&self) -> impl Iterator<Item = &DagRow> {
        std::iter::empty()
    }
    /// The number of a dag.
    #[must_use]
    pub fn dag_no(&self, _dag_id: &str) -> Option<DagNo> {
        None
    }
    /// A dag file's row.
    #[must_use]
    pub fn file(&self, _path: &str) -> Option<&DagFile> {
        None
    }
    /// The version of a dag that new runs follow.
    #[must_use]
    pub fn version(&self, _dag: DagNo) -> Option<VersionNo> {
        None
    }
    /// The row of a live run.
    #[must_use]
    pub fn run(&self, _run: RunNo) -> Option<&DagRun> {
        None
    }
    /// A task instance of a live run.
    #[must_use]
    pub fn task_instance(&self, _key: TiKey) -> Option<&TaskInstance> {
        None
    }
    /// Why a task instance is where it is, the most telling first.
    #[must_use]
    pub fn task_reasons(&self, _key: TiKey, _view: &dyn View, _now: Timestamp) -> Vec<Reason> {
        Vec::new()
    }
    /// Why a run is where it is.
    #[must_use]
    pub fn run_reasons(&self, _run: RunNo, _view: &dyn View, _now: Timestamp) -> Vec<Reason> {
        Vec::new()
    }
    /// How full the pools are.
    #[must_use]
    pub fn pool_usage(&self) -> Vec<PoolUsage> {
        let _ = &self.options;
        Vec::new()
    }
}
