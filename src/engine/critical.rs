//! The critical section: ready task instances get slots, best first.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{
    attempt::{At, start},
    live::{
        Cx,
        dags::TaskLimit,
        ready::{Lane, ReadyKey},
    },
};

/// Starts what can start. Lanes of full pools are not looked at; one that stands at the front while
/// its run or task is at its limit is parked, once.
pub(crate) fn critical(cx: &mut Cx) {
    if !cx.live.ready.wake || cx.live.disk.is_some() {
        return;
    }
    cx.live.ready.wake = false;
    let mut heads: BinaryHeap<Reverse<(ReadyKey, Lane)>> = BinaryHeap::new();
    for (lane, keys) in &cx.live.ready.lanes {
        if let Some(first) = keys.first().filter(|_| is_open(cx, *lane)) {
            heads.push(Reverse((*first, *lane)));
        }
    }
    while cx.live.executing < cx.live.options.parallelism {
        let Some(Reverse((key, lane))) = heads.pop() else {
            break;
        };
        if !is_open(cx, lane) {
            continue;
        }
        take(cx, lane, key);
        if let Some(first) = cx.live.ready.first(lane) {
            heads.push(Reverse((first, lane)));
        }
    }
    // What this pass itself lined up it has looked at as well.
    cx.live.ready.wake = false;
}

fn is_open(cx: &Cx, lane: Lane) -> bool {
    cx.live.pools.open(lane.pool) >= i64::from(lane.slots)
}

/// Starts the first of a lane, or parks it.
fn take(cx: &mut Cx, lane: Lane, key: ReadyKey) {
    let live = &mut *cx.live;
    let ready = &mut live.ready;
    let Some(run) = live.runs.get_mut(&key.run) else {
        ready.remove(lane, &key);
        return;
    };
    let Some(dag) = live.dags.get_mut(&run.row.dag) else {
        return;
    };
    let position = run.slot(key.at).map(|slot| slot.task);
    let task = position.and_then(|at| run.plan.plan(at));
    let limit = task.and_then(|task| Some((dag.limits.get_mut(&task.no)?, task.per_dag?)));
    let own = position.and_then(|at| run.limits.get_mut(&at));
    let own = own.zip(task.and_then(|task| task.per_run));
    let run_is_full = run.n_executing >= dag.row.summary.max_active_tasks;
    let is_full = |limit: &Option<(&mut TaskLimit, u32)>| {
        limit
            .as_ref()
            .is_some_and(|(limit, max)| limit.active >= *max)
    };
    let (dag_is_full, own_is_full) = (is_full(&limit), is_full(&own));
    if run_is_full || dag_is_full || own_is_full {
        // Parked at one limit, it hands what another one lined it up for to the next there.
        ready.remove(lane, &key);
        let mut parked = [
            Some((&mut run.parked, run_is_full)),
            limit.map(|(limit, _)| (&mut limit.parked, dag_is_full)),
            own.map(|(limit, _)| (&mut limit.parked, own_is_full)),
        ];
        let mut is_parked = false;
        for (parked, is_full) in parked.iter_mut().flatten() {
            if *is_full && !is_parked {
                parked.insert(lane, key);
                is_parked = true;
            } else if !*is_full {
                parked.release(lane, ready);
            }
        }
    } else if !start::queue(
        cx,
        At {
            run: key.run,
            at: key.at,
        },
    ) {
        // Not scheduled any more, which `live::state` does not let happen: forget it.
        cx.live.ready.remove(lane, &key);
    }
}
