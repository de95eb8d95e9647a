//! One version of a dag, compiled: all that scheduling asks of it, by position.

mod leaves;
mod weights;

use std::sync::Arc;

use model::{
    DagNo, TaskNo, VersionNo,
    dag::{Dag, OperatorKind, Task},
};

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
    /// Whether any task looks at the run before.
    pub looks_back: bool,
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
    pub downstream: Vec<u32>,
    pub n_upstream: u32,
    pub n_upstream_setups: u32,
    pub is_setup: bool,
    /// Ends well straight from scheduling.
    pub is_empty: bool,
    pub per_dag: Option<u32>,
}

impl Plan {
    /// Compiles a version; `no` gives the numbers of task ids, `pool` those of pool names.
    pub fn new(
        dag_no: DagNo,
        version: VersionNo,
        dag: Arc<Dag>,
        no: impl Fn(&str) -> Option<TaskNo>,
        mut pool: impl FnMut(&str) -> u32,
    ) -> Self {
        let weights = weights::weights(&dag.tasks);
        let tasks: Vec<PlanTask> = dag
            .tasks
            .iter()
            .zip(weights)
            .map(|(task, weight)| PlanTask {
                no: no(&task.task_id).unwrap_or(TaskNo(u32::MAX)),
                weight,
                pool: pool(&task.pool),
                pool_slots: task.pool_slots.max(1),
                downstream: task.downstream.iter().map(|&at| position(at)).collect(),
                n_upstream: position(task.upstream.len()),
                n_upstream_setups: position(
                    task.upstream
                        .iter()
                        .filter(|&&at| dag.tasks.get(at).is_some_and(|up| up.is_setup))
                        .count(),
                ),
                is_setup: task.is_setup,
                is_empty: is_empty(task),
                per_dag: task.max_active_tis_per_dag,
            })
            .collect();
        let looks_back = dag
            .tasks
            .iter()
            .any(|task| task.depends_on_past || task.wait_for_downstream);
        let by_no = positions(&tasks);
        Self {
            dag_no,
            version,
            leaves: leaves::effective(&dag.tasks),
            dag,
            tasks,
            looks_back,
            by_no,
        }
    }

    /// The position of a task.
    pub fn position(&self, no: TaskNo) -> Option<u32> {
        let at = *self.by_no.get(no.0 as usize)?;
        (at != u32::MAX).then_some(at)
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

/// A position as the compact number that is kept; dags have at most `DAG_TASKS_MAX` tasks.
pub(crate) fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Upstream also asks for no callbacks, inlets or outlets; only Python dags have these (`extra`).
fn is_empty(task: &Task) -> bool {
    const NEEDS_A_PROCESS: [&str; 8] = [
        "has_on_execute_callback",
        "has_on_success_callback",
        "has_on_skipped_callback",
        "on_execute_callback",
        "on_success_callback",
        "on_skipped_callback",
        "inlets",
        "outlets",
    ];
    task.operator.kind == OperatorKind::Empty
        && !NEEDS_A_PROCESS
            .iter()
            .any(|key| task.extra.get(*key).is_some_and(is_set))
}

fn is_set(value: &model::Json) -> bool {
    match value {
        model::Json::Null | model::Json::Bool(false) => false,
        model::Json::Array(items) => !items.is_empty(),
        model::Json::Object(items) => !items.is_empty(),
        model::Json::Bool(true) | model::Json::Number(_) | model::Json::String(_) => true,
    }
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
