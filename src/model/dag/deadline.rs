//! Deadline alerts: what is called when a run is late.

use crate::{Json, TimeDelta, Timestamp};

/// One deadline of a dag's runs.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadlineAlert {
    /// The name.
    pub name: Option<String>,
    /// From when it counts.
    pub reference: DeadlineReference,
    /// How long after that, or before where negative.
    pub interval: DeadlineInterval,
    /// What is called, as serialised (its class, with the path of the function and its arguments).
    pub callback: Json,
}

/// From when a deadline counts.
#[derive(Clone, Debug, PartialEq)]
pub enum DeadlineReference {
    /// The run's logical date.
    LogicalDate,
    /// When the run was queued.
    QueuedAt,
    /// A point in time.
    Fixed(Timestamp),
    /// The average duration of past runs, from when the run was queued.
    AverageRuntime {
        /// How many runs at most are looked at.
        max_runs: u32,
        /// How many there must be.
        min_runs: Option<u32>,
    },
    /// A plugin's, as serialised.
    Custom(Json),
}

/// How long after its reference a deadline is.
#[derive(Clone, Debug, PartialEq)]
pub enum DeadlineInterval {
    /// A span.
    Fixed(TimeDelta),
    /// Seconds in the Variable of this key, read when the run is created.
    Variable(String),
}
