//! The instances that a request names, with those above and below, and with the setups and
//! teardowns that these need.

use std::collections::BTreeSet;

use model::{
    RunNo, TaskId,
    dag::{Dag, Task},
};

use crate::{
    attempt::At,
    live::{Cx, run::LiveRun},
    plan::{edges::relevant_setups, mapping::Group, position},
};

/// Whole tasks, and single instances of others, by position.
#[derive(Debug, Default)]
struct Named {
    whole: BTreeSet<u32>,
    single: BTreeSet<(u32, i32)>,
}

/// The instances of a run that a request names, with those above and below; all when it names none.
/// As upstream's API has it, those below are those of all that is above.
pub(crate) fn tasks(
    cx: &Cx,
    run: RunNo,
    tasks: &[(TaskId, Option<i32>)],
    upstream: bool,
    downstream: bool,
) -> Vec<At> {
    let Some(live) = cx.run(run) else {
        return Vec::new();
    };
    if tasks.is_empty() {
        return (0..position(live.slots.len()))
            .filter(|at| !live.is_absent(*at))
            .map(|at| At { run, at })
            .collect();
    }
    let mut named = Named::default();
    for (task, map) in tasks {
        let dag = cx.live.dags.get(&live.row.dag);
        let no = dag.and_then(|dag| dag.tasks.get(task).copied());
        match (no.and_then(|no| live.plan.position(no)), map) {
            (Some(at), None) => drop(named.whole.insert(at)),
            (Some(at), Some(map)) => drop(named.single.insert((at, *map))),
            (None, _) => {}
        }
    }
    if upstream {
        named.add_relatives(live, true);
    }
    if downstream {
        named.add_relatives(live, false);
    }
    let mut places: Vec<u32> = named
        .whole
        .iter()
        .flat_map(|at| live.slots_of(*at))
        .collect();
    for (at, map) in &named.single {
        let is_it = |at: &u32| live.slot(*at).is_some_and(|slot| slot.ti.key.map.0 == *map);
        places.extend(live.slots_of(*at).filter(is_it));
    }
    places.retain(|at| !live.is_absent(*at));
    places.sort_unstable();
    places.dedup();
    places.into_iter().map(|at| At { run, at }).collect()
}

/// Adds what a clear of these instances takes along: the setups that their tasks need with the
/// teardowns of these, and the teardowns of setups among them.
pub(crate) fn with_scopes(cx: &Cx, run: RunNo, places: &mut Vec<At>) {
    let Some(live) = cx.run(run) else { return };
    let dag = &live.plan.dag;
    if !dag.tasks.iter().any(|task| task.is_setup) {
        return;
    }
    let task = |place: &At| live.slot(place.at).map(|slot| slot.task);
    let named: BTreeSet<u32> = places.iter().filter_map(task).collect();
    let mut others = BTreeSet::new();
    for at in &named {
        others.extend(scopes_below(dag, *at as usize, &[]));
        let is_setup = live.plan.task(*at).is_some_and(|task| task.is_setup);
        if is_setup {
            others.extend(teardowns(dag, *at as usize));
        }
    }
    let others = others.into_iter().map(position);
    let others = others.filter(|at| !named.contains(at));
    places.extend(
        others
            .flat_map(|task| live.slots_of(task))
            .map(|at| At { run, at }),
    );
}

impl Named {
    fn add_relatives(&mut self, run: &LiveRun, upstream: bool) {
        for at in self.whole.clone() {
            self.add_whole(run, at, upstream);
        }
        for (at, map) in self.single.clone() {
            for other in run.plan.transitive(at, upstream) {
                if map >= 0 && shares_index(run, at, other) {
                    self.single.insert((other, map));
                } else {
                    self.whole.insert(other);
                    self.add_whole(run, other, upstream);
                }
            }
        }
    }
    fn add_whole(&mut self, run: &LiveRun, at: u32, upstream: bool) {
        let relatives = run.plan.transitive(at, upstream);
        self.whole.extend(&relatives);
        let of = |at: u32| at as usize;
        let relatives: Vec<usize> = relatives.into_iter().map(of).collect();
        let found = if upstream {
            teardowns_above(&run.plan.dag, of(at), &relatives)
        } else {
            scopes_below(&run.plan.dag, of(at), &relatives)
        };
        self.whole.extend(found.into_iter().map(position));
    }
}

/// Whether the instances of two tasks go together index by index.
fn shares_index(run: &LiveRun, one: u32, other: u32) -> bool {
    let mapping = |at: u32| run.plan.plan(at).and_then(|task| task.mapping.as_deref());
    mapping(one)
        .zip(mapping(other))
        .is_some_and(|(one, other)| {
            let ids = |group: &Group| other.groups.iter().any(|g| g.group_id == group.group_id);
            one.own.is_none() && other.own.is_none() && one.groups.iter().any(ids)
        })
}

/// The teardowns of the setups above a task, and its own where it is a setup.
fn teardowns_above(dag: &Dag, at: usize, above: &[usize]) -> Vec<usize> {
    let is_setup = |at: &&usize| dag.tasks.get(**at).is_some_and(|task| task.is_setup);
    let setups = above.iter().chain(std::iter::once(&at)).filter(is_setup);
    setups
        .flat_map(|setup| teardowns(dag, *setup))
        .filter(|found| *found != at)
        .collect()
}

/// The setups that a task and those below it need, with their teardowns.
fn scopes_below(dag: &Dag, at: usize, below: &[usize]) -> Vec<usize> {
    if !dag.tasks.iter().any(|task| task.is_setup) {
        return Vec::new();
    }
    let is_work = |task: &Task| !task.is_setup && !task.is_teardown;
    let users = below.iter().copied().chain(std::iter::once(at));
    let users = users.filter(|at| dag.tasks.get(*at).is_some_and(is_work));
    let mut found = BTreeSet::new();
    for user in users {
        for setup in relevant_setups(dag, user) {
            found.insert(setup);
            found.extend(teardowns(dag, setup));
        }
    }
    found.into_iter().collect()
}

fn teardowns(dag: &Dag, setup: usize) -> Vec<usize> {
    let below = dag.tasks.get(setup).map(|task| task.downstream.as_slice());
    let is_teardown = |at: &usize| dag.tasks.get(*at).is_some_and(|task| task.is_teardown);
    below
        .unwrap_or_default()
        .iter()
        .copied()
        .filter(is_teardown)
        .collect()
}
