//! What must hold after each step and drain: every counter equals what the states say.

use std::collections::BTreeMap;

use model::{
    RunNo, TaskNo,
    state::{DagRunState, TaskInstanceState as State},
};

use crate::{
    View,
    live::{
        Live,
        run::{Counts, LiveRun},
        state::place,
    },
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
        for (slot, task) in run.slots.iter().zip(&run.plan.tasks) {
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
        count(|state| state == State::NoStatus),
    )?;
    same(
        &format!("executing of {no}"),
        run.n_executing,
        count(State::is_executing),
    )?;
    for (slot, task) in run.slots.iter().zip(&run.plan.dag.tasks) {
        let mut counts = Counts::default();
        for &above in &task.upstream {
            let Some(up) = run.slots.get(above) else {
                continue;
            };
            let is_setup = run
                .plan
                .dag
                .tasks
                .get(above)
                .is_some_and(|task| task.is_setup);
            counts.count(up.ti.state, is_setup, true);
        }
        same(
            &format!("upstream of {} of {no}", task.task_id),
            slot.counts,
            counts,
        )?;
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
        let places = [
            live.ready
                .lanes
                .get(&lane)
                .is_some_and(|keys| keys.contains(&key)),
            run.parked.contains(lane, &key),
            limit.is_some_and(|limit| limit.parked.contains(lane, &key)),
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
    for slot in &run.slots {
        if book.get(&slot.ti.key) != Some(&slot.ti) {
            let (key, other) = (slot.ti.key, book.get(&slot.ti.key));
            let here = &slot.ti;
            return Err(format!(
                "{key:?} differs from the book: {here:?}, there {other:?}"
            ));
        }
    }
    Ok(())
}

fn indexes(live: &Live, dag: &crate::live::dags::LiveDag) -> Result<(), String> {
    let runs = || dag.runs.iter().filter_map(|no| live.runs.get(no));
    let count = |state| crate::plan::position(runs().filter(|run| run.row.state == state).count());
    same("running runs", dag.n_running, count(DagRunState::Running))?;
    let queued = crate::plan::position(dag.queued.len());
    same("queued runs", queued, count(DagRunState::Queued))?;
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
