//! A dag's grid: its tasks in order, and what became of each in the last runs.

use std::collections::HashMap;

use model::{
    TaskId, TaskNo, Timestamp,
    dag::{Dag, OperatorKind},
    run::DagRun,
    state::TaskInstanceState,
    task_instance::TaskInstance,
};
use store::{Order, Paging, RunCursor, RunFilter};

use crate::{dag_cache::DagError, reader::Reader};

/// Tasks and runs of a dag.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Tasks in topological order of the latest version, then those that only older runs have.
    pub tasks: Vec<Row>,
    /// Runs by `run_after`, newest first.
    pub runs: Vec<Column>,
    /// Where older runs begin; none when there are no more.
    pub next: Option<RunCursor>,
}

/// A task.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its id.
    pub task_id: TaskId,
    /// The name to show.
    pub display_name: String,
    /// The longest way to it from a task without upstream.
    pub depth: u32,
    /// What it does; none for a task that the latest version does not have.
    pub kind: Option<OperatorKind>,
    /// Its operator's class.
    pub class: String,
    /// Whether it is expanded at run time.
    pub is_mapped: bool,
    /// Positions of its direct upstream tasks among the rows.
    pub upstream: Vec<usize>,
}

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The run.
    pub run: DagRun,
    /// One for each row; none where the run does not have the task.
    pub cells: Vec<Option<Cell>>,
}

/// A task in a run, all of its map indexes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The state that tells most: failed before running before success.
    pub state: TaskInstanceState,
    /// The latest try.
    pub try_number: u32,
    /// The first start.
    pub start_date: Option<Timestamp>,
    /// The last end.
    pub end_date: Option<Timestamp>,
    /// How many instances.
    pub n_instances: u32,
}

/// The grid of a dag's runs after a place; none when there is no such dag.
///
/// # Errors
/// When the book cannot be read.
pub fn grid(
    reader: &Reader,
    dag_id: &str,
    limit: usize,
    after: Option<RunCursor>,
) -> Result<Option<Grid>, DagError> {
    let book = reader.snapshot()?;
    let Some(no) = book.dag_no(dag_id)? else {
        return Ok(None);
    };
    let Some(row) = book.dag(no)? else {
        return Ok(None);
    };
    let cached = reader.dags.get(&book, no, row.version)?;
    let mut tasks = cached
        .as_ref()
        .map(|cached| rows(&cached.dag))
        .unwrap_or_default();
    let numbers = cached
        .map(|cached| cached.numbers.clone())
        .unwrap_or_default();
    let mut places: HashMap<TaskNo, usize> = numbers
        .iter()
        .enumerate()
        .map(|(at, no)| (*no, at))
        .collect();
    let filter = RunFilter {
        dag: Some(no),
        ..RunFilter::default()
    };
    let paging = Paging {
        after,
        skip: 0,
        limit,
    };
    let page = book.runs(&filter, Order::Descending, paging, None)?;
    let mut names: Option<HashMap<TaskNo, TaskId>> = None;
    let mut runs = Vec::with_capacity(page.items.len());
    for run in page.items {
        let mut cells = vec![None; tasks.len()];
        for ti in book.task_instances(run.no)? {
            let at = match places.get(&ti.key.task) {
                Some(at) => *at,
                None => {
                    let names = match &names {
                        Some(names) => names,
                        None => names.insert(book.task_names(no)?.into_iter().collect()),
                    };
                    let Some(name) = names.get(&ti.key.task) else {
                        continue;
                    };
                    places.insert(ti.key.task, tasks.len());
                    tasks.push(Row::gone(name.clone()));
                    cells.push(None);
                    tasks.len() - 1
                }
            };
            if let Some(cell) = cells.get_mut(at) {
                *cell = Some(add(*cell, &ti));
            }
        }
        runs.push(Column { run, cells });
    }
    // Rows that a later run added are absent in the earlier columns.
    for column in &mut runs {
        column.cells.resize(tasks.len(), None);
    }
    Ok(Some(Grid {
        tasks,
        runs,
        next: page.next,
    }))
}

impl Row {
    fn gone(task_id: TaskId) -> Self {
        Self {
            display_name: task_id.to_string(),
            task_id,
            depth: 0,
            kind: None,
            class: String::new(),
            is_mapped: false,
            upstream: Vec::new(),
        }
    }
}

fn rows(dag: &Dag) -> Vec<Row> {
    let mut depths: Vec<u32> = Vec::with_capacity(dag.tasks.len());
    let rows = dag.tasks.iter().map(|task| {
        let above = task.upstream.iter().filter_map(|at| depths.get(*at));
        let depth = above.max().map_or(0, |depth| depth + 1);
        depths.push(depth);
        Row {
            task_id: task.task_id.clone(),
            display_name: task
                .display_name
                .clone()
                .unwrap_or_else(|| task.task_id.to_string()),
            depth,
            kind: Some(task.operator.kind),
            class: task.operator.class.clone(),
            is_mapped: dag.needs_expansion(task),
            upstream: task.upstream.clone(),
        }
    });
    rows.collect()
}

fn add(cell: Option<Cell>, ti: &TaskInstance) -> Cell {
    let one = Cell {
        state: ti.state,
        try_number: ti.try_number,
        start_date: ti.start_date,
        end_date: ti.end_date,
        n_instances: 1,
    };
    let Some(cell) = cell else { return one };
    Cell {
        state: if rank(one.state) < rank(cell.state) {
            one.state
        } else {
            cell.state
        },
        try_number: cell.try_number.max(one.try_number),
        start_date: cell.start_date.into_iter().chain(one.start_date).min(),
        end_date: cell.end_date.max(one.end_date),
        n_instances: cell.n_instances + 1,
    }
}

/// Which state tells most (upstream's `state_priority`).
const fn rank(state: TaskInstanceState) -> u8 {
    match state {
        TaskInstanceState::Failed => 0,
        TaskInstanceState::UpstreamFailed => 1,
        TaskInstanceState::UpForRetry => 2,
        TaskInstanceState::UpForReschedule => 3,
        TaskInstanceState::Queued => 4,
        TaskInstanceState::Scheduled => 5,
        TaskInstanceState::Deferred => 6,
        TaskInstanceState::AwaitingInput => 7,
        TaskInstanceState::Running => 8,
        TaskInstanceState::Restarting => 9,
        TaskInstanceState::NoStatus => 10,
        TaskInstanceState::Success => 11,
        TaskInstanceState::Skipped => 12,
        TaskInstanceState::Removed => 13,
    }
}
