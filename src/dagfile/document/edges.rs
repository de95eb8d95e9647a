//! Names become edges: every need has its task, nothing waits for itself, the order is topological.

use std::collections::HashMap;

use model::dag::Task;

use super::{reader::Reader, task::Draft};
use crate::{suggest, topology};

const CODE: &str = "DAG-006";

/// Puts the tasks in topological order, in that of the file where there is a choice.
pub(super) fn resolve(drafts: Vec<Draft>, reader: &mut Reader<'_>) -> Vec<Task> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(drafts.len());
    for (n, draft) in drafts.iter().enumerate() {
        let id = draft.task.task_id.as_str();
        let first = *places.entry(id).or_insert(n);
        if let Some(other) = drafts.get(first)
            && first != n
        {
            let message = format!(
                "there are two tasks `{id}`, the first in line {}",
                other.at.line
            );
            reader.problems.add(CODE, draft.at, message);
        }
    }
    let mut upstream = Vec::with_capacity(drafts.len());
    for (n, draft) in drafts.iter().enumerate() {
        if reader.problems.is_full() {
            return Vec::new();
        }
        upstream.push(upstream_of(n, draft, &places, reader));
    }
    let order = topology::order(&upstream);
    if order.len() < drafts.len() {
        if let Some((at, message)) = cycle(&drafts, &upstream, &order) {
            reader.problems.add(CODE, at, message);
        }
        return Vec::new();
    }
    let tasks = drafts.into_iter().map(|draft| draft.task).collect();
    topology::arrange(tasks, &upstream, &order)
}

fn upstream_of(
    n: usize,
    draft: &Draft,
    places: &HashMap<&str, usize>,
    reader: &mut Reader<'_>,
) -> Vec<usize> {
    let id = &draft.task.task_id;
    let mut upstream = Vec::with_capacity(draft.needs.len());
    for (need, at) in &draft.needs {
        if reader.problems.is_full() {
            break;
        }
        match places.get(need.as_str()) {
            Some(place) if *place == n => {
                let message = format!("task `{id}` waits for itself: take it out of its `needs`");
                reader.problems.add(CODE, *at, message);
            }
            Some(place) => upstream.push(*place),
            None => {
                // Comparing with all names is dear; past a point nobody reads the hints.
                const COMPARED_MAX: usize = 2_000;
                let known = places.keys().copied().take(COMPARED_MAX);
                let hint = suggest::nearest(need, known);
                let message = format!("task `{id}`: there is no task `{need}`{hint}");
                reader.problems.add(CODE, *at, message);
            }
        }
    }
    upstream.sort_unstable();
    upstream.dedup();
    upstream
}

/// One cycle among the tasks that have no place in the order, by name in the direction of time.
fn cycle(
    drafts: &[Draft],
    upstream: &[Vec<usize>],
    order: &[usize],
) -> Option<(crate::yaml::At, String)> {
    let ring = topology::ring(upstream, order)?;
    let names = ring.iter().filter_map(|n| drafts.get(*n));
    let names: Vec<String> = names
        .map(|draft| format!("`{}`", draft.task.task_id))
        .collect();
    let message = topology::ring_sentence(&names);
    Some((drafts.get(*ring.first()?)?.at, message))
}
