//! Doing what is due.

use std::collections::BTreeSet;

use model::Timestamp;

use crate::{
    View, attempt,
    attempt::{At, examine::examine},
    backfill::make,
    critical::critical,
    deadlines,
    live::{Cx, Live, state::refresh_hold, timers::Timer},
    rules::depends_on_past::follow,
    run::{finish, next, start, timeout},
};

/// Does what is due: timers, new runs, promotion, readiness and the critical section. It examines a
/// bounded number of task instances; when there are more, [`Live::next_wake`] says so.
pub fn step(live: &mut Live, view: &dyn View, now: Timestamp) {
    let mut cx = Cx { live, view, now };
    timers(&mut cx);
    make::some(&mut cx);
    let mut budget = cx.live.cascade_tasks_max;
    while budget > 0 {
        if let Some(dag) = cx.live.promote.pop_first() {
            start::promote(&mut cx, dag);
        } else if let Some((run, task)) = cx.live.followed.pop() {
            follow(cx.live, run, task);
        } else if let Some((run, at)) = cx.live.work.pop_front() {
            examine(&mut cx, At { run, at });
            budget -= 1;
        } else if let Some(run) = cx.live.settle.pop_first() {
            finish::settle(&mut cx, run);
        } else {
            break;
        }
    }
    critical(&mut cx);
}

/// Fires what is due. A dag that catches up may be due for ever: it has one turn, and another one
/// with the next step.
fn timers(cx: &mut Cx) {
    let mut had_turn = BTreeSet::new();
    let mut again = Vec::new();
    while let Some((at, timer)) = cx.live.timers.pop(cx.now) {
        match timer {
            Timer::NextRun(dag) if !had_turn.insert(dag) => again.push((at, timer)),
            Timer::NextRun(_)
            | Timer::RunAfter(_)
            | Timer::Evaluate(_)
            | Timer::LogicalDate(_)
            | Timer::RunTimeout(_)
            | Timer::Deadline(..)
            | Timer::Wait(..)
            | Timer::Stuck(..)
            | Timer::DeferralTimeout(..) => fire(cx, timer),
        }
    }
    for (at, timer) in again {
        cx.live.timers.at(at, timer);
    }
}

fn fire(cx: &mut Cx, timer: Timer) {
    match timer {
        Timer::NextRun(dag) => next::due(cx, dag),
        Timer::Evaluate(dag) => next::refresh(cx, dag),
        Timer::RunAfter(dag) => {
            cx.live.promote.insert(dag);
        }
        Timer::LogicalDate(run) => {
            refresh_hold(cx.live, run, cx.now);
            // Nothing may be left of it to do, and a paused dag's runs end too.
            cx.live.settle.insert(run);
        }
        Timer::Deadline(run, alert) => deadlines::passed(cx, run, alert),
        Timer::RunTimeout(run) => timeout::time_out(cx, run),
        Timer::Wait(run, at) => cx.live.push_work(run, at),
        Timer::Stuck(run, at) => attempt::stuck::stuck(cx, At { run, at }),
        Timer::DeferralTimeout(run, at) => attempt::defer::time_out(cx, run, at),
    }
}
