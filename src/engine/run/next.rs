//! The next scheduled run of a dag: when it is due, and its creation.

use model::{
    DagNo,
    change::{DagRow, NextRun},
    limits::RUNS_CREATED_PER_STEP_MAX,
    schedule::{DataInterval, Schedule},
    state::DagRunType,
};

use super::create;
use crate::{
    evaluate,
    live::{Cx, Live, timers::Timer},
    plan::Plan,
    timetable::{self, Bounds},
};

/// Works the next run out anew, and sets the timer for it.
pub(crate) fn refresh(cx: &mut Cx, dag: DagNo) {
    let Some(plan) = cx.live.latest(dag, cx.view) else {
        return;
    };
    look_on(cx, dag, &plan);
}

/// Works the next run out, or has it worked out outside.
fn look_on(cx: &mut Cx, dag: DagNo, plan: &Plan) {
    match evaluate::custom(&plan.dag.schedule) {
        Some(timetable) if allows(&plan.dag, DagRunType::Scheduled) => {
            evaluate::timetable(cx, plan, timetable);
            arm(cx.live, dag);
        }
        Some(_) | None => {
            let next = following(cx, plan);
            set(cx.live, dag, next);
        }
    }
}

/// After a restart: what was asked outside is asked again where it is needed to go on. For a run
/// that is known already that is when it is due, so that no source is read for it before.
pub(crate) fn recover(cx: &mut Cx, dag: DagNo) {
    let row = cx.live.dags.get(&dag).map(|dag| &dag.row);
    let may_wait =
        |row: &DagRow| row.next_run.is_none() && row.summary.timetable_periodic && !row.is_stale;
    if row.is_some_and(may_wait)
        && let Some(plan) = cx.live.latest(dag, cx.view)
        && evaluate::custom(&plan.dag.schedule).is_some()
    {
        return look_on(cx, dag, &plan);
    }
    arm(cx.live, dag);
}

/// Sets the timer by what the row says. Held dags and those at their limit wait.
pub(crate) fn arm(live: &mut Live, dag: DagNo) {
    let disk_full = live.disk.is_some();
    let Some(found) = live.dags.get_mut(&dag) else {
        return;
    };
    let full = found.n_active() >= found.row.summary.max_active_runs;
    let next = found.row.next_run.as_ref().map(|next| next.run_after);
    let waits = found.is_held() || found.asked.is_some() || full || disk_full;
    let wanted = next.filter(|_| !waits);
    if found.armed == wanted {
        return;
    }
    if let Some(old) = found.armed.take() {
        live.timers.cancel(old, Timer::NextRun(dag));
    }
    if let Some(at) = wanted {
        live.timers.at(at, Timer::NextRun(dag));
    }
    found.armed = wanted;
}

/// The timer fired: creates what is due, at most so many that others have their turn.
pub(crate) fn due(cx: &mut Cx, dag: DagNo) {
    if let Some(dag) = cx.live.dags.get_mut(&dag) {
        dag.armed = None;
    }
    for _ in 0..RUNS_CREATED_PER_STEP_MAX {
        if !one(cx, dag) {
            break;
        }
    }
    arm(cx.live, dag);
}

/// Creates one run when one is due.
fn one(cx: &mut Cx, dag: DagNo) -> bool {
    let Some(found) = cx.live.dags.get(&dag) else {
        return false;
    };
    let full = found.n_active() >= found.row.summary.max_active_runs;
    if found.is_held() || found.asked.is_some() || full || cx.live.disk.is_some() {
        return false;
    }
    let Some(stored) = found.row.next_run.clone() else {
        return false;
    };
    let Some(plan) = cx.live.latest(dag, cx.view) else {
        return false;
    };
    let Some(next) = latest_due(cx, &plan, stored) else {
        return false;
    };
    let interval = next.data_interval.or_else(|| {
        let at = next.logical_date.unwrap_or(next.run_after);
        Some(DataInterval { start: at, end: at })
    });
    let named = cx.live.dags.get_mut(&dag).and_then(|dag| dag.named.take());
    if named.is_none() && evaluate::custom(&plan.dag.schedule).is_some() {
        look_on(cx, dag, &plan);
        return false;
    }
    create::scheduled(cx, dag, plan.clone(), (next, named.flatten()));
    if let Some(row) = cx.live.change_dag(dag) {
        row.last_scheduled = interval;
    }
    look_on(cx, dag, &plan);
    true
}

/// The stored run, or the one that has taken its place while nobody was there to create it.
fn latest_due(cx: &mut Cx, plan: &Plan, stored: NextRun) -> Option<NextRun> {
    if stored.run_after > cx.now {
        return None;
    }
    let has_last = cx.live.dags.get(&plan.dag_no)?.row.last_scheduled.is_some();
    let moves_on = (has_last && !plan.dag.catchup) || plan.dag.schedule == Schedule::Continuous;
    let anew = following(cx, plan).filter(|_| moves_on);
    match anew {
        Some(anew) if anew.run_after <= cx.now => Some(anew),
        Some(_) | None => Some(stored),
    }
}

fn following(cx: &Cx, plan: &Plan) -> Option<NextRun> {
    let dag = &plan.dag;
    if !allows(dag, DagRunType::Scheduled) {
        return None;
    }
    let last = cx.live.dags.get(&plan.dag_no)?.row.last_scheduled;
    let bounds = Bounds {
        start_date: dag.start_date,
        end_date: dag.end_date,
        catchup: dag.catchup,
    };
    timetable::next_run(&dag.schedule, &bounds, last, cx.now)
}

pub(crate) fn set(live: &mut Live, dag: DagNo, next: Option<NextRun>) {
    let old = live.dags.get(&dag).and_then(|dag| dag.row.next_run.clone());
    if old != next
        && let Some(row) = live.change_dag(dag)
    {
        row.next_run = next;
    }
    arm(live, dag);
}

/// Whether a dag allows runs of a type.
#[must_use]
pub fn allows(dag: &model::dag::Dag, run_type: DagRunType) -> bool {
    dag.allowed_run_types
        .as_ref()
        .is_none_or(|types| types.contains(&run_type))
}
