//! Airflow's trigger rules as a function of how the direct upstream ended so far.

use model::state::TriggerRule;

pub use crate::live::run::Counts;

/// What a rule looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upstream {
    /// Direct upstream instances.
    pub n_tasks: u32,
    /// Setups among them.
    pub n_setups: u32,
    /// How those that have ended did.
    pub counts: Counts,
}

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
}

/// Evaluates a rule. It may say never before all upstream has ended.
#[must_use]
pub const fn evaluate(rule: TriggerRule, upstream: &Upstream) -> Verdict {
    let Upstream {
        n_tasks,
        n_setups,
        counts,
    } = *upstream;
    let all_done = counts.done() >= n_tasks;
    let Counts {
        success,
        failed,
        skipped,
        upstream_failed,
        setup_success,
        setup_skipped,
        ..
    } = counts;
    let failures = failed + upstream_failed;
    if n_tasks == 0 {
        return Verdict::Ready;
    }
    match rule {
        TriggerRule::Always => Verdict::Ready,
        TriggerRule::AllSuccess if failures > 0 => Verdict::UpstreamFailed,
        TriggerRule::AllSuccess if skipped > 0 => Verdict::Skip,
        TriggerRule::AllSuccess => ready_if(success >= n_tasks),
        TriggerRule::AllFailed if success + skipped > 0 => Verdict::Skip,
        TriggerRule::AllFailed => ready_if(failures >= n_tasks),
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
        TriggerRule::NoneFailed => ready_if(success + skipped >= n_tasks),
        TriggerRule::NoneFailedMinOneSuccess if failures > 0 => Verdict::UpstreamFailed,
        TriggerRule::NoneFailedMinOneSuccess if skipped >= n_tasks => Verdict::Skip,
        TriggerRule::NoneFailedMinOneSuccess => ready_if(success + skipped >= n_tasks),
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
