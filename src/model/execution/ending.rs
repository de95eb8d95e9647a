//! How a try's own last word becomes a report.

use super::{Ask, AssetRef, startup::deadline};
use crate::{
    Json, TimeDelta, Timestamp,
    report::{AwaitedInput, Happened, Outcome, Outlets, Usage},
    state::TaskInstanceState,
    task_instance::{Deferral, Trigger},
};

/// What a last word means.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It counts at once, and the word is answered when it is in the book.
    Now {
        /// The label of a mapped instance.
        rendered_map_index: Option<String>,
        /// What happened.
        happened: Happened,
    },
    /// It counts when the process has ended well.
    AtExit {
        /// The label of a mapped instance.
        rendered_map_index: Option<String>,
        /// What the try says of itself.
        state: OwnState,
    },
}

/// What a try can say of itself that counts at its exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnState {
    /// Failed, without another try.
    Failed,
    /// Skipped.
    Skipped,
    /// Not in the dag any more.
    Removed,
}

impl Ask {
    /// The report that a last word makes.
    ///
    /// # Errors
    /// Gives the question back when it is none.
    #[allow(clippy::wildcard_enum_match_arm)] // Every other question is none.
    pub fn into_ending(self, now: Timestamp, usage: Usage) -> Result<Ending, Box<Self>> {
        let (rendered_map_index, happened) = match self {
            Self::SucceedTask {
                end_date: _,
                task_outlets,
                outlet_events,
                rendered_map_index,
            } => {
                let outcome = success(task_outlets, outlet_events);
                (rendered_map_index, Happened::Finished { outcome, usage })
            }
            Self::RetryTask {
                end_date: _,
                rendered_map_index,
                retry_delay_seconds,
                retry_reason,
            } => {
                let outcome = retry(retry_reason, retry_delay_seconds);
                (rendered_map_index, Happened::Finished { outcome, usage })
            }
            Self::DeferTask {
                classpath,
                trigger_kwargs,
                trigger_timeout,
                queue: _,
                next_method,
                next_kwargs,
                rendered_map_index,
            } => {
                let deferral = Deferral {
                    trigger: python_trigger(classpath, trigger_kwargs),
                    timeout: deadline(now, trigger_timeout),
                    soft_fail: false,
                    resume: Some(resume(next_method, next_kwargs)),
                };
                (rendered_map_index, Happened::Deferred(Box::new(deferral)))
            }
            Self::RescheduleTask {
                reschedule_date: at,
                end_date: _,
            } => (None, Happened::Rescheduled { at }),
            Self::AwaitInputTask {
                timeout,
                next_method,
                next_kwargs,
                rendered_map_index,
            } => {
                let input = AwaitedInput {
                    timeout: deadline(now, timeout),
                    resume: resume(next_method, next_kwargs),
                };
                (rendered_map_index, Happened::AwaitsInput(Box::new(input)))
            }
            Self::TaskState {
                state,
                end_date: _,
                rendered_map_index,
            } => {
                return Ok(Ending::AtExit {
                    rendered_map_index,
                    state: own_state(state),
                });
            }
            other => return Err(Box::new(other)),
        };
        Ok(Ending::Now {
            rendered_map_index,
            happened,
        })
    }
}

fn success(assets: Vec<AssetRef>, events: Vec<Json>) -> Outcome {
    Outcome::Success {
        xcoms: Vec::new(),
        skip: Vec::new(),
        outlets: Box::new(Outlets { assets, events }),
    }
}

fn retry(reason: Option<String>, delay_s: Option<f64>) -> Outcome {
    Outcome::Failed {
        message: reason.unwrap_or_else(|| "the task failed".to_owned()),
        may_retry: true,
        retry_delay: delay_s.map(TimeDelta::from_secs_f64),
    }
}

fn python_trigger(class: String, kwargs: Option<Json>) -> Trigger {
    let kwargs = kwargs.unwrap_or_else(|| Json::Object(crate::JsonMap::new()));
    Trigger::Python { class, kwargs }
}

fn resume(method: String, kwargs: Option<Json>) -> (String, Json) {
    (method, kwargs.unwrap_or(Json::Null))
}

/// Upstream's type allows failed, skipped and removed; anything else is surely not well.
const fn own_state(state: TaskInstanceState) -> OwnState {
    match state {
        TaskInstanceState::Skipped => OwnState::Skipped,
        TaskInstanceState::Removed => OwnState::Removed,
        TaskInstanceState::NoStatus
        | TaskInstanceState::Scheduled
        | TaskInstanceState::Queued
        | TaskInstanceState::Running
        | TaskInstanceState::Success
        | TaskInstanceState::Restarting
        | TaskInstanceState::Failed
        | TaskInstanceState::UpForRetry
        | TaskInstanceState::UpForReschedule
        | TaskInstanceState::UpstreamFailed
        | TaskInstanceState::Deferred
        | TaskInstanceState::AwaitingInput => OwnState::Failed,
    }
}
