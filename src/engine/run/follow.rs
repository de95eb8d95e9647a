//! A cleared run moves to the latest version of its dag.

use std::collections::BTreeSet;

use model::{MapIndex, RunNo, TiKey, VersionNo, reason::Reason, state::TaskInstanceState as State};

use crate::{
    attempt::{At, Event, halt::halt, is_held_outside},
    live::{Cx, expansion::Total, run::LiveRun},
    plan::mapping::Mapping,
};

/// Moves a run to the latest version: tasks that are gone become removed, new ones are added, those
/// that are back go on. False when the version cannot be read.
pub(crate) fn latest(cx: &mut Cx, no: RunNo) -> bool {
    let Some(run) = cx.run(no) else { return false };
    let (dag, version) = (run.row.dag, run.row.version);
    let Some(plan) = cx.live.latest(dag, cx.view) else {
        return false;
    };
    if plan.version == version {
        return true;
    }
    for at in 0..crate::plan::position(cx.run(no).map_or(0, |run| run.slots.len())) {
        let place = At { run: no, at };
        let Some(ti) = cx.ti(place) else { continue };
        let first = TiKey {
            map: MapIndex(0),
            ..ti.key
        };
        let has_first = cx
            .run(no)
            .is_some_and(|run| run.removed.contains_key(&first));
        let is_gone = plan.plan_of(ti.key.task).is_none_or(|task| {
            // What is expanded again after all.
            ti.key.map == MapIndex::NONE && task.mapping.is_some() && has_first
        });
        if is_gone {
            halt(cx, place);
            let reason = Some(Reason::TaskRemoved);
            cx.end(place, Event::Removed, reason);
        }
    }
    let Some(old) = take_out(cx, no) else {
        return false;
    };
    let there = old.slots.iter().filter(|slot| !slot.is_absent());
    let tis: Vec<_> = there.map(|slot| slot.ti.clone()).collect();
    let others = old.removed.values().map(|(ti, _)| ti.clone());
    let mut row = old.row.clone();
    row.version = plan.version;
    let mut run = LiveRun::new(row, plan.clone(), tis.into_iter().chain(others).collect());
    run.book = old.book;
    run.deleted.clone_from(&old.deleted);
    run.change_row(&mut cx.live.dirty);
    carry(&mut run, &old, plan.version);
    cx.live.insert_run(run);
    cx.live.count_in(no);
    if let Some(dag) = cx.live.dags.get_mut(&dag) {
        dag.unused = false;
    }
    restore(cx, no);
    shorten(cx, no);
    crate::live::state::refresh_hold(cx.live, no, cx.now);
    // All that was unfinished may be among what went.
    cx.live.settle.insert(no);
    crate::rules::depends_on_past::forget(cx.live, dag);
    true
}

/// Instances without an index go where the version says how many with one there are, whatever their
/// state. As upstream has it those come only when the one that went is cleared. Where what others
/// returned says how many, the one without an index stays as it is.
pub(crate) fn unplace(cx: &mut Cx, no: RunNo) {
    let Some(run) = cx.run(no) else { return };
    let is_fixed = |task: u32| {
        let mapping = run.plan.plan(task).and_then(|task| task.mapping.as_deref());
        mapping.is_some_and(Mapping::is_fixed)
    };
    let slots = (0..).zip(&run.slots);
    let alone = slots.filter(|(at, slot)| {
        slot.ti.key.map == MapIndex::NONE && is_fixed(slot.task) && !run.is_absent(*at)
    });
    let alone: Vec<u32> = alone.map(|(at, _)| at).collect();
    for at in alone {
        let place = At { run: no, at };
        halt(cx, place);
        let message = "the task is mapped now, and this is none of its indexes: clear it to have \
                       them run"
            .to_owned();
        cx.end(place, Event::Removed, Some(Reason::Failed { message }));
    }
    cx.live.settle.insert(no);
}

/// What the book has of each instance, and what is still to be written.
fn carry(run: &mut LiveRun, old: &LiveRun, version: VersionNo) {
    for (at, slot) in run.slots.iter_mut().enumerate() {
        if slot.is_absent() {
            continue;
        }
        let was = old.find(slot.ti.key).and_then(|at| old.slot(at));
        slot.book = was.map_or_else(
            || old.removed.get(&slot.ti.key).and_then(|(_, book)| *book),
            |was| was.book,
        );
        if !slot.ti.state.is_finished() && !is_held_outside(slot.ti.state) {
            slot.ti.version = version;
        }
        slot.dirty = true;
        run.dirty.push(crate::plan::position(at));
    }
    let unwritten: BTreeSet<_> = old.removed_dirty.iter().collect();
    for (key, (_, book)) in &mut run.removed {
        if let Some(was) = old.find(*key).and_then(|at| old.slot(at)) {
            *book = was.book;
            run.removed_dirty.push(*key);
        } else if let Some((_, was)) = old.removed.get(key) {
            *book = *was;
            if unwritten.contains(key) {
                run.removed_dirty.push(*key);
            }
        }
    }
}

/// Takes a run out of all that counts its instances.
pub(crate) fn take_out(cx: &mut Cx, no: RunNo) -> Option<LiveRun> {
    let live = &mut *cx.live;
    let mut run = live.runs.remove(&no)?;
    let dag = live.dags.get_mut(&run.row.dag)?;
    dag.index(&run, false);
    let plan = std::sync::Arc::clone(&run.plan);
    for at in 0..crate::plan::position(run.slots.len()) {
        let Some(slot) = run.slot(at) else { continue };
        let state = slot.ti.state;
        let Some(task) = plan.plan(slot.task) else {
            continue;
        };
        let dirty = &mut live.dirty;
        live.pools
            .change(task.pool, task.pool_slots, state, State::NoStatus, dirty);
        if state == State::Scheduled {
            let limits = &mut dag.limits;
            crate::live::state::unready(&mut run, limits, &mut live.ready, at, false);
        }
        if state.is_executing() {
            live.executing = live.executing.saturating_sub(1);
            if let Some(limit) = dag.limits.get_mut(&task.no) {
                limit.active = limit.active.saturating_sub(1);
                limit.parked.release_each(&mut live.ready);
            }
        }
    }
    live.ready.wake = true;
    live.work.retain(|(other, _)| *other != no);
    live.settle.remove(&no);
    Some(run)
}

fn restore(cx: &mut Cx, no: RunNo) {
    for at in 0..crate::plan::position(cx.run(no).map_or(0, |run| run.slots.len())) {
        let place = At { run: no, at };
        let is_absent = cx.run(no).is_some_and(|run| run.is_absent(at));
        let is_removed = cx.ti(place).is_some_and(|ti| ti.state == State::Removed);
        if is_removed && !is_absent {
            cx.apply(place, Event::Restored);
            if let Some(ti) = cx.change(place) {
                ti.reason = None;
            }
        }
    }
}

/// Instances beyond the length that the version says go.
fn shorten(cx: &mut Cx, no: RunNo) {
    let Some(run) = cx.run(no) else { return };
    let mut beyond = Vec::new();
    for (task, expansion) in &run.expansions {
        let mapping = run
            .plan
            .plan(*task)
            .and_then(|task| task.mapping.as_deref());
        let fixed = mapping.filter(|mapping| mapping.is_fixed());
        if let Some(Total::Known(total)) = fixed.map(|mapping| run.total(mapping)) {
            beyond.extend(expansion.slots.iter().skip(total as usize).copied());
        }
    }
    for at in beyond {
        let place = At { run: no, at };
        halt(cx, place);
        let reason = Some(Reason::TaskRemoved);
        cx.end(place, Event::Removed, reason);
    }
}
