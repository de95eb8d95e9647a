//! Queued runs start, oldest first, as many at once as the dag allows.

use model::{DagNo, RunNo, Timestamp, state::DagRunState};

use super::enter;
use crate::{
    assets::{due, partitions},
    live::Cx,
};

/// Starts what may start of a dag, and sees to the timer of its next run.
pub(crate) fn promote(cx: &mut Cx, dag: DagNo) {
    while let Some(run) = first(cx, dag) {
        start(cx, run);
    }
    partitions::due(cx, dag);
    due::due(cx, dag);
    super::next::arm(cx.live, dag);
}

fn first(cx: &Cx, dag: DagNo) -> Option<RunNo> {
    let dag = cx.live.dags.get(&dag)?;
    let full = dag.n_running >= dag.row.summary.max_active_runs;
    if dag.is_held() || full || cx.live.disk.is_some() {
        return None;
    }
    let (run_after, no) = dag.queued.first()?;
    (*run_after <= cx.now).then_some(*no)
}

fn start(cx: &mut Cx, no: RunNo) {
    enter(cx, no, DagRunState::Running, None);
    let now = cx.now;
    let Some(run) = cx.live.runs.get_mut(&no) else {
        return;
    };
    run.change_row(&mut cx.live.dirty).last_scheduling_decision = Some(now);
    cx.live.settle.insert(no);
}

/// When a running run has taken too long.
pub(crate) fn timeout_at(run: &crate::live::run::LiveRun) -> Option<Timestamp> {
    let timeout = run.plan.dag.dagrun_timeout?;
    Some(run.row.start_date?.plus(timeout))
}
