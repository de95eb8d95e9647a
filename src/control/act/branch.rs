//! What a branch follows, and so what it skips.

use model::{Json, TaskId, dag::Dag};
use serde_json::json;

use super::{Act, launch::Loaded};

impl Act {
    pub(super) fn branch(&self, of: &Loaded, follow: &[TaskId], return_value: Json) {
        let skip = to_skip(&of.dag.dag, of.position, follow);
        let names = |tasks: &[TaskId]| {
            let names: Vec<&str> = tasks.iter().map(TaskId::as_str).collect();
            names.join(", ")
        };
        self.log(of, "info", format!("Following branch {}", names(follow)));
        if !skip.is_empty() {
            self.log(of, "info", format!("Skipping tasks {}", names(&skip)));
        }
        let followed: Vec<&str> = follow.iter().map(TaskId::as_str).collect();
        let mut xcoms = vec![("skipmixin_key".to_owned(), json!({ "followed": followed }))];
        if of.task().is_some_and(|task| task.do_xcom_push) {
            xcoms.push(("return_value".to_owned(), return_value));
        }
        self.succeed(of, xcoms, skip);
    }
}

/// Direct downstream tasks that are neither followed nor below one that is: a join after the
/// branches is not skipped by the branch that was not chosen.
fn to_skip(dag: &Dag, branch: usize, follow: &[TaskId]) -> Vec<TaskId> {
    let Some(task) = dag.tasks.get(branch) else {
        return Vec::new();
    };
    let mut reached = vec![false; dag.tasks.len()];
    let mut open: Vec<usize> = follow.iter().filter_map(|id| dag.position(id)).collect();
    while let Some(at) = open.pop() {
        if let Some(seen) = reached.get_mut(at)
            && !std::mem::replace(seen, true)
        {
            open.extend(dag.tasks.get(at).map_or(&[][..], |task| &task.downstream));
        }
    }
    let left_out = task
        .downstream
        .iter()
        .filter(|at| reached.get(**at) == Some(&false));
    left_out
        .filter_map(|at| dag.tasks.get(*at))
        .map(|task| task.task_id.clone())
        .collect()
}
