//! Queued runs start, oldest first, as many at once as the dag allows; after them those of
//! backfills, in their order, as many as the backfill allows.

use model::{DagNo, RunNo, Timestamp, state::DagRunState};

use super::{enter, follow};
use crate::{
    assets::{due, partitions},
    backfill,
    live::Cx,
};

/// Starts what may start of a dag, and sees to the timer of its next run.
pub(crate) fn promote(cx: &mut Cx, dag: DagNo) {
    while let Some(run) = first(cx, dag) {
        start(cx, dag, run);
    }
    backfill::settle(cx, dag);
    partitions::due(cx, dag);
    due::due(cx, dag);
    super::next::arm(cx.live, dag);
}

fn first(cx: &Cx, dag: DagNo) -> Option<RunNo> {
    let dag = cx.live.dags.get(&dag)?;
    if dag.is_held() || cx.live.disk.is_some() {
        return None;
    }
    if dag.n_running < dag.row.summary.max_active_runs {
        let due = dag.queued.first().filter(|(at, _)| *at <= cx.now);
        if let Some((_, no)) = due {
            return Some(*no);
        }
    }
    let mut backfills = dag.backfills.values();
    backfills.find_map(|backfill| backfill.next(cx.now))
}

fn start(cx: &mut Cx, dag: DagNo, no: RunNo) {
    if !cx.live.runs.contains_key(&no) && !wake(cx, dag, no) {
        return;
    }
    enter(cx, no, DagRunState::Running, None);
    let now = cx.now;
    let Some(run) = cx.live.runs.get_mut(&no) else {
        return;
    };
    run.change_row(&mut cx.live.dirty).last_scheduling_decision = Some(now);
    cx.live.settle.insert(no);
}

/// Takes a run of a backfill back into memory. One that cannot be read stays queued in the book.
fn wake(cx: &mut Cx, dag: DagNo, no: RunNo) -> bool {
    if !cx.wake_run(no) {
        if let Some(dag) = cx.live.dags.get_mut(&dag) {
            for backfill in dag.backfills.values_mut() {
                backfill.waiting.retain(|(_, of), _| *of != no);
            }
        }
        return false;
    }
    let run = cx.run(no);
    let is_python = run.is_some_and(|run| run.plan.dag.fileloc.is_some());
    if is_python {
        // Versions came and went while it waited.
        follow::latest(cx, no);
    }
    true
}

/// When a running run has taken too long.
pub(crate) fn timeout_at(run: &crate::live::run::LiveRun) -> Option<Timestamp> {
    let timeout = run.plan.dag.dagrun_timeout?;
    Some(run.row.start_date?.plus(timeout))
}
