//! A run ends: when all its tasks have, or when none can go on.

use model::{
    DagNo, RunNo, Timestamp,
    effect::Effect,
    reason::Reason,
    state::{DagRunState, TaskInstanceState as State},
};

use super::enter;
use crate::{
    audit, callbacks, deadlines,
    live::{Cx, Live, run::LiveRun},
    rules::{judge::judge, trigger_rule::Verdict},
};

/// Looks whether a run has ended. Work that is still to be examined must be done before.
pub(crate) fn settle(cx: &mut Cx, no: RunNo) {
    let Some(run) = cx
        .run(no)
        .filter(|run| run.row.state == DagRunState::Running)
    else {
        return;
    };
    // Upstream looks at no run whose date is to come, not even at one without tasks, and at none of
    // a dag that is gone; those of paused dags it looks at from time to time.
    let dag = cx.live.dags.get(&run.row.dag);
    let is_gone = dag.is_some_and(|dag| dag.row.is_stale && !dag.row.is_paused);
    if is_gone || run.row.logical_date.is_some_and(|date| date > cx.now) {
        return;
    }
    if run.n_unfinished == 0 {
        let failed = failed_leaf(run);
        let state = if failed.is_some() {
            DagRunState::Failed
        } else {
            DagRunState::Success
        };
        let ended_as = if failed.is_some() {
            State::Failed
        } else {
            State::Success
        };
        let relevant = callbacks::last_ended(run, ended_as);
        let reason = if failed.is_some() {
            "task_failure"
        } else {
            "success"
        };
        close(cx, no, state, failed);
        if state == DagRunState::Success {
            deadlines::succeeded(cx, no);
        }
        callbacks::run_ended(cx, no, reason, relevant);
    } else if !run.held && run.n_waiting == run.n_unfinished && is_stuck(run) {
        let blocking = callbacks::blocking(run);
        close(cx, no, DagRunState::Failed, Some(Reason::Deadlocked));
        callbacks::run_ended(cx, no, "all_tasks_deadlocked", blocking);
    }
}

/// Why the run failed: the task at the root of the first leaf that did, since a leaf may never have
/// been tried.
fn failed_leaf(run: &LiveRun) -> Option<Reason> {
    let has_failed = |at: &u32| run.task_state(*at).is_some_and(State::is_failure);
    let leaf = *run.plan.leaves.iter().find(|at| has_failed(at))?;
    let root = if run.task_state(leaf) == Some(State::UpstreamFailed) {
        let above = run.plan.transitive(leaf, true);
        let mut above = above.into_iter();
        above.find(|at| run.task_state(*at) == Some(State::Failed))
    } else {
        None
    };
    let task = run.plan.task(root.unwrap_or(leaf))?.task_id.clone();
    Some(Reason::TaskFailure { task })
}

/// Whether all that is unfinished waits, and none can ever go on. One that looks at the past may.
fn is_stuck(run: &LiveRun) -> bool {
    (0..).zip(&run.slots).all(|(at, slot)| {
        let Some(task) = run.plan.task(slot.task) else {
            return true;
        };
        let may_go_on = task.depends_on_past
            || task.wait_for_downstream
            || task.max_active_tis_per_dag.is_some()
            || task.max_active_tis_per_dagrun.is_some()
            || slot.in_work;
        match slot.ti.state {
            State::Removed
            | State::Success
            | State::Failed
            | State::UpstreamFailed
            | State::Skipped => true,
            State::NoStatus => !may_go_on,
            // It has run, and could not go on now: what is above has changed since.
            State::UpForRetry | State::UpForReschedule => {
                !may_go_on && judge(run, at) == Verdict::Wait
            }
            State::Scheduled
            | State::Queued
            | State::Running
            | State::Restarting
            | State::Deferred
            | State::AwaitingInput => false,
        }
    })
}

/// Ends a run.
pub(crate) fn close(cx: &mut Cx, no: RunNo, state: DagRunState, reason: Option<Reason>) {
    enter(cx, no, state, reason);
    cx.live.dirty.effects.push(Effect::RunEnded { run: no });
    let Some(dag) = cx.run(no).map(|run| run.row.dag) else {
        return;
    };
    if state == DagRunState::Failed {
        pause_after_failures(cx, dag);
    }
}

/// Pauses a dag whose last runs all failed (`max_consecutive_failed_dag_runs`).
fn pause_after_failures(cx: &mut Cx, dag: DagNo) {
    let Some(found) = cx.live.dags.get(&dag) else {
        return;
    };
    let wanted = found.row.summary.max_consecutive_failed_dag_runs as usize;
    if wanted == 0 || found.row.is_paused {
        return;
    }
    let mut runs: Vec<(Timestamp, RunNo, DagRunState)> = found
        .runs
        .iter()
        .filter_map(|no| key(cx.live, *no))
        .collect();
    for no in cx.view.last_runs(dag, wanted + runs.len()) {
        let known = found.runs.contains(&no) || cx.live.dirty.deleted_runs.contains_key(&no);
        if let Some(row) = cx.view.run(no).filter(|_| !known) {
            runs.push((row.run_after, no, row.state));
        }
    }
    runs.sort_unstable_by_key(|(run_after, no, _)| std::cmp::Reverse((*run_after, *no)));
    runs.truncate(wanted);
    let all_failed = runs
        .iter()
        .all(|(_, _, state)| *state == DagRunState::Failed);
    if runs.len() == wanted && all_failed {
        let dag_id = cx.live.dags.get(&dag).map(|dag| dag.row.dag_id.clone());
        crate::dags::pause(cx, dag, true);
        if let Some(dag_id) = dag_id {
            audit::paused(cx, &dag_id);
        }
    }
}

fn key(live: &Live, no: RunNo) -> Option<(Timestamp, RunNo, DagRunState)> {
    let row = &live.runs.get(&no)?.row;
    Some((row.run_after, no, row.state))
}
