//! After loading: every timer, every piece of work and every effect is derived again from the
//! states.

use model::{
    RunNo, Timestamp,
    effect::Effect,
    state::{DagRunState, TaskInstanceState as State},
};

use crate::{
    View,
    assets::{activity, asked, watch},
    attempt::stuck::stuck_at,
    live::{Cx, Live, state::refresh_hold, timers::Timer},
    run::next,
};

/// Derives effects, timers and work again. Done twice it changes nothing more.
pub fn recover(live: &mut Live, view: &dyn View, now: Timestamp) {
    let mut cx = Cx { live, view, now };
    let runs: Vec<RunNo> = cx.live.runs.keys().copied().collect();
    for run in runs {
        recover_run(&mut cx, run);
    }
    let owed = cx.live.owed.values().cloned().map(Box::new);
    let effects: Vec<Effect> = owed.map(Effect::Callback).collect();
    cx.live.dirty.effects.extend(effects);
    activity::recover(&mut cx);
    watch::recover(&mut cx);
    asked::recover(&mut cx);
    let dags: Vec<_> = cx.live.dags.keys().copied().collect();
    for dag in dags {
        next::recover(&mut cx, dag);
        cx.live.promote.insert(dag);
        let backfills = cx.live.dags.get(&dag).into_iter();
        let backfills = backfills.flat_map(|dag| dag.backfills.values());
        let later = backfills.flat_map(|backfill| backfill.waiting.values().copied());
        let later: Vec<Timestamp> = later.filter(|at| *at > now).collect();
        for at in later {
            cx.live.timers.at(at, Timer::RunAfter(dag));
        }
    }
}

fn recover_run(cx: &mut Cx, no: RunNo) {
    refresh_hold(cx.live, no, cx.now);
    let Some(run) = cx.live.runs.get_mut(&no) else {
        return;
    };
    cx.live.settle.insert(no);
    match run.row.state {
        DagRunState::Running => {}
        DagRunState::Queued => {
            if run.row.run_after > cx.now {
                cx.live
                    .timers
                    .at(run.row.run_after, Timer::RunAfter(run.row.dag));
            }
        }
        DagRunState::Success | DagRunState::Failed => {
            // Loaded although it had ended; it leaves with the next drain.
            cx.live.dirty.runs.insert(no);
        }
    }
    let mut effects = Vec::new();
    let stuck = stuck_at(&cx.live.options, cx.now);
    for (at, slot) in (0..).zip(&run.slots) {
        let ti = &slot.ti;
        if let Some(when) = ti.queued_when.filter(|_| ti.state == State::Queued) {
            // The worker could tell nobody that it began: it is given the whole time again.
            let timer = Timer::Stuck(no, at);
            cx.live
                .timers
                .cancel(stuck_at(&cx.live.options, when), timer);
            cx.live.timers.at(stuck, timer);
        }
        if let Some(fence) = ti.fence {
            again(ti.key, ti.state, fence, ti, &mut effects);
        }
    }
    cx.live.dirty.effects.extend(effects);
}

fn again(
    key: model::TiKey,
    state: State,
    fence: model::Fence,
    ti: &model::task_instance::TaskInstance,
    effects: &mut Vec<Effect>,
) {
    let try_number = ti.try_number;
    let adopt = |was_running| Effect::Adopt {
        key,
        fence,
        try_number,
        was_running,
    };
    match state {
        State::Queued => effects.push(adopt(false)),
        State::Running => effects.push(adopt(true)),
        State::Restarting => {
            effects.push(adopt(true));
            effects.push(Effect::Kill { key, fence });
        }
        State::Deferred => {
            if let Some(deferral) = &ti.deferral {
                let deferral = Box::new(deferral.clone());
                effects.push(Effect::Arm {
                    key,
                    fence,
                    deferral,
                });
            }
        }
        State::NoStatus
        | State::Removed
        | State::Scheduled
        | State::Success
        | State::Failed
        | State::UpForRetry
        | State::UpForReschedule
        | State::UpstreamFailed
        | State::Skipped
        | State::AwaitingInput => {}
    }
}
