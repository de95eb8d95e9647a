//! Edges between positions: a topological order, or the ring that forbids one.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use model::dag::Task;

/// Kahn's order; shorter than the list when there is a cycle.
pub(crate) fn order(upstream: &[Vec<usize>]) -> Vec<usize> {
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

/// One ring among those that have no place in the order, in the direction of time from the one that
/// stands first; the first is told again at the end.
pub(crate) fn ring(upstream: &[Vec<usize>], order: &[usize]) -> Option<Vec<usize>> {
    let mut left = vec![true; upstream.len()];
    for n in order {
        *left.get_mut(*n)? = false;
    }
    let is_left = |n: &usize| left.get(*n).copied().unwrap_or(false);
    let mut path: Vec<usize> = Vec::new();
    let mut seen: HashMap<usize, usize> = HashMap::new();
    let mut at = (0..upstream.len()).find(is_left)?;
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
    Some(ring)
}

/// The sentence about a ring of tasks.
pub(crate) fn ring_sentence(names: &[String]) -> String {
    let names = shorten(names).join(" → ");
    format!("the tasks wait for each other: {names}: take one of these edges away")
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

/// Puts tasks in an order and gives them their edges.
pub(crate) fn arrange(tasks: Vec<Task>, upstream: &[Vec<usize>], order: &[usize]) -> Vec<Task> {
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
    let mut tasks: Vec<Option<Task>> = tasks.into_iter().map(Some).collect();
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
