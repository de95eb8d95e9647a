//! Airflow's trigger rules as a function of how the direct upstream ended so far.

use model::state::TriggerRule;

use crate::live::tally::{Counts, Tally};

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not yet.
    Wait,
    /// Now.
    Ready,
    /// Never: skipped.
    Skip,
    /// Never: `upstream_failed`.
    UpstreamFailed,
    /// Never: its index is beyond what upstream has.
    Remove,
}

/// Evaluates a rule. It may say never before all upstream has ended.
#[must_use]
pub const fn evaluate(rule: TriggerRule, upstream: &Tally) -> Verdict {
    let Tally {
        n_tasks,
        n_setups,
        counts,
    } = *upstream;
    let all_done = counts.done() >= n_tasks;
    let Counts {
        success,
        failed,
        skipped,
        setup_success,
        setup_skipped,
        removed,
        upstream_failed: _,
    } = counts;
    let failures = failed + counts.upstream_failed;
    if n_tasks == 0 {
        return Verdict::Ready;
    }
    match rule {
        TriggerRule::Always => Verdict::Ready,
        TriggerRule::AllSuccess if failures > 0 => Verdict::UpstreamFailed,
        TriggerRule::AllSuccess if skipped > 0 => Verdict::Skip,
        TriggerRule::AllSuccess => ready_if(success + removed >= n_tasks),
        TriggerRule::AllFailed if success + skipped > 0 => Verdict::Skip,
        TriggerRule::AllFailed => ready_if(failures + removed >= n_tasks),
        TriggerRule::AllDone => ready_if(all_done),
        TriggerRule::AllDoneMinOneSuccess if skipped > 0 => Verdict::Skip,
        TriggerRule::AllDoneMinOneSuccess if all_done && success == 0 => Verdict::UpstreamFailed,
        TriggerRule::AllDoneMinOneSuccess => ready_if(all_done),
        TriggerRule::AllDoneSetupSuccess if !all_done => Verdict::Wait,
        TriggerRule::AllDoneSetupSuccess if n_setups > 0 && setup_skipped >= n_setups => {
            Verdict::Skip
        }
        TriggerRule::AllDoneSetupSuccess if n_setups > 0 && setup_success == 0 => {
            Verdict::UpstreamFailed
        }
        TriggerRule::AllDoneSetupSuccess => Verdict::Ready,
        TriggerRule::OneSuccess if success > 0 => Verdict::Ready,
        TriggerRule::OneSuccess if !all_done => Verdict::Wait,
        TriggerRule::OneSuccess if skipped >= n_tasks => Verdict::Skip,
        TriggerRule::OneSuccess => Verdict::UpstreamFailed,
        TriggerRule::OneFailed if failures > 0 => Verdict::Ready,
        TriggerRule::OneFailed => skip_if(all_done),
        TriggerRule::OneDone if success + failed > 0 => Verdict::Ready,
        TriggerRule::OneDone => skip_if(all_done),
        TriggerRule::NoneFailed if failures > 0 => Verdict::UpstreamFailed,
        TriggerRule::NoneFailed => ready_if(success + skipped + removed >= n_tasks),
        TriggerRule::NoneFailedMinOneSuccess if failures > 0 => Verdict::UpstreamFailed,
        TriggerRule::NoneFailedMinOneSuccess if skipped >= n_tasks => Verdict::Skip,
        TriggerRule::NoneFailedMinOneSuccess if all_done && success == 0 => Verdict::UpstreamFailed,
        TriggerRule::NoneFailedMinOneSuccess => ready_if(all_done),
        TriggerRule::NoneSkipped if skipped > 0 => Verdict::Skip,
        TriggerRule::NoneSkipped => ready_if(all_done),
        TriggerRule::AllSkipped if success + failures > 0 => Verdict::Skip,
        TriggerRule::AllSkipped => ready_if(skipped >= n_tasks),
    }
}

const fn ready_if(met: bool) -> Verdict {
    if met { Verdict::Ready } else { Verdict::Wait }
}

const fn skip_if(unmet: bool) -> Verdict {
    if unmet { Verdict::Skip } else { Verdict::Wait }
}

#[cfg(test)]
mod tests;
