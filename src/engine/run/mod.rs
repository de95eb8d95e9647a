//! The life of a run: it is created, starts, ends, and may be cleared to run again.

pub(crate) mod clear;
pub(crate) mod conf;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod finish;
pub(crate) mod follow;
pub(crate) mod named;
pub(crate) mod next;
pub(crate) mod select;
pub(crate) mod set_run;
pub(crate) mod set_task;
pub(crate) mod start;
pub(crate) mod timeout;
pub(crate) mod trigger;

use model::{RunNo, reason::Reason, state::DagRunState};

use crate::live::{Cx, state::refresh_hold, timers::Timer};

/// Enters a state with the dates that go with it: queued clears them, a start from a finished state
/// sets the start again, an end is dated once.
pub(crate) fn enter(cx: &mut Cx, no: RunNo, to: DagRunState, reason: Option<Reason>) {
    let now = cx.now;
    let Some(run) = cx.live.runs.get_mut(&no) else {
        return;
    };
    let (from, run_after, dag) = (run.row.state, run.row.run_after, run.row.dag);
    let row = run.change_row(&mut cx.live.dirty);
    row.state = to;
    row.reason = reason;
    match to {
        DagRunState::Queued => {
            row.queued_at = Some(now);
            row.start_date = None;
            row.end_date = None;
        }
        DagRunState::Running => {
            if from.is_finished() || row.start_date.is_none() {
                row.start_date = Some(now);
            }
            row.end_date = None;
        }
        DagRunState::Success | DagRunState::Failed => {
            if !from.is_finished() {
                row.end_date = Some(now);
            }
        }
    }
    if from == to {
        return;
    }
    if let Some(dag) = cx.live.dags.get_mut(&dag) {
        dag.count(&run.row, from, false);
        dag.count(&run.row, to, true);
    }
    if to == DagRunState::Queued && run_after > now {
        cx.live.timers.at(run_after, Timer::RunAfter(dag));
    }
    refresh_hold(cx.live, no, now);
    cx.live.promote.insert(dag);
}
