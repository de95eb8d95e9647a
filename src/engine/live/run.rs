//! A run that is not finished, with its task instances by position in its version of the dag.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use model::{
    MapIndex, RunId, RunNo, TaskNo, TiKey, Timestamp,
    dag::Task,
    run::DagRun,
    state::{DagRunState, DagRunType, TaskInstanceState as State},
    task_instance::TaskInstance,
};

use super::{
    dags::TaskLimit,
    dirty::Dirty,
    expansion::{Expansion, Total},
    ready::Parked,
    tally::{Seen, Tally},
};
use crate::plan::{Plan, PlanTask, mapping::Length};

/// A run that is queued or running, or was when the batch began.
#[derive(Debug)]
pub(crate) struct LiveRun {
    pub row: DagRun,
    pub plan: Arc<Plan>,
    /// The first instance of each task, by position; then the other instances of expanded ones.
    pub slots: Vec<Slot>,
    /// What each task waits for, by position: all but what it shares a mapped group with.
    pub seen: Vec<Seen>,
    /// The tasks that are expanded, by position.
    pub expansions: BTreeMap<u32, Expansion>,
    /// Instances of tasks that its version of the dag does not have, with the state in the book.
    pub removed: BTreeMap<TiKey, (TaskInstance, Option<State>)>,
    pub n_unfinished: u32,
    /// Those that wait for others or for another time: without a state, or between two tries.
    pub n_waiting: u32,
    pub n_executing: u32,
    /// Whether nothing of it may go on: not running, dag paused or gone, date in the future.
    pub held: bool,
    /// Ready ones that wait for `max_active_tasks`.
    pub parked: Parked,
    /// Tasks with a limit of their own in each run, by position.
    pub limits: BTreeMap<u32, TaskLimit>,
    /// The run before, once it was looked for.
    pub past: Option<Past>,
    /// Runs whose `past` this is or was.
    pub followers: Vec<RunNo>,
    /// The state in the book.
    pub book: Option<DagRunState>,
    pub row_dirty: bool,
    pub dirty: Vec<u32>,
    pub removed_dirty: Vec<TiKey>,
    /// Keys in the book that are there no longer.
    pub deleted: Vec<TiKey>,
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
    /// The position of its task.
    pub task: u32,
    /// What it waits for in its mapped group, where its task is expanded.
    pub near: Option<Box<Seen>>,
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

impl LiveRun {
    /// With the task instances that there are; missing ones are made, foreign ones set aside.
    pub fn new(row: DagRun, plan: Arc<Plan>, tis: Vec<TaskInstance>) -> Self {
        Self::make(row, plan, tis, true)
    }

    /// With the task instances that the book has; missing ones were deleted.
    pub fn of_book(row: DagRun, plan: Arc<Plan>, tis: Vec<TaskInstance>) -> Self {
        let is_new = tis.is_empty();
        Self::make(row, plan, tis, is_new)
    }

    fn make(row: DagRun, plan: Arc<Plan>, tis: Vec<TaskInstance>, makes: bool) -> Self {
        let mut run = Self {
            book: None,
            n_unfinished: 0,
            n_waiting: 0,
            n_executing: 0,
            held: true,
            parked: Parked::default(),
            limits: BTreeMap::new(),
            past: None,
            followers: Vec::new(),
            row_dirty: false,
            dirty: Vec::new(),
            removed: BTreeMap::new(),
            removed_dirty: Vec::new(),
            deleted: Vec::new(),
            slots: Vec::with_capacity(plan.tasks.len().max(tis.len())),
            seen: Vec::new(),
            expansions: BTreeMap::new(),
            plan,
            row,
        };
        for (at, task) in (0..).zip(&run.plan.tasks) {
            if task.mapping.is_some() {
                run.expansions.insert(at, Expansion::default());
            }
            if task.per_run.is_some() {
                run.limits.insert(at, TaskLimit::default());
            }
        }
        for at in run.left_by_mapping(&tis) {
            run.expansions.insert(at, Expansion::default());
        }
        let others = run.place_first(tis);
        run.place_others(others, makes);
        if !makes {
            let missing = run.slots.iter_mut().filter(|slot| slot.book.is_none());
            missing.for_each(|slot| slot.ti.state = State::Removed);
        }
        run.count();
        run
    }

    /// Tasks that another version mapped and this one does not. As upstream has it, their instances
    /// stay, in the place of one without an index.
    fn left_by_mapping(&self, tis: &[TaskInstance]) -> BTreeSet<u32> {
        let (mut with_index, mut alone) = (BTreeSet::new(), BTreeSet::new());
        for ti in tis {
            let Some(at) = self.plan.position(ti.key.task) else {
                continue;
            };
            if ti.key.map != MapIndex::NONE {
                with_index.insert(at);
            } else if ti.state != State::Removed {
                alone.insert(at);
            }
        }
        with_index.retain(|at| !alone.contains(at) && !self.expansions.contains_key(at));
        with_index
    }

    /// Makes the first slot of each task. Gives the instances that come after them, by task and
    /// index.
    fn place_first(&mut self, tis: Vec<TaskInstance>) -> BTreeMap<(u32, i32), TaskInstance> {
        let mut others = BTreeMap::new();
        let mut first: Vec<Option<TaskInstance>> = Vec::new();
        first.resize_with(self.plan.tasks.len(), || None);
        for ti in tis {
            let at = self.plan.position(ti.key.task);
            let has_index = ti.key.map != MapIndex::NONE;
            let at = at.filter(|at| !has_index || self.expansions.contains_key(at));
            let Some(at) = at else {
                self.set_aside(ti);
                continue;
            };
            if ti.key.map.0 > 0 {
                others.insert((at, ti.key.map.0), ti);
            } else if let Some(place) = first.get_mut(at as usize) {
                // Both only where a task was not expanded before: the placeholder gives way.
                let placeholder = match place.take() {
                    Some(other) if has_index => place.replace(ti).or(Some(other)),
                    Some(other) => place.replace(other).or(Some(ti)),
                    None => place.replace(ti),
                };
                if let Some(ti) = placeholder {
                    self.set_aside(ti);
                }
            }
        }
        for (at, ti) in (0..).zip(first) {
            let slot = ti.map_or_else(|| self.first_slot(at), |ti| Slot::from_book(ti, at));
            if slot.ti.key.map != MapIndex::NONE
                && let Some(expansion) = self.expansions.get_mut(&at)
            {
                expansion.slots.push(at);
            }
            self.slots.push(slot);
        }
        others
    }

    fn set_aside(&mut self, ti: TaskInstance) {
        let was = Some(ti.state);
        self.removed.insert(ti.key, (ti, was));
    }

    /// Adds the instances after the first, and those that are known to be missing.
    fn place_others(&mut self, others: BTreeMap<(u32, i32), TaskInstance>, makes: bool) {
        for ((task, index), ti) in others {
            let n_slots = |run: &Self| run.expansions.get(&task).map_or(0, |all| all.slots.len());
            while n_slots(self) < usize::try_from(index).unwrap_or(0) {
                self.add_index(task);
            }
            self.place_slot(Slot::from_book(ti, task));
        }
        let plan = Arc::clone(&self.plan);
        for (at, task) in (0..).zip(&plan.tasks) {
            let Some(mapping) = task.mapping.as_deref() else {
                continue;
            };
            let is_new = self.slot(at).is_some_and(|slot| slot.book.is_none());
            let is_known = makes && is_new && mapping.lengths().all(Length::is_fixed);
            if let (true, Total::Known(total)) = (is_known, self.total(mapping)) {
                for _ in 0..total {
                    self.add_index(at);
                }
            }
        }
    }

    /// One more instance of an expanded task, in no count yet; the placeholder becomes the first.
    fn add_index(&mut self, task: u32) {
        let Some(expansion) = self.expansions.get_mut(&task) else {
            return;
        };
        let index = crate::plan::position(expansion.slots.len());
        if index > 0 {
            self.add_slot(task, index);
        } else if let Some(slot) = self.slots.get_mut(task as usize) {
            expansion.slots.push(task);
            slot.ti.key.map = MapIndex(0);
        }
    }

    /// A slot for the first instance of a task that the book has none of.
    fn first_slot(&self, at: u32) -> Slot {
        let mut slot = self.new_slot(at);
        if !self.is_in_time(at) {
            slot.ti.state = State::Removed;
        }
        slot
    }

    /// A slot for an instance of a task.
    pub fn new_slot(&self, at: u32) -> Slot {
        let task = self.plan.plan(at);
        let key = TiKey {
            run: self.row.no,
            task: task.map_or(TaskNo(u32::MAX), |task| task.no),
            map: MapIndex::NONE,
        };
        let retries = self.plan.task(at).map_or(0, |task| task.retries);
        Slot {
            ti: TaskInstance::new(key, self.plan.version, retries),
            book: None,
            dirty: false,
            in_work: false,
            task: at,
            near: None,
        }
    }

    /// Whether the run's date lies between the first and the last date of a task. A run of another
    /// date has no instance of it, as upstream has it; but a backfill runs all tasks.
    fn is_in_time(&self, at: u32) -> bool {
        let (Some(date), Some(task)) = (self.row.logical_date, self.plan.task(at)) else {
            return true;
        };
        let start = task.start_date.or(self.plan.dag.start_date);
        let end = task.end_date.or(self.plan.dag.end_date);
        self.row.run_type == DagRunType::Backfill
            || (start.is_none_or(|start| start <= date) && end.is_none_or(|end| date <= end))
    }

    /// Whether the run has no such instance.
    pub fn is_absent(&self, at: u32) -> bool {
        self.slot(at).is_some_and(Slot::is_absent)
    }

    /// Derives the counters from the states once more.
    pub fn recount(&mut self) {
        (self.n_unfinished, self.n_waiting, self.n_executing) = (0, 0, 0);
        for limit in self.limits.values_mut() {
            limit.active = 0;
        }
        for expansion in self.expansions.values_mut() {
            (expansion.all, expansion.n_returned) = (Tally::default(), 0);
        }
        self.count();
    }

    /// Derives the counters from the states.
    fn count(&mut self) {
        let plan = Arc::clone(&self.plan);
        self.seen = vec![Seen::default(); plan.tasks.len()];
        for slot in &self.slots {
            let (state, at) = (slot.ti.state, slot.task);
            self.n_unfinished += u32::from(!state.is_finished());
            self.n_waiting += u32::from(state.is_schedulable());
            self.n_executing += u32::from(state.is_executing());
            if let Some(limit) = self.limits.get_mut(&at) {
                limit.active += u32::from(state.is_executing());
            }
            let Some(task) = plan.plan(at) else { continue };
            if let Some(expansion) = self.expansions.get_mut(&at) {
                expansion.all.add(state, task.is_setup);
                let returned = slot.ti.returned.is_some() && slot.ti.key.map != MapIndex::NONE;
                expansion.n_returned += u32::from(returned);
            }
            for edge in task.edges.iter().filter(|edge| edge.near.is_none()) {
                if let Some(seen) = self.seen.get_mut(edge.below as usize) {
                    let state = seen_by(&plan, slot, edge.below);
                    seen.get_mut(edge.kind).add(state, task.is_setup);
                }
            }
        }
        let expanded: Vec<u32> = self.expansions.keys().copied().collect();
        for task in expanded {
            self.link(task);
        }
    }

    /// What an instance waits for, and how that has ended so far.
    pub fn sees(&self, at: u32) -> Seen {
        let Some(slot) = self.slot(at) else {
            return Seen::default();
        };
        if self.is_placeholder(&slot.ti, slot.task) {
            return self.placeholder_sees(slot.task);
        }
        let seen = self
            .seen
            .get(slot.task as usize)
            .cloned()
            .unwrap_or_default();
        match slot.near.as_deref() {
            Some(near) => seen.plus(near),
            None => seen,
        }
    }
    /// The slot of an instance.
    pub fn find(&self, key: TiKey) -> Option<u32> {
        let task = self.plan.position(key.task)?;
        let at = match u32::try_from(key.map.0) {
            Ok(index) if index > 0 => {
                let slots = &self.expansions.get(&task)?.slots;
                *slots.get(index as usize)?
            }
            Ok(_) | Err(_) => task,
        };
        (self.slot(at)?.ti.key == key).then_some(at)
    }
    /// The task of a slot, as written.
    pub fn task(&self, at: u32) -> Option<&Task> {
        self.plan.task(self.slot(at)?.task)
    }
    /// The task of a slot, compiled.
    pub fn planned(&self, at: u32) -> Option<&PlanTask> {
        self.plan.plan(self.slot(at)?.task)
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

/// How a task sees an instance above it. One that the run does not have never ends, as upstream has
/// it: it counts the tasks above. Only where one of these is mapped it counts their instances, and
/// misses none.
pub(crate) fn seen_by(plan: &Plan, slot: &Slot, below: u32) -> State {
    let is_mapped = |at: &usize| {
        let above = plan.plan(crate::plan::position(*at));
        above.is_some_and(|task| task.mapping.is_some())
    };
    let above = || plan.task(below).map_or(&[][..], |task| &task.upstream);
    if slot.is_absent() && !above().iter().any(is_mapped) {
        State::NoStatus
    } else {
        slot.ti.state
    }
}

impl Slot {
    fn from_book(ti: TaskInstance, task: u32) -> Self {
        Self {
            book: Some(ti.state),
            ti,
            dirty: false,
            in_work: false,
            task,
            near: None,
        }
    }

    /// Whether the run has no such instance: it counts as ended, and is not in the book.
    pub fn is_absent(&self) -> bool {
        self.ti.state == State::Removed && self.book.is_none() && !self.dirty
    }
}
