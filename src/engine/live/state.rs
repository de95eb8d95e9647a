//! The only place that writes the state of a task instance, and with it all that is counted: the
//! run's totals, its downstream's counters, pools, limits and the order of starting.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
};

use model::{DagNo, MapIndex, RunNo, TaskNo, state::TaskInstanceState as State};

use super::{
    Live,
    dags::{LiveDag, TaskLimit},
    ready::{Lane, Parked, Ready, ReadyKey},
    run::LiveRun,
    timers::Timer,
};
use crate::{attempt::stuck::stuck_at, plan::edges::Edge};

/// Enters a state. What it costs is what the direct downstream costs.
pub(crate) fn put(live: &mut Live, no: RunNo, at: u32, to: State) {
    let Live {
        runs,
        dags,
        pools,
        dirty,
        ready,
        work,
        followed,
        settle,
        executing,
        timers,
        options,
        ..
    } = live;
    let Some(run) = runs.get_mut(&no) else { return };
    let Some(ti) = run.change(at, dirty) else {
        return;
    };
    if let Some(when) = ti.queued_when.filter(|_| ti.state == State::Queued) {
        timers.cancel(stuck_at(options, when), Timer::Stuck(no, at));
    }
    let from = std::mem::replace(&mut ti.state, to);
    if from == to {
        return;
    }
    let plan = std::sync::Arc::clone(&run.plan);
    let Some(slot) = run.slot(at) else { return };
    let (position, map) = (slot.task, slot.ti.key.map);
    let Some(task) = plan.plan(position) else {
        return;
    };
    let Some(dag) = dags.get_mut(&run.row.dag) else {
        return;
    };
    pools.change(task.pool, task.pool_slots, from, to, dirty);
    ready.wake |= pool_frees(from, to);

    let limits = &mut dag.limits;
    if from == State::Scheduled {
        unready(run, limits, ready, at, to == State::Queued);
    }
    let limit = limits.get_mut(&task.no);
    execute(run, position, limit, ready, executing, from, to);
    if to == State::Scheduled && !run.held {
        make_ready(run, ready, at);
    }

    run.n_waiting += u32::from(to.is_schedulable());
    run.n_waiting -= u32::from(from.is_schedulable()).min(run.n_waiting);
    run.n_unfinished += u32::from(!to.is_finished());
    run.n_unfinished -= u32::from(!from.is_finished()).min(run.n_unfinished);
    if run.n_unfinished == run.n_waiting {
        settle.insert(no);
    }
    if !from.is_finished() && !to.is_finished() {
        return;
    }
    let is_last = tell(run, work, (position, map), (from, to));
    if to.is_finished() && is_last {
        followed.extend(run.followers.iter().map(|follower| (*follower, task.no)));
    }
}

/// Counts a change of state in the totals of its task and for all below. Gives whether all
/// instances of the task have ended.
fn tell(
    run: &mut LiveRun,
    work: &mut VecDeque<(RunNo, u32)>,
    (position, map): (u32, MapIndex),
    (from, to): (State, State),
) -> bool {
    let plan = std::sync::Arc::clone(&run.plan);
    let Some(task) = plan.plan(position) else {
        return true;
    };
    let (mut is_last, mut length_changed) = (true, false);
    if let Some(expansion) = run.expansions.get_mut(&position) {
        let was_done = expansion.all.is_done();
        expansion.all.shift(from, to, task.is_setup);
        if to == State::NoStatus {
            expansion.fits = None;
        }
        is_last = expansion.all.is_done();
        length_changed = was_done != is_last;
    }
    let index = u32::try_from(map.0).ok();
    for edge in &task.edges {
        below(run, work, edge, (from, to), index, task.is_setup);
    }
    if length_changed {
        for task in run.length_changed(position) {
            let slots: Vec<u32> = run.slots_of(task).collect();
            for at in slots {
                examine(run, work, at);
            }
        }
    }
    is_last
}

/// Counts a change of state for those that wait by an edge, and has them examined where it may
/// matter to them.
fn below(
    run: &mut LiveRun,
    work: &mut VecDeque<(RunNo, u32)>,
    edge: &Edge,
    (from, to): (State, State),
    index: Option<u32>,
    is_setup: bool,
) {
    let is_expanded = |run: &LiveRun| {
        let expansion = run.expansions.get(&edge.below);
        expansion.is_some_and(|expansion| !expansion.slots.is_empty())
    };
    let Some(place) = edge.near else {
        let Some(seen) = run.seen.get_mut(edge.below as usize) else {
            return;
        };
        let decides = seen.get_mut(edge.kind).shift(from, to, is_setup);
        if to.is_finished() && !is_expanded(run) {
            examine(run, work, edge.below);
        } else if decides {
            let slots: Vec<u32> = run.slots_of(edge.below).collect();
            for at in slots {
                examine(run, work, at);
            }
        }
        return;
    };
    if !is_expanded(run) {
        if to.is_finished() {
            examine(run, work, edge.below);
        }
        return;
    }
    for index in run.indexes_below(edge.below, place, index) {
        let expansion = run.expansions.get(&edge.below);
        let at = expansion.and_then(|expansion| expansion.slots.get(index as usize).copied());
        let Some(at) = at else { continue };
        let near = run
            .slots
            .get_mut(at as usize)
            .and_then(|slot| slot.near.as_mut());
        if let Some(near) = near {
            near.get_mut(edge.kind).shift(from, to, is_setup);
        }
        if to.is_finished() {
            examine(run, work, at);
        }
    }
}

fn examine(run: &mut LiveRun, work: &mut VecDeque<(RunNo, u32)>, at: u32) {
    if run.state(at).is_some_and(State::is_schedulable) {
        run.push_work(work, at);
    }
}

/// Where an instance waits for a slot.
pub(crate) fn place(run: &LiveRun, at: u32) -> Option<(Lane, ReadyKey)> {
    let slot = run.slot(at)?;
    let task = run.plan.plan(slot.task)?;
    let lane = Lane {
        pool: task.pool,
        slots: task.pool_slots,
    };
    let key = ReadyKey {
        weight: Reverse(run.plan.weight(slot.task, slot.ti.try_number, task.weight)),
        date: run.order_date(),
        map: slot.ti.key.map.0,
        run: run.row.no,
        at,
    };
    Some((lane, key))
}

/// Lines a scheduled instance up.
pub(crate) fn make_ready(run: &LiveRun, ready: &mut Ready, at: u32) {
    if let Some((lane, key)) = place(run, at) {
        ready.insert(lane, key);
    }
}

/// Takes an instance out of wherever it waits. One that goes without starting gives its place in
/// the lane to the next of its run and task.
pub(crate) fn unready(
    run: &mut LiveRun,
    limits: &mut BTreeMap<TaskNo, TaskLimit>,
    ready: &mut Ready,
    at: u32,
    starts: bool,
) {
    let Some((lane, key)) = place(run, at) else {
        return;
    };
    let no = run.planned(at).map(|task| task.no);
    let limit = no.and_then(|no| limits.get_mut(&no));
    let mut parked: Vec<&mut Parked> = Vec::with_capacity(3);
    let position = run.slots.get(at as usize).map(|slot| slot.task);
    parked.push(&mut run.parked);
    parked.extend(limit.map(|limit| &mut limit.parked));
    let own = position.and_then(|at| run.limits.get_mut(&at));
    parked.extend(own.map(|limit| &mut limit.parked));
    if ready.remove(lane, &key) {
        if !starts {
            for parked in parked {
                parked.release(lane, ready);
            }
        }
        return;
    }
    for parked in parked {
        if parked.remove(lane, &key) {
            return;
        }
    }
}

/// Counts executing instances, and lets those go on that waited for one to end.
fn execute(
    run: &mut LiveRun,
    position: u32,
    limit: Option<&mut TaskLimit>,
    ready: &mut Ready,
    executing: &mut u32,
    from: State,
    to: State,
) {
    match (from.is_executing(), to.is_executing()) {
        (false, true) => {
            *executing += 1;
            run.n_executing += 1;
            for limit in limit.into_iter().chain(run.limits.get_mut(&position)) {
                limit.active += 1;
            }
        }
        (true, false) => {
            *executing = executing.saturating_sub(1);
            run.n_executing = run.n_executing.saturating_sub(1);
            run.parked.release_each(ready);
            for limit in limit.into_iter().chain(run.limits.get_mut(&position)) {
                limit.active = limit.active.saturating_sub(1);
                limit.parked.release_each(ready);
            }
            ready.wake = true;
        }
        (true, true) | (false, false) => {}
    }
}

fn pool_frees(from: State, to: State) -> bool {
    (from.is_executing() || from == State::Deferred) && !to.is_executing()
}

/// Looks again whether a run may go on, and lines its instances up or takes them out.
pub(crate) fn refresh_hold(live: &mut Live, no: RunNo, now: model::Timestamp) {
    use model::state::DagRunState;
    let Live {
        runs,
        dags,
        ready,
        work,
        settle,
        timers,
        ..
    } = live;
    let Some(run) = runs.get_mut(&no) else { return };
    let Some(dag) = dags.get_mut(&run.row.dag) else {
        return;
    };
    let in_future = run.row.logical_date.filter(|date| *date > now);
    if let Some(date) = in_future {
        timers.at(date, super::timers::Timer::LogicalDate(no));
    }
    let held = dag.is_held() || run.row.state != DagRunState::Running || in_future.is_some();
    if held == run.held {
        return;
    }
    run.held = held;
    if let Some(at) = crate::run::start::timeout_at(run).filter(|_| !held) {
        timers.at(at, super::timers::Timer::RunTimeout(no));
    }
    for at in 0..crate::plan::position(run.slots.len()) {
        let Some(state) = run.state(at) else { continue };
        if state == State::Scheduled {
            if held {
                unready(run, &mut dag.limits, ready, at, false);
            } else {
                make_ready(run, ready, at);
            }
        } else if !held && state.is_schedulable() {
            run.push_work(work, at);
        }
    }
    settle.insert(no);
}

/// Looks again at all runs of a dag: it was paused, unpaused, went or came back.
pub(crate) fn refresh_dag(live: &mut Live, dag: DagNo, now: model::Timestamp) {
    let runs = live
        .dags
        .get(&dag)
        .map(LiveDag::live_runs)
        .unwrap_or_default();
    for run in runs {
        refresh_hold(live, run, now);
        live.settle.insert(run);
    }
    live.promote.insert(dag);
}
