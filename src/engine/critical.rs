//! The critical section: ready task instances get slots, best first.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::{
    attempt::{At, start},
    live::{
        Cx,
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
    let task = run.plan.plan(key.at);
    let limit = task.and_then(|task| Some((dag.limits.get_mut(&task.no)?, task.per_dag?)));
    if run.n_executing >= dag.row.summary.max_active_tasks {
        ready.remove(lane, &key);
        run.parked.insert(lane, key);
        if let Some((limit, _)) = limit {
            limit.parked.release(lane, ready);
        }
    } else if let Some((limit, _)) = limit.filter(|(limit, max)| limit.active >= *max) {
        ready.remove(lane, &key);
        limit.parked.insert(lane, key);
        run.parked.release(lane, ready);
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
