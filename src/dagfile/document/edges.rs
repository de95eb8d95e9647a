//! Names become edges: every need has its task, nothing waits for itself, the order is topological.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use model::dag::Task;

use super::{reader::Reader, task::Draft};
use crate::suggest;

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
    let order = order(&upstream);
    if order.len() < drafts.len() {
        if let Some((at, message)) = cycle(&drafts, &upstream, &order) {
            reader.problems.add(CODE, at, message);
        }
        return Vec::new();
    }
    arrange(drafts, &upstream, &order)
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
                let message = format!("task `{id}` waits for itself");
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

/// Kahn's order; shorter than the list when there is a cycle.
fn order(upstream: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = upstream.iter().map(Vec::len).collect();
    let downstream = reverse(upstream);
    let ready = waiting.iter().enumerate().filter(|(_, n)| **n == 0);
    let mut ready: BinaryHeap<Reverse<usize>> = ready.map(|(n, _)| Reverse(n)).collect();
    let mut order = Vec::with_capacity(upstream.len());
    while let Some(Reverse(n)) = ready.pop() {
        order.push(n);
        for next in downstream.get(n).into_iter().flatten() {
            if let Some(left) = waiting.get_mut(*next) {
                *left -= 1;
                if *left == 0 {
                    ready.push(Reverse(*next));
                }
            }
        }
    }
    order
}

fn reverse(upstream: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut downstream = vec![Vec::new(); upstream.len()];
    for (n, ups) in upstream.iter().enumerate() {
        for up in ups {
            if let Some(downs) = downstream.get_mut(*up) {
                downs.push(n);
            }
        }
    }
    downstream
}

/// One cycle among the tasks that have no place in the order, by name in the direction of time.
fn cycle(
    drafts: &[Draft],
    upstream: &[Vec<usize>],
    order: &[usize],
) -> Option<(crate::yaml::At, String)> {
    let mut left = vec![true; drafts.len()];
    for n in order {
        *left.get_mut(*n)? = false;
    }
    let is_left = |n: &usize| left.get(*n).copied().unwrap_or(false);
    let mut path: Vec<usize> = Vec::new();
    let mut seen: HashMap<usize, usize> = HashMap::new();
    let mut at = (0..drafts.len()).find(is_left)?;
    // Each of them waits for another of them, so walking up must come back.
    while let std::collections::hash_map::Entry::Vacant(place) = seen.entry(at) {
        place.insert(path.len());
        path.push(at);
        at = upstream.get(at)?.iter().copied().find(is_left)?;
    }
    let mut ring = path.split_off(*seen.get(&at)?);
    ring.reverse();
    // Told from the task that stands first in the file.
    let first = ring.iter().enumerate().min_by_key(|(_, n)| **n)?.0;
    ring.rotate_left(first);
    ring.push(*ring.first()?);
    let names = ring.iter().filter_map(|n| drafts.get(*n));
    let names: Vec<String> = names
        .map(|draft| format!("`{}`", draft.task.task_id))
        .collect();
    let message = format!(
        "the tasks wait for each other: {}",
        shorten(&names).join(" → ")
    );
    Some((drafts.get(*ring.first()?)?.at, message))
}

/// A long ring is told by its beginning and its end.
fn shorten(names: &[String]) -> Vec<String> {
    const TOLD_MAX: usize = 20;
    match (names.get(..TOLD_MAX), names.last()) {
        (Some(begin), Some(end)) if names.len() > TOLD_MAX + 1 => {
            let more = format!("… {} more …", names.len() - TOLD_MAX - 1);
            begin.iter().cloned().chain([more, end.clone()]).collect()
        }
        _ => names.to_vec(),
    }
}

fn arrange(drafts: Vec<Draft>, upstream: &[Vec<usize>], order: &[usize]) -> Vec<Task> {
    let mut place = vec![0; order.len()];
    for (to, from) in order.iter().enumerate() {
        if let Some(place) = place.get_mut(*from) {
            *place = to;
        }
    }
    let moved = |from: &[usize]| {
        let mut to: Vec<usize> = from.iter().filter_map(|n| place.get(*n).copied()).collect();
        to.sort_unstable();
        to
    };
    let downstream = reverse(upstream);
    let mut tasks: Vec<Option<Task>> = drafts.into_iter().map(|draft| Some(draft.task)).collect();
    let mut arranged = Vec::with_capacity(order.len());
    for from in order {
        let Some(mut task) = tasks.get_mut(*from).and_then(Option::take) else {
            continue;
        };
        task.upstream = upstream.get(*from).map_or_else(Vec::new, |ups| moved(ups));
        task.downstream = downstream
            .get(*from)
            .map_or_else(Vec::new, |downs| moved(downs));
        arranged.push(task);
    }
    arranged
}
