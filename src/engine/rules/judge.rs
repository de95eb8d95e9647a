//! What an instance's dependencies on others of its run say: setups, the trigger rule, the scope of
//! a teardown, and what its expansion needs.

use model::{
    MapIndex,
    dag::Task,
    state::{TaskInstanceState as State, TriggerRule},
};

use super::trigger_rule::{Verdict, evaluate};
use crate::{
    live::{
        run::LiveRun,
        tally::{Seen, Tally},
    },
    plan::{PlanTask, edges::Kind},
};

/// Judges the instance in a slot.
pub(crate) fn judge(run: &LiveRun, at: u32) -> Verdict {
    let (Some(slot), Some(task), Some(planned)) = (run.slot(at), run.task(at), run.planned(at))
    else {
        return Verdict::Wait;
    };
    let map = slot.ti.key.map;
    let verdict = if task.upstream.is_empty() || task.trigger_rule == TriggerRule::Always {
        Verdict::Ready
    } else if planned.mapping.is_none() && !planned.has_scopes {
        // Nearly all instances; nothing is copied for them.
        let direct = run.seen.get(slot.task as usize);
        direct.map_or(Verdict::Wait, |seen| by_rule(task, &seen.direct, map))
    } else {
        by_all(task, &run.sees(at), map)
    };
    match (verdict, needs(run, planned)) {
        (Verdict::UpstreamFailed, _) | (_, None) => verdict,
        (Verdict::Skip, Some(Verdict::Wait)) | (Verdict::Remove, Some(_)) => verdict,
        (Verdict::Skip | Verdict::Wait | Verdict::Ready, Some(other)) => other,
    }
}

fn by_all(task: &Task, seen: &Seen, map: MapIndex) -> Verdict {
    let setups = if task.is_teardown {
        Verdict::Ready
    } else {
        by_setups(&seen.get(Kind::Setup), map)
    };
    let waits = match setups {
        Verdict::UpstreamFailed | Verdict::Skip | Verdict::Remove => return setups,
        Verdict::Wait => true,
        Verdict::Ready => task.is_teardown && !seen.get(Kind::Scope).is_done(),
    };
    let verdict = by_rule(task, &seen.direct, map);
    if verdict == Verdict::Ready && waits {
        return Verdict::Wait;
    }
    verdict
}

/// Indirect setups must succeed, whatever the task's own rule.
fn by_setups(setups: &Tally, map: MapIndex) -> Verdict {
    let counts = &setups.counts;
    let has_index = map != MapIndex::NONE;
    let removed = if has_index { counts.removed } else { 0 };
    if counts.failed + counts.upstream_failed > 0 {
        Verdict::UpstreamFailed
    } else if counts.skipped > 0 {
        Verdict::Skip
    } else if is_beyond(setups, map) {
        Verdict::Remove
    } else if counts.success + removed >= setups.n_tasks {
        Verdict::Ready
    } else {
        Verdict::Wait
    }
}

fn by_rule(task: &Task, direct: &Tally, map: MapIndex) -> Verdict {
    let verdict = evaluate(task.trigger_rule, direct);
    let is_all = task.trigger_rule == TriggerRule::AllSuccess;
    if verdict == Verdict::Ready && is_all && is_beyond(direct, map) {
        return Verdict::Remove;
    }
    verdict
}

/// Whether upstream was made shorter than the index. Upstream's own test, asked when all have
/// ended, so that it does not hang on who ends first.
fn is_beyond(tally: &Tally, map: MapIndex) -> bool {
    let counts = &tally.counts;
    let is_shorter = counts.removed > 0 && counts.success > 0 && tally.is_done();
    is_shorter && u32::try_from(map.0).is_ok_and(|index| index >= counts.success)
}

/// A mapped task goes the way of what its expansion needs, when that did not end well and was not
/// expanded itself, whatever the trigger rule says.
fn needs(run: &LiveRun, planned: &PlanTask) -> Option<Verdict> {
    let mapping = planned.mapping.as_deref()?;
    let mut verdict = None;
    for &needed in &mapping.needs {
        let slot = run.slot(needed)?;
        if slot.ti.key.map != MapIndex::NONE {
            continue;
        }
        match slot.ti.state {
            State::Failed | State::UpstreamFailed => return Some(Verdict::UpstreamFailed),
            State::Skipped => verdict = Some(Verdict::Skip),
            State::Removed => verdict = verdict.or(Some(Verdict::Wait)),
            State::Success
            | State::NoStatus
            | State::Scheduled
            | State::Queued
            | State::Running
            | State::Restarting
            | State::UpForRetry
            | State::UpForReschedule
            | State::Deferred
            | State::AwaitingInput => {}
        }
    }
    verdict
}
