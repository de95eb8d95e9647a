//! Which tasks decide how a run ends: upstream's effective leaves.

use model::dag::Task;

use super::position;

/// Tasks with nothing below them but teardowns that do not count, and that are not such teardowns
/// themselves; the plain leaves where there are none.
pub(super) fn effective(tasks: &[Task]) -> Vec<u32> {
    let ignored = |task: &Task| task.is_teardown && !task.on_failure_fail_dagrun;
    let effective: Vec<u32> = tasks
        .iter()
        .enumerate()
        .filter(|(_, task)| {
            let all_ignored = task
                .downstream
                .iter()
                .all(|&below| tasks.get(below).is_some_and(ignored));
            all_ignored && !ignored(task)
        })
        .map(|(at, _)| position(at))
        .collect();
    if !effective.is_empty() {
        return effective;
    }
    tasks
        .iter()
        .enumerate()
        .filter(|(_, task)| task.downstream.is_empty())
        .map(|(at, _)| position(at))
        .collect()
}
