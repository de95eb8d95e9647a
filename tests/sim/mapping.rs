//! Mapped tasks: each index is there once, and there are as many as what was pushed.

use std::collections::{BTreeMap, BTreeSet};

use control::CachedDag;
use model::{
    MapIndex, TaskNo,
    dag::{Dag, Expand, MapValue, Task, TaskGroup, XComArg},
    run::DagRun,
    state::TaskInstanceState as State,
    task_instance::TaskInstance,
};
use serde_json::Value;
use store::Snapshot;

use crate::{rules::Touched, server::Server};

/// Of each task there is the placeholder, or instances from 0 on without a gap; what was removed
/// from the dag, or is more than there is to expand over now, is left as it was.
pub fn indexes(run: &DagRun, instances: &[TaskInstance], wrong: &mut Vec<String>) {
    let mut by_task: BTreeMap<TaskNo, BTreeSet<i32>> = BTreeMap::new();
    for ti in instances.iter().filter(|ti| ti.state != State::Removed) {
        let known = by_task.entry(ti.key.task).or_default();
        if !known.insert(ti.key.map.0) {
            wrong.push(format!("{:?} is there twice", ti.key));
        }
    }
    for (task, indexes) in by_task {
        let n = indexes.len() as i32;
        let is_alone = n == 1 && indexes.contains(&MapIndex::NONE.0);
        if !is_alone && !indexes.iter().copied().eq(0..n) {
            let run = &run.run_id;
            wrong.push(format!(
                "task {task:?} of run {run} has indexes {indexes:?}"
            ));
        }
    }
}

/// The first mapped task of a run that nobody touched with more or fewer instances than what it is
/// expanded over says.
pub fn first_wrong(server: &Server, touched: &Touched, n_mapped: &mut u64) -> Option<String> {
    let book = server.reader.snapshot().ok()?;
    for (run, instances) in crate::book::runs(&book).ok()? {
        let row = book.dag(run.dag).ok()??;
        let is_odd = |ti: &TaskInstance| ti.version != run.version || ti.state == State::Removed;
        let is_touched =
            touched.contains(&row.dag_id, &run.run_id) || touched.may_have_moved(&row.dag_id, &run);
        if is_touched || !run.state.is_finished() || instances.iter().any(is_odd) {
            continue;
        }
        let cached = server.reader.dags.get(&book, run.dag, run.version).ok()??;
        let known = Known::new(&book, &cached, &instances)?;
        for (task, no) in cached.dag.tasks.iter().zip(&cached.numbers) {
            if !cached.dag.needs_expansion(task) {
                continue;
            }
            let own = instances.iter().filter(|ti| ti.key.task == *no);
            let own: Vec<&TaskInstance> = own.collect();
            // A run of a date before the first one of its dag has no instances.
            let start = task.start_date.or(cached.dag.start_date);
            let is_early = run.logical_date.is_some_and(|date| Some(date) < start);
            if own.is_empty() && is_early {
                continue;
            }
            *n_mapped += 1;
            if let Some(wrong) = known.judge(task, &own) {
                return Some(format!("in run {} of {}: {wrong}", run.run_id, row.dag_id));
            }
        }
    }
    None
}

/// What the tasks of a run returned.
struct Known<'a> {
    dag: &'a Dag,
    /// By id of the task, and index.
    returned: BTreeMap<(String, i32), Value>,
}

impl<'a> Known<'a> {
    fn new(book: &Snapshot, cached: &'a CachedDag, instances: &[TaskInstance]) -> Option<Self> {
        let mut returned = BTreeMap::new();
        for ti in instances {
            let task = cached.task(ti.key.task)?;
            let xcom = book.xcom(ti.key, "return_value").ok()?;
            if let Some(xcom) = xcom.filter(|xcom| !xcom.value.is_null()) {
                let key = (task.task_id.to_string(), ti.key.map.0);
                returned.insert(key, xcom.value);
            }
        }
        let dag = &cached.dag;
        Some(Self { dag, returned })
    }

    fn judge(&self, task: &Task, own: &[&TaskInstance]) -> Option<String> {
        let total = self.total(task);
        let has_placeholder = own.iter().any(|ti| ti.key.map == MapIndex::NONE);
        if !has_placeholder {
            let wanted = total.map(|n| n as usize);
            return (wanted != Some(own.len())).then(|| {
                let (id, n) = (&task.task_id, own.len());
                format!("{id} has {n} instances, and what was pushed says {total:?}")
            });
        }
        let ti = own.first()?;
        let has_ended = matches!(ti.state, State::Skipped | State::UpstreamFailed);
        let has_run = ti.try_number > 0 || !has_ended && ti.state.is_finished();
        has_run.then(|| {
            let id = &task.task_id;
            format!(
                "{id} was never expanded, and is {} at try {}",
                ti.state, ti.try_number
            )
        })
    }

    fn total(&self, task: &Task) -> Option<u64> {
        let groups = self.dag.groups_of(task).filter(|group| group.is_mapped());
        let around = groups.filter_map(|group: &TaskGroup| group.expand.as_ref());
        let lengths = task.expand.iter().chain(around);
        lengths.map(|expand| self.expand(expand)).product()
    }

    fn expand(&self, expand: &Expand) -> Option<u64> {
        match expand {
            Expand::DictOfLists(values) => {
                values.iter().map(|(_, value)| self.value(value)).product()
            }
            Expand::ListOfDicts(value) => self.value(value),
        }
    }

    fn value(&self, value: &MapValue) -> Option<u64> {
        match value {
            MapValue::Literal(value) => length(value),
            MapValue::XCom(arg) => self.arg(arg),
        }
    }

    fn arg(&self, arg: &XComArg) -> Option<u64> {
        let all = |args: &[XComArg]| -> Option<Vec<u64>> {
            args.iter().map(|arg| self.arg(arg)).collect()
        };
        match arg {
            XComArg::Plain { task_id, key: _ } => {
                let source = self
                    .dag
                    .tasks
                    .iter()
                    .find(|task| task.task_id == *task_id)?;
                if !source.is_mapped && self.dag.needs_expansion(source) {
                    // Upstream knows no length of what only its group is mapped for.
                    return None;
                }
                if source.is_mapped {
                    let of = |(id, index): &&(String, i32)| **id == **task_id && *index >= 0;
                    return Some(self.returned.keys().filter(of).count() as u64);
                }
                length(
                    self.returned
                        .get(&(task_id.to_string(), MapIndex::NONE.0))?,
                )
            }
            XComArg::Map { arg, .. } => self.arg(arg),
            XComArg::Zip {
                args,
                fillvalue: None,
            } => all(args)?.into_iter().min(),
            XComArg::Zip {
                args,
                fillvalue: Some(_),
            } => all(args)?.into_iter().max(),
            XComArg::Concat(args) => Some(all(args)?.into_iter().sum()),
        }
    }
}

fn length(value: &Value) -> Option<u64> {
    let n = value.as_array().map(Vec::len);
    let n = n.or_else(|| value.as_object().map(serde_json::Map::len));
    n.map(|n| n as u64)
}
