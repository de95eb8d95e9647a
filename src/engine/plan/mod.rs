//! One version of a dag, compiled: all that scheduling asks of it, by position.

pub(crate) mod edges;
mod leaves;
pub(crate) mod mapping;
mod weights;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use model::{
    DagNo, TaskNo, VersionNo,
    dag::{Dag, OperatorKind, Task},
};

use crate::{assets::partitions, partition::Partitioned};
use edges::{Edge, Kind};
use mapping::{Mapping, Near};

/// A version of a dag with what follows from it.
#[derive(Debug)]
pub(crate) struct Plan {
    pub dag_no: DagNo,
    pub version: VersionNo,
    pub dag: Arc<Dag>,
    /// In the order of `dag.tasks`.
    pub tasks: Vec<PlanTask>,
    /// Positions whose states decide how a run ends.
    pub leaves: Vec<u32>,
    /// Tasks with an expansion inside of a mapped group whose length is not known beforehand.
    pub nested: Vec<u32>,
    /// Weights by position and try, of tasks with a strategy of their own, once they are known.
    pub strategies: OnceLock<HashMap<(u32, u32), i32>>,
    /// Whether any task looks at the run before.
    pub looks_back: bool,
    /// The mappers of its assets, where its runs are for partitions; else what is wrong with them.
    pub partitioned: Option<Result<Partitioned, String>>,
    by_no: Vec<u32>,
}

/// What scheduling asks of a task.
#[derive(Debug)]
pub(crate) struct PlanTask {
    pub no: TaskNo,
    /// With the weights that the rule adds up.
    pub weight: i32,
    pub pool: u32,
    pub pool_slots: u32,
    /// Who waits for it.
    pub edges: Vec<Edge>,
    /// The edges from above within a mapped group.
    pub near: Vec<(Kind, Near)>,
    /// Whether it waits for others than its direct upstream.
    pub has_scopes: bool,
    /// How it is expanded, where it is.
    pub mapping: Option<Box<Mapping>>,
    /// Whether others are expanded over what it returns.
    pub is_source: bool,
    pub is_setup: bool,
    pub is_teardown: bool,
    /// Ends well straight from scheduling.
    pub is_empty: bool,
    pub per_dag: Option<u32>,
    pub per_run: Option<u32>,
}

impl Plan {
    /// A task's weight at a try: what its strategy says, where it has one and that is known.
    pub fn weight(&self, at: u32, try_number: u32, by_rule: i32) -> i32 {
        let Some(known) = self.strategies.get() else {
            return by_rule;
        };
        let n = try_number.clamp(1, model::limits::STRATEGY_TRIES_MAX);
        let mut tries = (1..=n).rev();
        let found = tries.find_map(|n| known.get(&(at, n)).copied());
        found.unwrap_or(by_rule)
    }

    /// Compiles a version; `no` gives the numbers of task ids, `pool` those of pool names.
    pub fn new(
        dag_no: DagNo,
        version: VersionNo,
        dag: Arc<Dag>,
        no: impl Fn(&str) -> Option<TaskNo>,
        mut pool: impl FnMut(&str) -> u32,
    ) -> Self {
        let weights = weights::weights(&dag.tasks);
        let mut tasks: Vec<PlanTask> = dag
            .tasks
            .iter()
            .zip(weights)
            .map(|(task, weight)| PlanTask {
                no: no(&task.task_id).unwrap_or(TaskNo(u32::MAX)),
                weight,
                pool: pool(&task.pool),
                pool_slots: task.pool_slots.max(1),
                edges: Vec::with_capacity(task.downstream.len()),
                near: Vec::new(),
                has_scopes: false,
                mapping: mapping::mapping(&dag, task),
                is_source: false,
                is_setup: task.is_setup,
                is_teardown: task.is_teardown,
                is_empty: is_empty(task),
                per_dag: task.max_active_tis_per_dag,
                per_run: task.max_active_tis_per_dagrun,
            })
            .collect();
        edges::connect(&dag, &mut tasks);
        sources(&mut tasks);
        let is_nested = |task: &PlanTask| task.near.iter().any(|(_, near)| !near.inner.is_fixed());
        let nested = (0..).zip(&tasks).filter(|(_, task)| is_nested(task));
        let nested = nested.map(|(at, _)| at).collect();
        let looks_back = dag
            .tasks
            .iter()
            .any(|task| task.depends_on_past || task.wait_for_downstream);
        let by_no = positions(&tasks);
        Self {
            dag_no,
            version,
            leaves: leaves::effective(&dag.tasks),
            partitioned: partitions::mappers(&dag.schedule),
            dag,
            tasks,
            strategies: OnceLock::new(),
            looks_back,
            nested,
            by_no,
        }
    }

    /// The position of a task.
    pub fn position(&self, no: TaskNo) -> Option<u32> {
        let at = *self.by_no.get(no.0 as usize)?;
        (at != u32::MAX).then_some(at)
    }
    /// The task with a number, compiled.
    pub fn plan_of(&self, no: TaskNo) -> Option<&PlanTask> {
        self.plan(self.position(no)?)
    }
    /// The task at a position, as written.
    pub fn task(&self, at: u32) -> Option<&Task> {
        self.dag.tasks.get(at as usize)
    }
    /// The task at a position, compiled.
    pub fn plan(&self, at: u32) -> Option<&PlanTask> {
        self.tasks.get(at as usize)
    }
    /// All positions from which `from` can be reached, or that can be reached from it.
    pub fn transitive(&self, from: u32, upstream: bool) -> Vec<u32> {
        let mut seen = vec![false; self.tasks.len()];
        let mut todo = vec![from];
        let mut found = Vec::new();
        while let Some(at) = todo.pop() {
            let Some(task) = self.task(at) else { continue };
            let next = if upstream {
                &task.upstream
            } else {
                &task.downstream
            };
            for &other in next {
                if let Some(mark) = seen.get_mut(other).filter(|mark| !**mark) {
                    *mark = true;
                    found.push(position(other));
                    todo.push(position(other));
                }
            }
        }
        found.sort_unstable();
        found
    }
}

/// Marks the tasks that others are expanded over.
fn sources(tasks: &mut [PlanTask]) {
    let maps = tasks.iter().filter_map(|task| task.mapping.as_deref());
    let sources: Vec<u32> = maps.flat_map(|mapping| mapping.sources.clone()).collect();
    for at in sources {
        if let Some(task) = tasks.get_mut(at as usize) {
            task.is_source = true;
        }
    }
}

/// A position as the compact number that is kept; dags have at most `DAG_TASKS_MAX` tasks.
pub(crate) fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Nothing is to be run for it, and nobody is to be told.
fn is_empty(task: &Task) -> bool {
    let calls = task.callbacks.on_execute || task.callbacks.on_success;
    task.operator.kind == OperatorKind::Empty
        && !(calls || !task.inlets.is_empty() || !task.outlets.is_empty())
}

fn positions(tasks: &[PlanTask]) -> Vec<u32> {
    let mut by_no = Vec::new();
    for (at, task) in tasks.iter().enumerate() {
        let no = task.no.0 as usize;
        if task.no == TaskNo(u32::MAX) {
            continue;
        }
        if by_no.len() <= no {
            by_no.resize(no + 1, u32::MAX);
        }
        if let Some(place) = by_no.get_mut(no) {
            *place = position(at);
        }
    }
    by_no
}
