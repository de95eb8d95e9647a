//! A dag with its live runs.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use model::{
    DagNo, Fence, RunId, RunNo, TaskId, TaskNo, Timestamp, VersionNo, change::DagRow, dag::Dag,
    run::DagRun, state::DagRunState,
};

use super::{Live, backfills::LiveBackfill, ready::Parked, run::LiveRun};
use crate::{View, plan::Plan};

/// A dag: its row, the numbers of its tasks, what of it is in memory.
#[derive(Debug)]
pub(crate) struct LiveDag {
    pub row: DagRow,
    pub tasks: HashMap<TaskId, TaskNo>,
    /// Versions that live runs follow, and the latest once it was needed.
    pub plans: BTreeMap<VersionNo, Arc<Plan>>,
    pub by_run_id: HashMap<RunId, RunNo>,
    pub by_date: BTreeMap<Timestamp, RunNo>,
    pub runs: BTreeSet<RunNo>,
    /// Queued runs, those of backfills left out.
    pub queued: BTreeSet<(Timestamp, RunNo)>,
    /// Running runs, those of backfills left out.
    pub n_running: u32,
    /// Backfills that are not over, and those whose runs were cleared.
    pub backfills: BTreeMap<u64, LiveBackfill>,
    /// Hash of the latest version's source, when it was published by this process.
    pub hash: Option<String>,
    /// Whether the latest version is known to have no runs.
    pub unused: bool,
    /// Tasks with a limit of their own over all runs.
    pub limits: BTreeMap<TaskNo, TaskLimit>,
    /// When the timer for the next run is set.
    pub armed: Option<Timestamp>,
    /// The question about the next run that has no answer yet; until then none is created.
    pub asked: Option<Fence>,
    /// What a custom timetable calls the next run; none while it was not asked.
    pub named: Option<Option<RunId>>,
}

/// `max_active_tis_per_dag` of a task.
#[derive(Debug, Default)]
pub(crate) struct TaskLimit {
    pub active: u32,
    pub parked: Parked,
}

impl LiveDag {
    /// Without runs.
    pub fn new(row: DagRow, tasks: Vec<(TaskNo, TaskId)>) -> Self {
        Self {
            row,
            tasks: tasks.into_iter().map(|(no, id)| (id, no)).collect(),
            plans: BTreeMap::new(),
            by_run_id: HashMap::new(),
            by_date: BTreeMap::new(),
            runs: BTreeSet::new(),
            queued: BTreeSet::new(),
            n_running: 0,
            backfills: BTreeMap::new(),
            hash: None,
            unused: false,
            limits: BTreeMap::new(),
            armed: None,
            asked: None,
            named: None,
        }
    }
    /// Runs that are queued or running, those of backfills left out.
    pub fn n_active(&self) -> u32 {
        self.n_running + crate::plan::position(self.queued.len())
    }
    /// The live runs, oldest first.
    pub fn live_runs(&self) -> Vec<RunNo> {
        self.runs.iter().copied().collect()
    }
    /// Paused, or its file is gone.
    pub const fn is_held(&self) -> bool {
        self.row.is_paused || self.row.is_stale
    }
    /// Writes a run into the indexes, or (`is_in` false) out of them.
    pub fn index(&mut self, run: &LiveRun, is_in: bool) {
        let row = &run.row;
        if is_in {
            self.runs.insert(row.no);
            self.by_run_id.insert(row.run_id.clone(), row.no);
        } else {
            self.runs.remove(&row.no);
            self.by_run_id.remove(&row.run_id);
        }
        if let Some(at) = row.logical_date {
            if is_in {
                self.by_date.insert(at, row.no);
            } else {
                self.by_date.remove(&at);
            }
        }
        self.count(row, row.state, is_in);
    }
    /// Keeps the place of a queued run of a backfill that leaves the memory.
    pub fn wait(&mut self, row: &DagRun) {
        if row.state == DagRunState::Queued {
            self.count(row, row.state, true);
        }
    }
    /// Counts a run in or out as one of `state`.
    pub fn count(&mut self, row: &DagRun, state: DagRunState, is_in: bool) {
        let (run_after, no) = (row.run_after, row.no);
        let backfill = row
            .backfill
            .and_then(|(backfill, ordinal)| Some((self.backfills.get_mut(&backfill)?, ordinal)));
        if let Some((backfill, ordinal)) = backfill {
            backfill.count((ordinal, no), run_after, state, is_in);
            return;
        }
        match state {
            DagRunState::Queued if is_in => {
                self.queued.insert((run_after, no));
            }
            DagRunState::Queued => {
                self.queued.remove(&(run_after, no));
            }
            DagRunState::Running if is_in => self.n_running += 1,
            DagRunState::Running => self.n_running = self.n_running.saturating_sub(1),
            DagRunState::Success | DagRunState::Failed => {}
        }
    }
}

impl Live {
    /// A compiled version; none when its source cannot be read any more.
    pub(crate) fn plan(
        &mut self,
        dag: DagNo,
        version: VersionNo,
        view: &dyn View,
    ) -> Option<Arc<Plan>> {
        if let Some(plan) = self.dags.get(&dag)?.plans.get(&version) {
            return Some(Arc::clone(plan));
        }
        let read = view.dag(dag, version)?;
        self.compile(dag, version, read)
    }
    /// Compiles a version and keeps it.
    pub(crate) fn compile(
        &mut self,
        dag: DagNo,
        version: VersionNo,
        read: Arc<Dag>,
    ) -> Option<Arc<Plan>> {
        let live = self.dags.get_mut(&dag)?;
        let (tasks, pools) = (&live.tasks, &mut self.pools);
        let plan = Arc::new(Plan::new(
            dag,
            version,
            read,
            |id| tasks.get(id).copied(),
            |pool| pools.number(pool),
        ));
        live.plans.insert(version, Arc::clone(&plan));
        crate::evaluate::weights(self, &plan);
        Some(plan)
    }
    /// The latest version of a dag.
    pub(crate) fn latest(&mut self, dag: DagNo, view: &dyn View) -> Option<Arc<Plan>> {
        let version = self.dags.get(&dag)?.row.version;
        self.plan(dag, version, view)
    }
    /// A dag's row, to be changed.
    pub(crate) fn change_dag(&mut self, dag: DagNo) -> Option<&mut DagRow> {
        let live = self.dags.get_mut(&dag)?;
        self.dirty.dags.insert(dag);
        Some(&mut live.row)
    }
}
