//! Is it ready? Asked of an instance when something that it depends on has changed.

use model::{
    TaskId,
    dag::Task,
    reason::Reason,
    state::{DagRunState, TaskInstanceState as State, TriggerRule},
};

use super::{At, Event, start};
use crate::{
    live::{Cx, run::LiveRun},
    rules::{
        depends_on_past,
        trigger_rule::{Upstream, Verdict, evaluate},
    },
};

/// Examines one instance and does what follows.
pub(crate) fn examine(cx: &mut Cx, place: At) {
    let Some(run) = cx.live.runs.get_mut(&place.run) else {
        return;
    };
    let Some(slot) = run.slots.get_mut(place.at as usize) else {
        return;
    };
    slot.in_work = false;
    if run.held || run.row.state != DagRunState::Running || !is_due(&slot.ti, cx.now) {
        return;
    }
    let plan = std::sync::Arc::clone(&run.plan);
    let (Some(task), Some(compiled)) = (plan.task(place.at), plan.plan(place.at)) else {
        return;
    };
    let upstream = Upstream {
        n_tasks: compiled.n_upstream,
        n_setups: compiled.n_upstream_setups,
        counts: slot.counts,
    };
    let (rule, kept) = (task.trigger_rule, kept_skipped(cx, place));
    match evaluate(rule, &upstream) {
        Verdict::Wait => {}
        Verdict::Skip if waits_for_past(cx, place, task) => {}
        Verdict::Skip => {
            let reason = skipped(cx.run(place.run), task, rule);
            cx.end(place, Event::RuledSkipped, reason);
        }
        Verdict::UpstreamFailed => {
            let reason = failed(cx.run(place.run), task, rule);
            cx.end(place, Event::RuledFailed, reason);
        }
        Verdict::Ready if kept.is_some() => {
            cx.end(place, Event::NotChosen, kept);
        }
        Verdict::Ready if depends_on_past::blocked(cx, place).is_some() => {}
        Verdict::Ready if compiled.is_empty => start::pass(cx, place),
        Verdict::Ready => start::schedule(cx, place),
    }
}

/// Whether it is one to look at, and its time to wait is over.
fn is_due(ti: &model::task_instance::TaskInstance, now: model::Timestamp) -> bool {
    ti.state.is_schedulable() && crate::live::load::waits(ti).is_none_or(|at| at <= now)
}

fn waits_for_past(cx: &mut Cx, place: At, task: &Task) -> bool {
    task.wait_for_past_depends_before_skipping && depends_on_past::blocked(cx, place).is_some()
}

/// A cleared instance that a branch did not choose stays so while the branch is not run again.
fn kept_skipped(cx: &Cx, place: At) -> Option<Reason> {
    let run = cx.run(place.run)?;
    let reason = run.slot(place.at)?.ti.reason.clone()?;
    let Reason::NotChosen { task } = &reason else {
        return None;
    };
    let upstream = &run.plan.task(place.at)?.upstream;
    let branch = upstream.iter().find(|&&at| {
        run.plan
            .dag
            .tasks
            .get(at)
            .is_some_and(|up| up.task_id == *task)
    })?;
    let ended = run.state(crate::plan::position(*branch)) == Some(State::Success);
    ended.then_some(reason)
}

/// Why the rule says `upstream_failed`: the first upstream task that failed.
fn failed(run: Option<&LiveRun>, task: &Task, rule: TriggerRule) -> Option<Reason> {
    let run = run?;
    let first = named(run, task, 1, State::is_failure).pop();
    Some(first.map_or_else(
        || unmet(run, task, rule),
        |task| Reason::UpstreamFailed { task },
    ))
}

/// Why the rule says skip: the first upstream task that was skipped, where that explains it.
fn skipped(run: Option<&LiveRun>, task: &Task, rule: TriggerRule) -> Option<Reason> {
    let run = run?;
    let first = named(run, task, 1, |state| state == State::Skipped).pop();
    let first = first.filter(|_| simple(rule));
    Some(first.map_or_else(
        || unmet(run, task, rule),
        |task| Reason::UpstreamSkipped { task },
    ))
}

/// The rule cannot be met because of those that have ended.
pub(crate) fn unmet(run: &LiveRun, task: &Task, rule: TriggerRule) -> Reason {
    let tasks = named(run, task, TASKS_NAMED, State::is_finished);
    Reason::RuleUnmet { rule, tasks }
}

/// Rules by which a skipped upstream task alone explains a skip.
const fn simple(rule: TriggerRule) -> bool {
    matches!(
        rule,
        TriggerRule::AllSuccess
            | TriggerRule::NoneSkipped
            | TriggerRule::NoneFailedMinOneSuccess
            | TriggerRule::OneSuccess
            | TriggerRule::AllDoneMinOneSuccess
            | TriggerRule::AllDoneSetupSuccess
    )
}

/// How many tasks a reason names.
pub(crate) const TASKS_NAMED: usize = 3;

/// The first upstream tasks whose state is `wanted`.
pub(crate) fn named(
    run: &LiveRun,
    task: &Task,
    n_tasks: usize,
    wanted: impl Fn(State) -> bool,
) -> Vec<TaskId> {
    task.upstream
        .iter()
        .filter(|&&at| run.state(crate::plan::position(at)).is_some_and(&wanted))
        .filter_map(|&at| run.plan.dag.tasks.get(at))
        .map(|task| task.task_id.clone())
        .take(n_tasks)
        .collect()
}
