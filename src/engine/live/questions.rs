//! What others may ask of the live state.

use model::{
    DagNo, RunNo, TiKey, VersionNo,
    change::{Counters, DagFile, DagRow},
    run::DagRun,
    task_instance::TaskInstance,
};

use super::{
    Live,
    pools::{Entry, PoolUsage},
};

impl Live {
    /// The rows of all dags, by number.
    pub fn dags(&self) -> impl Iterator<Item = &DagRow> {
        self.dags.values().map(|dag| &dag.row)
    }
    /// A dag's row.
    #[must_use]
    pub fn dag(&self, dag: DagNo) -> Option<&DagRow> {
        self.dags.get(&dag).map(|dag| &dag.row)
    }
    /// The number of a dag.
    #[must_use]
    pub fn dag_no(&self, dag_id: &str) -> Option<DagNo> {
        self.by_id.get(dag_id).copied()
    }
    /// A dag file's row.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&DagFile> {
        self.files.get(path)
    }
    /// The version of a dag that new runs follow.
    #[must_use]
    pub fn version(&self, dag: DagNo) -> Option<VersionNo> {
        self.dags.get(&dag).map(|dag| dag.row.version)
    }
    /// The rows of the live runs, oldest first.
    pub fn runs(&self) -> impl Iterator<Item = &DagRun> {
        self.runs.values().map(|run| &run.row)
    }
    /// The row of a live run.
    #[must_use]
    pub fn run(&self, run: RunNo) -> Option<&DagRun> {
        self.runs.get(&run).map(|run| &run.row)
    }
    /// A task instance of a live run.
    #[must_use]
    pub fn task_instance(&self, key: TiKey) -> Option<&TaskInstance> {
        let run = self.runs.get(&key.run)?;
        let slot = run.slot(run.find(key)?)?;
        Some(&slot.ti)
    }
    /// The task instances of a live run, in the order of its tasks.
    pub fn task_instances(&self, run: RunNo) -> impl Iterator<Item = &TaskInstance> {
        let slots = self.runs.get(&run).into_iter().flat_map(|run| &run.slots);
        slots.map(|slot| &slot.ti)
    }
    /// How full the pools are, by name.
    #[must_use]
    pub fn pool_usage(&self) -> Vec<PoolUsage> {
        let mut usage: Vec<_> = self.pools.iter().filter_map(Entry::usage).collect();
        usage.sort_by(|a, b| a.pool.name.cmp(&b.pool.name));
        usage
    }
    /// Queued and running instances of the deployment.
    #[must_use]
    pub const fn executing(&self) -> u32 {
        self.executing
    }
    /// The numbers to give out next.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        self.counters
    }
}
