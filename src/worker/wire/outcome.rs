//! How a try ended, on the wire. JSON travels as text, since postcard does not describe itself.

use model::{TaskId, TimeDelta, report};
use serde::{Deserialize, Serialize};

/// See [`report::Outcome`].
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
#[allow(missing_docs)] // The model says what each means.
pub enum Outcome {
    Success {
        xcoms: Vec<(String, String)>,
        skip: Vec<String>,
    },
    Skipped {
        message: String,
    },
    Failed {
        message: String,
        may_retry: bool,
        retry_delay_us: Option<i64>,
    },
    Removed {
        message: String,
    },
    TimedOut {
        limit_us: i64,
    },
    Killed,
    Lost {
        message: String,
    },
}

/// See [`report::Usage`].
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)] // The model says what each means.
pub struct Usage {
    pub cpu_us: u64,
    pub memory_peak_bytes: u64,
}

impl From<report::Outcome> for Outcome {
    fn from(outcome: report::Outcome) -> Self {
        match outcome {
            report::Outcome::Success {
                xcoms,
                skip,
                // Only Python tasks have some, and those end in words of their own.
                outlets: _,
            } => {
                let text = |(key, value): (String, model::Json)| (key, value.to_string());
                Self::Success {
                    xcoms: xcoms.into_iter().map(text).collect(),
                    skip: skip.iter().map(ToString::to_string).collect(),
                }
            }
            report::Outcome::Skipped { message } => Self::Skipped { message },
            report::Outcome::Failed {
                message,
                may_retry,
                retry_delay,
            } => Self::Failed {
                message,
                may_retry,
                retry_delay_us: retry_delay.map(TimeDelta::as_micros),
            },
            report::Outcome::Removed { message } => Self::Removed { message },
            report::Outcome::TimedOut { limit } => Self::TimedOut {
                limit_us: limit.as_micros(),
            },
            report::Outcome::Killed => Self::Killed,
            report::Outcome::Lost { message } => Self::Lost { message },
        }
    }
}

impl From<Outcome> for report::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Success { xcoms, skip } => {
                let json = |(key, text): (String, String)| {
                    let value = serde_json::from_str(&text).unwrap_or(model::Json::String(text));
                    (key, value)
                };
                Self::Success {
                    xcoms: xcoms.into_iter().map(json).collect(),
                    skip: skip.into_iter().map(TaskId::from).collect(),
                    outlets: Box::default(),
                }
            }
            Outcome::Skipped { message } => Self::Skipped { message },
            Outcome::Failed {
                message,
                may_retry,
                retry_delay_us,
            } => Self::Failed {
                message,
                may_retry,
                retry_delay: retry_delay_us.map(TimeDelta::from_micros),
            },
            Outcome::Removed { message } => Self::Removed { message },
            Outcome::TimedOut { limit_us } => Self::TimedOut {
                limit: TimeDelta::from_micros(limit_us),
            },
            Outcome::Killed => Self::Killed,
            Outcome::Lost { message } => Self::Lost { message },
        }
    }
}

impl From<report::Usage> for Usage {
    fn from(usage: report::Usage) -> Self {
        let report::Usage {
            cpu_us,
            memory_peak_bytes,
        } = usage;
        Self {
            cpu_us,
            memory_peak_bytes,
        }
    }
}

impl From<Usage> for report::Usage {
    fn from(usage: Usage) -> Self {
        let Usage {
            cpu_us,
            memory_peak_bytes,
        } = usage;
        Self {
            cpu_us,
            memory_peak_bytes,
        }
    }
}
