//! A book in memory: what the store is to the engine.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use model::{
    AliasNo, AssetEventNo, AssetNo, AuditNo, DagNo, Fence, Json, RunNo, TaskId, TaskNo, TiKey,
    Timestamp, VersionNo,
    asset::EventSource,
    audit::AuditEntry,
    backfill::Backfill,
    callback::OwedCallback,
    change::{
        Change, Connection, Counters, DagFile, DagRow, DagVersion, Kept, KeptValue, Pool, Variable,
    },
    dag::Dag,
    deadline::Deadline,
    human::HumanInput,
    run::DagRun,
    state::DagRunType,
    task_instance::TaskInstance,
};

use super::asset_book::AssetBook;
use crate::{Live, Options, View};

/// All rows, and the dags as they were published.
#[derive(Default, Clone)]
pub(crate) struct Book {
    pub counters: Counters,
    pub dags: BTreeMap<DagNo, DagRow>,
    pub names: BTreeMap<(DagNo, TaskNo), TaskId>,
    pub versions: BTreeMap<(DagNo, VersionNo), DagVersion>,
    pub runs: BTreeMap<RunNo, DagRun>,
    pub backfills: BTreeMap<u64, Backfill>,
    pub deadlines: BTreeMap<(RunNo, u32), Deadline>,
    pub tis: BTreeMap<TiKey, TaskInstance>,
    pub archive: BTreeMap<(TiKey, u32), TaskInstance>,
    pub xcoms: BTreeMap<(TiKey, String), Json>,
    pub pools: BTreeMap<String, Pool>,
    pub variables: BTreeMap<String, Variable>,
    pub kept: BTreeMap<(TiKey, Kept), KeptValue>,
    pub callbacks: BTreeMap<Fence, OwedCallback>,
    pub humans: BTreeMap<(TiKey, u32), HumanInput>,
    pub connections: BTreeMap<String, Connection>,
    pub files: BTreeMap<String, DagFile>,
    /// By the hash of its source.
    pub sources: BTreeMap<String, Arc<Dag>>,
    pub assets: AssetBook,
    pub audit: BTreeMap<AuditNo, AuditEntry>,
    /// How often a whole run was read.
    pub runs_read: RefCell<u32>,
}

impl Book {
    /// Writes a batch as the store does, and checks what it is told of the states that were.
    pub fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.write(change);
        }
    }

    #[allow(clippy::wildcard_enum_match_arm)] // All others are about assets.
    fn write(&mut self, change: Change) {
        match change {
            Change::PutDag(row) => drop(self.dags.insert(row.no, *row)),
            Change::PutTaskName { dag, task, task_id } => {
                assert!(self.names.insert((dag, task), task_id).is_none());
            }
            Change::PutVersion(version) => {
                self.versions
                    .insert((version.dag, version.version), *version);
            }
            Change::DeleteDag { dag, .. } => {
                self.dags.remove(&dag);
                self.names.retain(|(other, _), _| *other != dag);
                self.backfills.retain(|_, backfill| backfill.dag != dag);
                self.versions.retain(|(other, _), _| *other != dag);
            }
            Change::PutDeadline(row) => {
                self.deadlines.insert((row.run, row.alert), row);
            }
            Change::DeleteDeadline { run, alert } => {
                self.deadlines.remove(&(run, alert));
            }
            Change::PutBackfill(row) => drop(self.backfills.insert(row.no, *row)),
            Change::PutRun { run, was } => {
                assert_eq!(
                    self.runs.get(&run.no).map(|run| run.state),
                    was,
                    "{}",
                    run.run_id
                );
                self.runs.insert(run.no, *run);
            }
            Change::DeleteRun { run } => {
                assert!(self.runs.remove(&run).is_some());
                self.deadlines.retain(|(of, _), _| *of != run);
                self.tis.retain(|key, _| key.run != run);
                self.archive.retain(|(key, _), _| key.run != run);
                self.xcoms.retain(|(key, _), _| key.run != run);
                self.assets.consumed.remove(&run);
            }
            Change::PutTaskInstance { ti, was, .. } => {
                assert_eq!(
                    self.tis.get(&ti.key).map(|ti| ti.state),
                    was,
                    "{:?}",
                    ti.key
                );
                self.tis.insert(ti.key, *ti);
            }
            Change::DeleteTaskInstance { key, .. } => {
                assert!(self.tis.remove(&key).is_some());
            }
            Change::ArchiveTry(ti) => drop(self.archive.insert((ti.key, ti.try_number), *ti)),
            Change::PutXCom {
                key, name, value, ..
            } => {
                self.xcoms.insert((key, name), value);
            }
            Change::DeleteXCom { key, name } => self
                .xcoms
                .retain(|(other, n), _| *other != key || name.as_ref().is_some_and(|x| x != n)),
            Change::PutPool(pool) => drop(self.pools.insert(pool.name.to_string(), pool)),
            Change::DeletePool { name } => drop(self.pools.remove(&*name)),
            Change::PutKept { key, what, value } => drop(self.kept.insert((key, what), value)),
            Change::DeleteKept { key, what } => drop(self.kept.remove(&(key, what))),
            Change::PutCallback(it) => drop(self.callbacks.insert(it.no, it)),
            Change::DeleteCallback { no } => drop(self.callbacks.remove(&no)),
            Change::PutHumanInput(it) => {
                self.humans.insert((it.key, it.try_number), *it);
            }
            Change::PutConnection(it) => {
                drop(self.connections.insert(it.conn_id.clone(), it));
            }
            Change::DeleteConnection { conn_id } => drop(self.connections.remove(&conn_id)),
            Change::PutVariable(v) => drop(self.variables.insert(v.key.clone(), v)),
            Change::DeleteVariable { key } => drop(self.variables.remove(&key)),
            Change::PutFile(file) => drop(self.files.insert(file.path.clone(), *file)),
            Change::DeleteFile { path } => drop(self.files.remove(&path)),
            Change::PutCounters(counters) => self.counters = counters,
            Change::PutAudit { no, entry } => {
                assert!(self.audit.insert(no, *entry).is_none());
            }
            Change::DeleteAudit { no } => drop(self.audit.remove(&no)),
            other => self.assets.write(other),
        }
    }

    /// The live state that follows from the book.
    pub fn load(&self, options: Options) -> Live {
        let mut live = Live::new(options);
        live.load_counters(self.counters);
        for pool in self.pools.values() {
            live.load_pool(pool.clone());
        }
        for row in self.dags.values() {
            let names = self.names.iter().filter(|((dag, _), _)| *dag == row.no);
            let names = names.map(|((_, no), id)| (*no, id.clone())).collect();
            live.load_dag(row.clone(), names);
        }
        for file in self.files.values() {
            live.load_file(file.clone());
        }
        for owed in self.callbacks.values() {
            live.load_callback(owed.clone());
        }
        self.assets.load(&mut live);
        if let Some((no, _)) = self.audit.last_key_value() {
            live.load_last_audit(*no);
        }
        for deadline in self.deadlines.values() {
            live.load_deadline(deadline.clone());
        }
        for backfill in self.backfills.values() {
            live.load_backfill(backfill.clone(), self);
        }
        for run in self.runs.values().filter(|run| !run.state.is_finished()) {
            if live.load_waiting(run, self) {
                continue;
            }
            assert!(live.load_run(run.clone(), self.task_instances(run.no), self));
        }
        live
    }
}

impl View for Book {
    fn run_no(&self, dag: DagNo, run_id: &str) -> Option<RunNo> {
        let mut runs = self.runs.values();
        runs.find(|run| run.dag == dag && &*run.run_id == run_id)
            .map(|run| run.no)
    }
    fn run_no_by_logical_date(&self, dag: DagNo, at: Timestamp) -> Option<RunNo> {
        let mut runs = self.runs.values();
        runs.find(|run| run.dag == dag && run.logical_date == Some(at))
            .map(|run| run.no)
    }
    fn run(&self, run: RunNo) -> Option<DagRun> {
        self.runs.get(&run).cloned()
    }
    fn task_instances(&self, run: RunNo) -> Vec<TaskInstance> {
        *self.runs_read.borrow_mut() += 1;
        let first = TiKey {
            run,
            task: TaskNo(0),
            map: model::MapIndex(i32::MIN),
        };
        let tis = self
            .tis
            .range(first..)
            .take_while(|(key, _)| key.run == run);
        tis.map(|(_, ti)| ti.clone()).collect()
    }
    fn runs_between(
        &self,
        dag: DagNo,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Vec<RunNo> {
        let mut runs: Vec<_> = self
            .runs
            .values()
            .filter(|run| run.dag == dag)
            .filter_map(|run| Some((run.logical_date?, run.no)))
            .filter(|(at, _)| from.is_none_or(|from| from <= *at) && to.is_none_or(|to| *at <= to))
            .collect();
        runs.sort_unstable();
        runs.into_iter().map(|(_, no)| no).collect()
    }
    fn previous_run(&self, dag: DagNo, before: Timestamp, scheduled_only: bool) -> Option<RunNo> {
        let wanted = |run: &&DagRun| {
            run.dag == dag && (!scheduled_only || run.run_type != DagRunType::Manual)
        };
        let runs = self.runs.values().filter(wanted);
        let dated = runs.filter_map(|run| Some((run.logical_date?, run.no)));
        dated.filter(|(at, _)| *at < before).max().map(|(_, no)| no)
    }
    fn last_runs(&self, dag: DagNo, n: usize) -> Vec<RunNo> {
        let mut runs: Vec<_> = self
            .runs
            .values()
            .filter(|run| run.dag == dag)
            .map(|run| std::cmp::Reverse((run.run_after, run.no)))
            .collect();
        runs.sort_unstable();
        runs.into_iter().take(n).map(|run| run.0.1).collect()
    }
    fn dag(&self, dag: DagNo, version: VersionNo) -> Option<Arc<Dag>> {
        let version = self.versions.get(&(dag, version))?;
        self.sources.get(&version.hash).cloned()
    }
    fn asset_events(
        &self,
        asset: AssetNo,
        after: Option<Timestamp>,
        until: Timestamp,
    ) -> Vec<AssetEventNo> {
        self.assets.between(after, until, |it| it.asset == asset)
    }
    fn alias_events(
        &self,
        alias: AliasNo,
        after: Option<Timestamp>,
        until: Timestamp,
    ) -> Vec<AssetEventNo> {
        self.assets
            .between(after, until, |it| it.aliases.contains(&alias))
    }
    fn asset_event_source(&self, event: AssetEventNo) -> Option<EventSource> {
        self.assets.events.get(&event)?.source.clone()
    }
    fn last_asset_run(
        &self,
        dag: DagNo,
        before: Timestamp,
        is_there: &dyn Fn(RunNo) -> bool,
    ) -> Option<Timestamp> {
        let runs = self.runs.values();
        let runs = runs.filter(|run| run.dag == dag && is_there(run.no));
        let runs = runs.filter(|run| run.run_type == DagRunType::AssetTriggered);
        runs.map(|run| run.run_after)
            .filter(|at| *at < before)
            .max()
    }
    fn backfill(&self, no: u64) -> Option<Backfill> {
        self.backfills.get(&no).cloned()
    }
    fn variable(&self, key: &str) -> Option<String> {
        let sealed = self.variables.get(key)?.sealed.clone();
        String::from_utf8(sealed).ok()
    }
    fn variable_exists(&self, key: &str) -> bool {
        self.variables.contains_key(key)
    }
    fn kept(&self, key: TiKey, what: &Kept) -> Option<KeptValue> {
        self.kept.get(&(key, what.clone())).cloned()
    }
    fn human_input(&self, key: TiKey, try_number: u32) -> Option<HumanInput> {
        self.humans.get(&(key, try_number)).cloned()
    }
    fn connection_exists(&self, conn_id: &str) -> bool {
        self.connections.contains_key(conn_id)
    }
    fn task_instance(&self, key: TiKey) -> Option<TaskInstance> {
        self.tis.get(&key).cloned()
    }
}
