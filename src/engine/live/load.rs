//! Taking in what the book says, at the start and when a finished run is wanted again.

use std::collections::BTreeMap;

use model::{
    AuditNo, RunNo, TaskId, TaskNo,
    callback::OwedCallback,
    change::{Counters, DagFile, DagRow, Pool},
    deadline::Deadline,
    run::DagRun,
    state::TaskInstanceState as State,
    task_instance::TaskInstance,
};

use super::{Cx, Live, dags::LiveDag, run::LiveRun, timers::Timer};
use crate::{View, attempt::stuck::stuck_at};

impl Live {
    /// The numbers to give out next.
    pub fn load_counters(&mut self, counters: Counters) {
        self.counters = counters;
    }
    /// The newest entry of the book's audit log.
    pub fn load_last_audit(&mut self, no: AuditNo) {
        self.last_audit = no;
    }
    /// A pool of the book.
    pub fn load_pool(&mut self, pool: Pool) {
        self.dirty.pools.remove(&pool.name);
        self.pools.put(pool);
    }
    /// A dag with the numbers of all tasks that it ever had.
    pub fn load_dag(&mut self, row: DagRow, tasks: Vec<(TaskNo, TaskId)>) {
        self.by_id.insert(row.dag_id.clone(), row.no);
        self.dags.insert(row.no, LiveDag::new(row, tasks));
    }
    /// A deadline of the book; one that was missed is over.
    pub fn load_deadline(&mut self, deadline: Deadline) {
        if !deadline.missed {
            crate::deadlines::watch(self, deadline);
        }
    }
    /// A dag file's row.
    pub fn load_file(&mut self, file: DagFile) {
        self.files.insert(file.path.clone(), file);
    }
    /// A callback that is owed.
    pub fn load_callback(&mut self, owed: OwedCallback) {
        self.owed.insert(owed.no, owed);
    }
    /// A run that is not finished, with all its task instances. Its dag must be loaded. False when
    /// its version of the dag cannot be read any more; then it stays as it is in the book.
    pub fn load_run(&mut self, run: DagRun, tis: Vec<TaskInstance>, view: &dyn View) -> bool {
        let Some(plan) = self.plan(run.dag, run.version, view) else {
            return false;
        };
        let no = run.no;
        let book = Some(run.state);
        self.know_backfill(&run, view);
        let mut run = LiveRun::of_book(run, plan, tis);
        run.book = book;
        self.insert_run(run);
        self.count_in(no);
        true
    }

    /// Takes a run in, without looking at its instances.
    pub(crate) fn insert_run(&mut self, run: LiveRun) {
        if let Some(dag) = self.dags.get_mut(&run.row.dag) {
            dag.index(&run, true);
            for task in run.plan.tasks.iter().filter(|task| task.per_dag.is_some()) {
                if !dag.limits.contains_key(&task.no) {
                    // Runs of other versions, where it has no limit, count as well.
                    let executing = executing_of(&self.runs, &dag.live_runs(), task.no);
                    dag.limits.entry(task.no).or_default().active = executing;
                }
            }
        }
        self.runs.insert(run.row.no, run);
    }

    /// Counts a run's instances into pools and limits. It is held until `refresh_hold` says
    /// otherwise.
    pub(crate) fn count_in(&mut self, no: RunNo) {
        let Live {
            runs,
            dags,
            pools,
            dirty,
            timers,
            executing,
            options,
            ..
        } = self;
        let Some(run) = runs.get_mut(&no) else { return };
        let Some(dag) = dags.get_mut(&run.row.dag) else {
            return;
        };
        for (at, slot) in run.slots.iter().enumerate() {
            let Some(task) = run.plan.plan(slot.task) else {
                continue;
            };
            let state = slot.ti.state;
            let at = crate::plan::position(at);
            pools.change(task.pool, task.pool_slots, State::NoStatus, state, dirty);
            if state.is_executing() {
                *executing += 1;
                if let Some(limit) = dag.limits.get_mut(&task.no) {
                    limit.active += 1;
                }
            }
            if let Some(when) = slot.ti.queued_when.filter(|_| state == State::Queued) {
                timers.at(stuck_at(options, when), Timer::Stuck(no, at));
            }
            if let Some(timer) = waits(&slot.ti) {
                timers.at(timer, Timer::Wait(no, at));
            }
            let timeout = slot
                .ti
                .deferral
                .as_ref()
                .and_then(|deferral| deferral.timeout);
            let waits = matches!(state, State::Deferred | State::AwaitingInput);
            if let Some(timeout) = timeout.filter(|_| waits) {
                timers.at(timeout, Timer::DeferralTimeout(no, at));
            }
        }
    }
}

/// Queued and running instances of a task in those of the runs that are taken in.
fn executing_of(runs: &BTreeMap<RunNo, LiveRun>, of: &[RunNo], task: TaskNo) -> u32 {
    let runs = of.iter().filter_map(|no| runs.get(no));
    let slots = runs.flat_map(|run| &run.slots);
    let executing = slots.filter(|slot| slot.ti.key.task == task && slot.ti.state.is_executing());
    crate::plan::position(executing.count())
}

/// When a waiting instance is to be looked at again. A retry waits until its time has *passed*.
pub(crate) fn waits(ti: &TaskInstance) -> Option<model::Timestamp> {
    let at = ti.not_before?;
    match ti.state {
        State::UpForRetry => Some(at.plus(model::TimeDelta::from_micros(1))),
        State::UpForReschedule => Some(at),
        State::NoStatus
        | State::Removed
        | State::Scheduled
        | State::Queued
        | State::Running
        | State::Success
        | State::Restarting
        | State::Failed
        | State::UpstreamFailed
        | State::Skipped
        | State::Deferred
        | State::AwaitingInput => None,
    }
}

impl Cx<'_> {
    /// Makes a run live, reading it from the book when it has ended.
    pub fn wake_run(&mut self, no: RunNo) -> bool {
        if self.live.runs.contains_key(&no) {
            return true;
        }
        if self.live.dirty.deleted_runs.contains_key(&no) {
            return false;
        }
        let Some(row) = self.view.run(no) else {
            return false;
        };
        let dag = row.dag;
        let tis = self.view.task_instances(no);
        // It leaves again with the next drain, should nothing of it change.
        self.live.dirty.runs.insert(no);
        let loaded = self.live.load_run(row, tis, self.view);
        if loaded {
            crate::rules::depends_on_past::forget(self.live, dag);
        }
        loaded
    }
}
