//! Who waits for whom, and how: directly, for a setup that is no direct upstream, or, as a
//! teardown, for all between its setups and itself.

use std::collections::BTreeSet;

use model::{
    dag::{Dag, Task},
    state::TriggerRule,
};

use super::{PlanTask, mapping, position};

/// In what way a task waits for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// By its trigger rule.
    Direct,
    /// It needs what an indirect setup makes.
    Setup,
    /// It takes down what is used.
    Scope,
}

/// A task that waits for another one.
#[derive(Debug)]
pub(crate) struct Edge {
    pub below: u32,
    pub kind: Kind,
    /// The place in `near` of the lower task, where both are in one mapped group.
    pub near: Option<u32>,
}

/// Fills in the edges of all tasks.
pub(super) fn connect(dag: &Dag, tasks: &mut [PlanTask]) {
    for (at, task) in dag.tasks.iter().enumerate() {
        for &below in &task.downstream {
            edge(tasks, at, below, Kind::Direct);
        }
    }
    for at in 0..dag.tasks.len() {
        scopes(dag, tasks, at);
    }
}

fn edge(tasks: &mut [PlanTask], above: usize, below: usize, kind: Kind) {
    let maps = |at: usize| tasks.get(at).and_then(|task| task.mapping.as_deref());
    let near = match (maps(above), maps(below)) {
        (Some(up), Some(down)) => mapping::near(position(above), up, down),
        (None | Some(_), None) | (None, Some(_)) => None,
    };
    let mut place = None;
    if let (Some(near), Some(lower)) = (near, tasks.get_mut(below)) {
        place = Some(position(lower.near.len()));
        lower.near.push((kind, near));
    }
    if let Some(lower) = tasks.get_mut(below) {
        lower.has_scopes |= kind != Kind::Direct;
    }
    if let Some(upper) = tasks.get_mut(above) {
        let below = position(below);
        let near = place;
        upper.edges.push(Edge { below, kind, near });
    }
}

/// A setup is waited for by all that use it; a teardown waits for all that use its setups.
fn scopes(dag: &Dag, tasks: &mut [PlanTask], at: usize) {
    let Some(task) = dag.tasks.get(at) else {
        return;
    };
    let is = |at: &usize, wanted: fn(&Task) -> bool| dag.tasks.get(*at).is_some_and(wanted);
    if task.is_setup {
        let teardowns = task.downstream.iter().copied();
        let teardowns: Vec<usize> = teardowns.filter(|at| is(at, |t| t.is_teardown)).collect();
        let above = marks(dag, &teardowns, true);
        for user in (0..dag.tasks.len())
            .zip(marks(dag, &[at], false))
            .filter(|(_, is)| *is)
        {
            let user = user.0;
            let used = teardowns.is_empty() || above.get(user) == Some(&true);
            let waits = used
                && is(&user, |t| {
                    !t.is_teardown && t.trigger_rule != TriggerRule::Always
                });
            if waits && !task.downstream.contains(&user) {
                edge(tasks, at, user, Kind::Setup);
            }
        }
    }
    if task.is_teardown {
        let setups = task.upstream.iter().copied();
        let setups: Vec<usize> = setups.filter(|at| is(at, |t| t.is_setup)).collect();
        if setups.is_empty() {
            return;
        }
        let below = marks(dag, &setups, false);
        for (user, _) in (0..).zip(marks(dag, &[at], true)).filter(|(_, is)| *is) {
            if below.get(user) == Some(&true) && !task.upstream.contains(&user) {
                edge(tasks, user, at, Kind::Scope);
            }
        }
    }
}

/// Which tasks are above or below any of these.
fn marks(dag: &Dag, from: &[usize], upstream: bool) -> Vec<bool> {
    let mut marks = vec![false; dag.tasks.len()];
    let mut todo = from.to_vec();
    while let Some(task) = todo.pop().and_then(|at| dag.tasks.get(at)) {
        let next = if upstream {
            &task.upstream
        } else {
            &task.downstream
        };
        for at in next {
            if let Some(mark) = marks.get_mut(*at).filter(|mark| !**mark) {
                *mark = true;
                todo.push(*at);
            }
        }
    }
    marks
}

/// Setups above a task that have a teardown below it, or none at all.
pub(crate) fn relevant_setups(dag: &Dag, at: usize) -> Vec<usize> {
    let is_teardown = |at: &usize| dag.tasks.get(*at).is_some_and(|task| task.is_teardown);
    let below: BTreeSet<usize> = reach(dag, at, false)
        .into_iter()
        .filter(is_teardown)
        .collect();
    let is_relevant = |up: &usize| {
        let Some(setup) = dag.tasks.get(*up).filter(|task| task.is_setup) else {
            return false;
        };
        !setup.downstream.iter().any(is_teardown)
            || setup.downstream.iter().any(|at| below.contains(at))
    };
    reach(dag, at, true)
        .into_iter()
        .filter(is_relevant)
        .collect()
}

/// All tasks above or below one, in order.
pub(crate) fn reach(dag: &Dag, from: usize, upstream: bool) -> Vec<usize> {
    let marks = marks(dag, &[from], upstream);
    (0..)
        .zip(marks)
        .filter(|(_, is)| *is)
        .map(|(at, _)| at)
        .collect()
}
