//! What must hold after each step and drain: every counter equals what the states say.

mod assets;

use std::collections::BTreeMap;

use model::{
    MapIndex, RunNo, TaskNo,
    state::{DagRunState, TaskInstanceState as State},
};

use crate::{
    View,
    live::{Live, run::LiveRun, state::place, tally::Tally},
    plan::edges::Kind,
};

/// Checks all of it, in time that grows with the live state. For tests and simulations.
///
/// # Errors
/// With the first thing that does not hold.
pub fn check(live: &Live, view: &dyn View) -> Result<(), String> {
    let mut executing = 0;
    let mut pools: BTreeMap<u32, [i64; 4]> = BTreeMap::new();
    let mut limits: BTreeMap<(u32, TaskNo), u32> = BTreeMap::new();
    for run in live.runs.values() {
        counters(run)?;
        executing += run.n_executing;
        expansions(run)?;
        for slot in &run.slots {
            let task = run.plan.plan(slot.task).ok_or("a slot without its task")?;
            let used = pools.entry(task.pool).or_default();
            let slots = i64::from(task.pool_slots);
            match (slot.ti.state, used) {
                (State::Scheduled, [n, ..])
                | (State::Queued, [_, n, ..])
                | (State::Running, [_, _, n, _])
                | (State::Deferred, [.., n]) => *n += slots,
                (_other, _) => {}
            }
            if slot.ti.state.is_executing() {
                *limits.entry((run.row.dag.0, task.no)).or_default() += 1;
            }
        }
        lined_up(live, run)?;
        permissions(run)?;
        in_book(run, view)?;
    }
    same("executing", live.executing, executing)?;
    for (no, entry) in (0_u32..).zip(live.pools.iter()) {
        let used = entry.used;
        let found = [used.scheduled, used.queued, used.running, used.deferred];
        let wanted = pools.get(&no).copied().unwrap_or_default();
        same(&format!("use of pool {}", entry.name), found, wanted)?;
    }
    for dag in live.dags.values() {
        for (task, limit) in &dag.limits {
            let wanted = limits.get(&(dag.row.no.0, *task)).copied().unwrap_or(0);
            same("instances of a limited task", limit.active, wanted)?;
        }
        indexes(live, dag)?;
    }
    assets::check(live)?;
    ready(live)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Result<(), String> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!(
            "{what}: counted {found:?}, the states say {wanted:?}"
        ))
    }
}

fn counters(run: &LiveRun) -> Result<(), String> {
    let count = |is: fn(State) -> bool| {
        crate::plan::position(run.slots.iter().filter(|slot| is(slot.ti.state)).count())
    };
    let no = run.row.no;
    same(
        &format!("unfinished of {no}"),
        run.n_unfinished,
        count(|state| !state.is_finished()),
    )?;
    same(
        &format!("waiting of {no}"),
        run.n_waiting,
        count(State::is_schedulable),
    )?;
    same(
        &format!("executing of {no}"),
        run.n_executing,
        count(State::is_executing),
    )?;
    for (at, slot) in (0..).zip(&run.slots) {
        let name = run.task(at).map(|task| task.task_id.clone());
        for kind in [Kind::Direct, Kind::Setup, Kind::Scope] {
            let what = format!(
                "{kind:?} upstream of {name:?} {} of {no}",
                slot.ti.key.map.0
            );
            let wanted = waits_for(run, at, kind);
            if let Some(wanted) = wanted {
                same(&what, run.sees(at).get(kind), wanted)?;
            }
        }
    }
    for (task, limit) in &run.limits {
        let executing = run.slots_of(*task).filter_map(|at| run.state(at));
        let executing = crate::plan::position(executing.filter(|s| s.is_executing()).count());
        same(
            "instances of a task that is limited in its run",
            limit.active,
            executing,
        )?;
    }
    Ok(())
}

/// What an instance waits for, told by the dag and the states alone; none for a placeholder in a
/// mapped group, for which other rules hold.
fn waits_for(run: &LiveRun, at: u32, kind: Kind) -> Option<Tally> {
    let slot = run.slot(at)?;
    let own = run.planned(at)?;
    let is_placeholder = run.is_placeholder(&slot.ti, slot.task);
    if is_placeholder && !own.near.is_empty() {
        return None;
    }
    let mut tally = Tally::default();
    for (above, task) in (0..).zip(&run.plan.tasks) {
        for edge in &task.edges {
            if edge.below != slot.task || edge.kind != kind {
                continue;
            }
            for other in run.slots_of(above) {
                let upper = run.slot(other)?;
                let index = u32::try_from(upper.ti.key.map.0).ok();
                let is_seen = match edge.near {
                    None => true,
                    Some(place) => {
                        let index_here = u32::try_from(slot.ti.key.map.0).ok()?;
                        run.indexes_below(slot.task, place, index)
                            .contains(&index_here)
                    }
                };
                if is_seen {
                    tally.add(
                        crate::live::run::seen_by(&run.plan, upper, slot.task),
                        task.is_setup,
                    );
                }
            }
        }
    }
    Some(tally)
}

/// Instances have the indexes of their places, and are counted as their states say.
fn expansions(run: &LiveRun) -> Result<(), String> {
    let n_slots = run
        .expansions
        .values()
        .map(|all| all.slots.len().saturating_sub(1));
    let n_slots = run.plan.tasks.len() + n_slots.sum::<usize>();
    same("slots of a run", run.slots.len(), n_slots)?;
    for (task, expansion) in &run.expansions {
        let mut all = Tally::default();
        let mut n_returned = 0;
        let planned = run
            .plan
            .plan(*task)
            .ok_or("an expansion without its task")?;
        for at in run.slots_of(*task) {
            let slot = run.slot(at).ok_or("an expansion without its slot")?;
            same("task of an instance", slot.task, *task)?;
            all.add(slot.ti.state, planned.is_setup);
            let has_index = slot.ti.key.map != MapIndex::NONE;
            n_returned += u32::from(has_index && slot.ti.returned.is_some());
            same("place of an instance", run.find(slot.ti.key), Some(at))?;
        }
        same("instances of an expanded task", expansion.all, all)?;
        same(
            "instances that returned something",
            expansion.n_returned,
            n_returned,
        )?;
        for (index, at) in (0..).zip(&expansion.slots) {
            let map = run.slot(*at).map(|slot| slot.ti.key.map);
            same("map index", map, Some(MapIndex(index)))?;
        }
    }
    Ok(())
}

/// A scheduled instance of a run that may go on waits in exactly one place, the others in none.
fn lined_up(live: &Live, run: &LiveRun) -> Result<(), String> {
    let dag = live.dags.get(&run.row.dag).ok_or("a run without its dag")?;
    let finished = run.row.state.is_finished();
    if !finished
        && run.held != (dag.is_held() || run.row.state != DagRunState::Running)
        && !run.held
    {
        return Err(format!("run {} goes on and should not", run.row.no));
    }
    for (at, slot) in (0_u32..).zip(&run.slots) {
        let Some((lane, key)) = place(run, at) else {
            continue;
        };
        let limit = dag.limits.get(&slot.ti.key.task);
        let own = run.limits.get(&slot.task);
        let places = [
            live.ready
                .lanes
                .get(&lane)
                .is_some_and(|keys| keys.contains(&key)),
            run.parked.contains(lane, &key),
            limit.is_some_and(|limit| limit.parked.contains(lane, &key)),
            own.is_some_and(|limit| limit.parked.contains(lane, &key)),
        ];
        let n_places = places.iter().filter(|found| **found).count();
        let wanted = usize::from(slot.ti.state == State::Scheduled && !run.held);
        same(
            &format!("places of {:?} in line", slot.ti.key),
            n_places,
            wanted,
        )?;
    }
    Ok(())
}

/// Who is with a worker or trigger has a permission, nobody else.
fn permissions(run: &LiveRun) -> Result<(), String> {
    for slot in &run.slots {
        let ti = &slot.ti;
        let wanted = crate::attempt::is_held_outside(ti.state);
        same(
            &format!("permission of {:?} ({})", ti.key, ti.state),
            ti.fence.is_some(),
            wanted,
        )?;
    }
    Ok(())
}

/// What is not marked as changed is in the book as it is here.
fn in_book(run: &LiveRun, view: &dyn View) -> Result<(), String> {
    let no: RunNo = run.row.no;
    let unchanged = run.slots.iter().all(|slot| !slot.dirty) && !run.row_dirty;
    let is_there = |at: &usize| !run.is_absent(crate::plan::position(*at));
    let there: Vec<_> = (0..run.slots.len()).filter(is_there).collect();
    let unchanged = unchanged && run.deleted.is_empty() && run.removed_dirty.is_empty();
    if !unchanged {
        return Ok(());
    }
    let row = view
        .run(no)
        .ok_or_else(|| format!("run {no} is not in the book"))?;
    if row != run.row {
        return Err(format!("run {no} differs from the book"));
    }
    let book = view.task_instances(no);
    let book: BTreeMap<_, _> = book.into_iter().map(|ti| (ti.key, ti)).collect();
    same(
        "task instances in the book",
        book.len(),
        there.len() + run.removed.len(),
    )?;
    let slots = there.iter().filter_map(|at| run.slots.get(*at));
    let here = slots.map(|slot| &slot.ti);
    for here in here.chain(run.removed.values().map(|(ti, _)| ti)) {
        if book.get(&here.key) != Some(here) {
            let (key, other) = (here.key, book.get(&here.key));
            return Err(format!(
                "{key:?} differs from the book: {here:?}, there {other:?}"
            ));
        }
    }
    Ok(())
}

fn indexes(live: &Live, dag: &crate::live::dags::LiveDag) -> Result<(), String> {
    let runs = || dag.runs.iter().filter_map(|no| live.runs.get(no));
    let count = |backfill: Option<u64>, state| {
        let of = |run: &&LiveRun| {
            let own = run.row.backfill.map(|(no, _)| no);
            own.filter(|no| dag.backfills.contains_key(no)) == backfill && run.row.state == state
        };
        crate::plan::position(runs().filter(of).count())
    };
    same(
        "running runs",
        dag.n_running,
        count(None, DagRunState::Running),
    )?;
    let queued = crate::plan::position(dag.queued.len());
    same("queued runs", queued, count(None, DagRunState::Queued))?;
    for (no, backfill) in &dag.backfills {
        let wanted = count(Some(*no), DagRunState::Running);
        same("running runs of a backfill", backfill.n_running, wanted)?;
        let n_todo = u32::try_from(backfill.todo.len()).unwrap_or(u32::MAX);
        let row = &backfill.row;
        same("dates to see to", n_todo, row.n_dates - row.n_done)?;
        let making = live.making.contains(&(*no, dag.row.no));
        same("whether dates are seen to", making, n_todo > 0)?;
    }
    same("runs of a dag", runs().count(), dag.runs.len())
}

/// Nothing stands in line that could not be found by its run.
fn ready(live: &Live) -> Result<(), String> {
    for key in live.ready.lanes.values().flatten() {
        let state = live.runs.get(&key.run).and_then(|run| run.state(key.at));
        same(
            &format!("state of {key:?} in line"),
            state,
            Some(State::Scheduled),
        )?;
    }
    Ok(())
}
