//! Is it ready? Asked of an instance when something that it depends on has changed.

use model::{
    TaskId,
    dag::Task,
    reason::Reason,
    state::{DagRunState, TaskInstanceState as State, TriggerRule},
};

use super::{
    At, Event,
    expand::{self, Fitted},
    start,
};
use crate::{
    live::{Cx, run::LiveRun},
    plan::edges,
    rules::{depends_on_past, judge::judge, trigger_rule::Verdict},
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
    let (plan, position) = (std::sync::Arc::clone(&run.plan), slot.task);
    let (Some(task), Some(compiled)) = (plan.task(position), plan.plan(position)) else {
        return;
    };
    let verdict = cx
        .run(place.run)
        .map_or(Verdict::Wait, |run| judge(run, place.at));
    let (rule, kept) = (task.trigger_rule, kept_skipped(cx, place));
    match verdict {
        // As upstream has it, this is known before the rule is.
        Verdict::Wait if kept.is_some() && !waits_for_past(cx, place, task) => {
            cx.end(place, Event::NotChosen, kept);
        }
        Verdict::Wait => {}
        Verdict::Skip if waits_for_past(cx, place, task) => {}
        Verdict::Skip => {
            let reason = skipped(cx.run(place.run), place.at, rule);
            cx.end(place, Event::RuledSkipped, reason);
        }
        Verdict::UpstreamFailed => {
            let reason = failed(cx.run(place.run), place.at, rule);
            cx.end(place, Event::RuledFailed, reason);
        }
        Verdict::Remove => {
            let message = "there is less upstream than before".to_owned();
            cx.end(place, Event::Removed, Some(Reason::Failed { message }));
        }
        Verdict::Ready if kept.is_some() => {
            cx.end(place, Event::NotChosen, kept);
        }
        Verdict::Ready if depends_on_past::blocked(cx, place).is_some() => {}
        Verdict::Ready if compiled.mapping.is_some() && expand::fit(cx, place) == Fitted::Done => {}
        Verdict::Ready if compiled.is_empty => start::pass(cx, place),
        Verdict::Ready => match &task.start_trigger {
            Some(trigger) if task.start_from_trigger => start::defer(cx, place, trigger),
            Some(_) | None => start::schedule(cx, place),
        },
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
    let slot = run.slot(place.at)?;
    let reason = slot.ti.reason.clone()?;
    let Reason::NotChosen { task } = &reason else {
        return None;
    };
    let upstream = &run.task(place.at)?.upstream;
    let is_branch = |at: &&usize| {
        run.plan
            .dag
            .tasks
            .get(**at)
            .is_some_and(|up| up.task_id == *task)
    };
    let branch = crate::plan::position(*upstream.iter().find(is_branch)?);
    // A mapped branch chooses for its own index.
    let index = usize::try_from(slot.ti.key.map.0).ok();
    let own = run
        .expansions
        .get(&branch)
        .and_then(|all| all.slots.get(index?).copied());
    let ended = run.state(own.unwrap_or(branch)) == Some(State::Success);
    ended.then_some(reason)
}

/// Why the rule says `upstream_failed`: the first upstream task that failed, a setup among them.
fn failed(run: Option<&LiveRun>, at: u32, rule: TriggerRule) -> Option<Reason> {
    let run = run?;
    let first = named(run, at, 1, State::is_failure).pop();
    let first = first.or_else(|| apart(run, at, State::is_failure));
    Some(first.map_or_else(
        || unmet(run, at, rule),
        |task| Reason::UpstreamFailed { task },
    ))
}

/// Why the rule says skip: the first upstream task that was skipped, where that explains it.
fn skipped(run: Option<&LiveRun>, at: u32, rule: TriggerRule) -> Option<Reason> {
    let run = run?;
    let first = named(run, at, 1, |state| state == State::Skipped).pop();
    let first = first.filter(|_| simple(rule));
    let first = first.or_else(|| apart(run, at, |state| state == State::Skipped));
    Some(first.map_or_else(
        || unmet(run, at, rule),
        |task| Reason::UpstreamSkipped { task },
    ))
}

/// A task that is waited for otherwise than directly, in a state that is `wanted`: an indirect
/// setup, or what the expansion needs.
fn apart(run: &LiveRun, at: u32, wanted: impl Fn(State) -> bool) -> Option<TaskId> {
    let planned = run.planned(at)?;
    let needs = planned
        .mapping
        .as_deref()
        .map(|mapping| mapping.needs.clone());
    let mut others = needs.unwrap_or_default();
    if planned.has_scopes && !planned.is_teardown {
        let setups = edges::relevant_setups(&run.plan.dag, run.slot(at)?.task as usize);
        others.extend(setups.into_iter().map(crate::plan::position));
    }
    let found = others
        .into_iter()
        .find(|at| run.task_state(*at).is_some_and(&wanted))?;
    Some(run.plan.task(found)?.task_id.clone())
}

/// The rule cannot be met because of those that have ended.
pub(crate) fn unmet(run: &LiveRun, at: u32, rule: TriggerRule) -> Reason {
    let tasks = named(run, at, TASKS_NAMED, State::is_finished);
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

/// The first upstream tasks whose state is `wanted`; of an expanded one, all instances' as one.
pub(crate) fn named(
    run: &LiveRun,
    at: u32,
    n_tasks: usize,
    wanted: impl Fn(State) -> bool,
) -> Vec<TaskId> {
    first(run, at, n_tasks, |at| {
        run.task_state(at).is_some_and(&wanted)
    })
}

/// The first upstream tasks that have not ended, with all their instances.
pub(crate) fn unfinished(run: &LiveRun, at: u32, n_tasks: usize) -> Vec<TaskId> {
    first(run, at, n_tasks, |at| !run.is_task_done(at))
}

fn first(run: &LiveRun, at: u32, n_tasks: usize, wanted: impl Fn(u32) -> bool) -> Vec<TaskId> {
    let upstream = run.task(at).map(|task| task.upstream.as_slice());
    let upstream = upstream.unwrap_or_default().iter();
    let found = upstream.filter(|at| wanted(crate::plan::position(**at)));
    let found = found.filter_map(|at| run.plan.dag.tasks.get(*at));
    found
        .map(|task| task.task_id.clone())
        .take(n_tasks)
        .collect()
}
