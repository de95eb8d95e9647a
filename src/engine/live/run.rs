//! A run that is not finished, with its task instances by position in its version of the dag.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use model::{
    MapIndex, RunId, RunNo, TaskNo, TiKey, Timestamp,
    run::DagRun,
    state::{DagRunState, TaskInstanceState as State},
    task_instance::TaskInstance,
};

use super::{dirty::Dirty, ready::Parked};
use crate::plan::Plan;

/// A run that is queued or running, or was when the batch began.
#[derive(Debug)]
pub(crate) struct LiveRun {
    pub row: DagRun,
    pub plan: Arc<Plan>,
    pub slots: Vec<Slot>,
    /// Instances of tasks that its version of the dag does not have, with the state in the book.
    pub removed: BTreeMap<TiKey, (TaskInstance, Option<State>)>,
    pub n_unfinished: u32,
    /// Those without a state.
    pub n_waiting: u32,
    pub n_executing: u32,
    /// Whether nothing of it may go on: not running, dag paused or gone, date in the future.
    pub held: bool,
    /// Ready ones that wait for `max_active_tasks`.
    pub parked: Parked,
    /// The run before, once it was looked for.
    pub past: Option<Past>,
    /// Runs whose `past` this is or was.
    pub followers: Vec<RunNo>,
    /// The state in the book.
    pub book: Option<DagRunState>,
    pub row_dirty: bool,
    pub dirty: Vec<u32>,
    pub removed_dirty: Vec<TiKey>,
}

/// A task instance with what scheduling knows of it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub ti: TaskInstance,
    /// The state in the book.
    pub book: Option<State>,
    pub dirty: bool,
    /// On the list of those to examine.
    pub in_work: bool,
    pub counts: Counts,
}

/// How the direct upstream of a task ended, in numbers of instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// success.
    pub success: u32,
    /// failed.
    pub failed: u32,
    /// skipped.
    pub skipped: u32,
    /// `upstream_failed`.
    pub upstream_failed: u32,
    /// removed.
    pub removed: u32,
    /// Setups among the successes.
    pub setup_success: u32,
    /// Setups among the skipped.
    pub setup_skipped: u32,
}

/// The run before, for `depends_on_past`.
#[derive(Debug, Clone)]
pub(crate) enum Past {
    /// There is none.
    None,
    /// It is live.
    Live(RunNo),
    /// It is not; the states it ended with.
    Book(RunId, BTreeMap<TaskNo, State>),
}

impl Counts {
    /// Finished ones.
    #[must_use]
    pub const fn done(&self) -> u32 {
        self.success + self.failed + self.skipped + self.upstream_failed + self.removed
    }
    /// Counts an instance in (`up`) or out.
    pub(crate) fn count(&mut self, state: State, is_setup: bool, up: bool) {
        let change = |n: &mut u32| *n = if up { *n + 1 } else { n.saturating_sub(1) };
        match state {
            State::Success => {
                change(&mut self.success);
                if is_setup {
                    change(&mut self.setup_success);
                }
            }
            State::Skipped => {
                change(&mut self.skipped);
                if is_setup {
                    change(&mut self.setup_skipped);
                }
            }
            State::Failed => change(&mut self.failed),
            State::UpstreamFailed => change(&mut self.upstream_failed),
            State::Removed => change(&mut self.removed),
            State::NoStatus
            | State::Scheduled
            | State::Queued
            | State::Running
            | State::Restarting
            | State::UpForRetry
            | State::UpForReschedule
            | State::Deferred
            | State::AwaitingInput => {}
        }
    }
}

impl LiveRun {
    /// With the task instances that the book has; missing ones are made, foreign ones set aside.
    pub fn new(row: DagRun, plan: Arc<Plan>, tis: Vec<TaskInstance>) -> Self {
        let mut run = Self {
            book: None,
            n_unfinished: 0,
            n_waiting: 0,
            n_executing: 0,
            held: true,
            parked: Parked::default(),
            past: None,
            followers: Vec::new(),
            row_dirty: false,
            dirty: Vec::new(),
            removed: BTreeMap::new(),
            removed_dirty: Vec::new(),
            slots: Vec::with_capacity(plan.tasks.len()),
            plan,
            row,
        };
        let mut known: Vec<Option<TaskInstance>> = Vec::new();
        known.resize_with(run.plan.tasks.len(), || None);
        for ti in tis {
            let place = run.plan.position(ti.key.task);
            match place.and_then(|at| known.get_mut(at as usize)) {
                Some(place) => *place = Some(ti),
                None => {
                    let was = Some(ti.state);
                    run.removed.insert(ti.key, (ti, was));
                }
            }
        }
        for (at, known) in known.into_iter().enumerate() {
            let slot = known.map_or_else(|| run.new_slot(at), Slot::from_book);
            run.slots.push(slot);
        }
        run.count();
        run
    }

    fn new_slot(&self, at: usize) -> Slot {
        let task = self.plan.plan(crate::plan::position(at));
        let key = TiKey {
            run: self.row.no,
            task: task.map_or(TaskNo(u32::MAX), |task| task.no),
            map: MapIndex::NONE,
        };
        let retries = self.plan.dag.tasks.get(at).map_or(0, |task| task.retries);
        Slot {
            ti: TaskInstance::new(key, self.plan.version, retries),
            book: None,
            dirty: false,
            in_work: false,
            counts: Counts::default(),
        }
    }

    /// Derives the counters from the states.
    fn count(&mut self) {
        let mut all = vec![Counts::default(); self.slots.len()];
        for (slot, task) in self.slots.iter().zip(&self.plan.tasks) {
            let state = slot.ti.state;
            self.n_unfinished += u32::from(!state.is_finished());
            self.n_waiting += u32::from(state == State::NoStatus);
            self.n_executing += u32::from(state.is_executing());
            for &below in &task.downstream {
                if let Some(counts) = all.get_mut(below as usize) {
                    counts.count(state, task.is_setup, true);
                }
            }
        }
        for (slot, counts) in self.slots.iter_mut().zip(all) {
            slot.counts = counts;
        }
    }

    /// The slot at a position.
    pub fn slot(&self, at: u32) -> Option<&Slot> {
        self.slots.get(at as usize)
    }
    /// The state at a position.
    pub fn state(&self, at: u32) -> Option<State> {
        self.slot(at).map(|slot| slot.ti.state)
    }
    /// The instance at a position, to be changed; its state is not changed this way.
    pub fn change(&mut self, at: u32, dirty: &mut Dirty) -> Option<&mut TaskInstance> {
        let slot = self.slots.get_mut(at as usize)?;
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push(at);
            dirty.runs.insert(self.row.no);
        }
        Some(&mut slot.ti)
    }
    /// The row, to be changed; its state is changed by `run::enter` alone.
    pub fn change_row(&mut self, dirty: &mut Dirty) -> &mut DagRun {
        self.row_dirty = true;
        dirty.runs.insert(self.row.no);
        &mut self.row
    }
    /// Puts a task instance on the list of those to examine, once.
    pub fn push_work(&mut self, work: &mut VecDeque<(RunNo, u32)>, at: u32) {
        if let Some(slot) = self.slots.get_mut(at as usize).filter(|slot| !slot.in_work) {
            slot.in_work = true;
            work.push_back((self.row.no, at));
        }
    }
    /// The date by which its instances are ordered in the critical section.
    pub fn order_date(&self) -> Timestamp {
        self.row.logical_date.unwrap_or(self.row.run_after)
    }
}

impl Slot {
    fn from_book(ti: TaskInstance) -> Self {
        Self {
            book: Some(ti.state),
            ti,
            dirty: false,
            in_work: false,
            counts: Counts::default(),
        }
    }
}
