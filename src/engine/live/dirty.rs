//! What has changed since the last drain, each key once.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    AuditNo, DagId, DagNo, Fence, Json, PoolName, RunId, RunNo, TaskId, TaskNo, TiKey, Timestamp,
    VersionNo,
    audit::AuditEntry,
    backfill::Backfill,
    callback::OwedCallback,
    change::{Connection, DagVersion, Kept, KeptValue, Variable},
    deadline::Deadline,
    effect::Effect,
    human::HumanInput,
    run::DagRun,
    task_instance::{Deferral, TaskInstance},
};

use super::assets::DirtyAssets;

/// The marks of a batch, and its effects.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub counters: bool,
    pub dags: BTreeSet<DagNo>,
    /// Runs with a changed row or changed task instances.
    pub runs: BTreeSet<RunNo>,
    pub backfills: BTreeMap<u64, Backfill>,
    /// Deadlines to keep; none forgets.
    pub deadlines: BTreeMap<(RunNo, u32), Option<Deadline>>,
    /// Changed rows of queued runs that are not in memory.
    pub waiting: BTreeMap<RunNo, DagRun>,
    pub pools: BTreeSet<PoolName>,
    pub files: BTreeSet<String>,
    pub names: Vec<(DagNo, TaskNo, TaskId)>,
    pub versions: BTreeMap<(DagNo, VersionNo), DagVersion>,
    pub variables: BTreeMap<String, Option<Variable>>,
    pub connections: BTreeMap<String, Option<Connection>>,
    pub kept: BTreeMap<(TiKey, Kept), Option<KeptValue>>,
    /// Callbacks that are owed now, or no longer.
    pub callbacks: BTreeMap<Fence, Option<OwedCallback>>,
    pub humans: BTreeMap<(TiKey, u32), HumanInput>,
    pub archive: BTreeMap<(TiKey, u32), TaskInstance>,
    pub xcoms: BTreeMap<TiKey, XComs>,
    pub deleted_dags: Vec<(DagNo, DagId)>,
    /// Deleted runs, with whether the book has them.
    pub deleted_runs: BTreeMap<RunNo, bool>,
    pub assets: DirtyAssets,
    /// Entries of the audit log; none is forgotten.
    pub audit: BTreeMap<AuditNo, Option<AuditEntry>>,
    pub touched_pools: BTreeSet<PoolName>,
    pub effects: Vec<Effect>,
}

/// What happens to the XComs of a task instance.
#[derive(Debug, Default)]
pub(crate) struct XComs {
    /// All that the book has go first.
    pub cleared: bool,
    /// Values to keep; none deletes.
    pub values: BTreeMap<String, Option<(Json, Timestamp)>>,
}

impl Dirty {
    /// Keeps an XCom.
    pub fn put_xcom(&mut self, key: TiKey, name: String, value: Json, at: Timestamp) {
        let values = &mut self.xcoms.entry(key).or_default().values;
        values.insert(name, Some((value, at)));
    }
    /// Deletes an XCom.
    pub fn delete_xcom(&mut self, key: TiKey, name: String) {
        self.xcoms.entry(key).or_default().values.insert(name, None);
    }
    /// Deletes all XComs of a task instance.
    pub fn clear_xcoms(&mut self, key: TiKey) {
        let xcoms = self.xcoms.entry(key).or_default();
        xcoms.cleared = true;
        xcoms.values.clear();
    }
    /// Keeps a finished try.
    pub fn archive(&mut self, ti: TaskInstance) {
        self.archive.insert((ti.key, ti.try_number), ti);
    }
    /// Forgets what a deleted run had.
    pub fn delete_run(&mut self, run: RunNo, in_book: bool) {
        self.deleted_runs.insert(run, in_book);
        self.waiting.remove(&run);
        self.xcoms.retain(|key, _| key.run != run);
        self.kept.retain(|(key, _), _| key.run != run);
        self.archive.retain(|(key, _), _| key.run != run);
        self.humans.retain(|(key, _), _| key.run != run);
        self.assets.consumed.remove(&run);
    }
    /// Adds effects.
    pub fn kill(&mut self, key: TiKey, fence: Fence) {
        self.effects.push(Effect::Kill { key, fence });
    }
    /// Waits on behalf of a deferred instance.
    pub fn arm(&mut self, key: TiKey, fence: Fence, deferral: Deferral) {
        let deferral = Box::new(deferral);
        self.effects.push(Effect::Arm {
            key,
            fence,
            deferral,
        });
    }
    /// Says that a run's logs are to go.
    pub fn run_deleted(&mut self, dag: DagNo, run_id: RunId) {
        self.effects.push(Effect::RunDeleted { dag, run_id });
    }
}
