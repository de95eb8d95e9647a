//! What comes back from a try.

use crate::{
    Fence, Json, TaskId, TiKey, TimeDelta, Timestamp, execution::AssetRef,
    state::TaskInstanceState, task_instance::Deferral,
};

/// Word of a try, by the worker that holds its fence.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Which task instance.
    pub key: TiKey,
    /// The permission; a report with an older one is dropped and counted.
    pub fence: Fence,
    /// When it happened, by the worker's clock.
    pub at: Timestamp,
    /// What.
    pub what: Happened,
}

/// What happened to a try.
#[derive(Clone, Debug, PartialEq)]
pub enum Happened {
    /// The process runs.
    Started {
        /// Its id; none for work inside the worker.
        pid: Option<u32>,
    },
    /// It ended.
    Finished {
        /// How.
        outcome: Outcome,
        /// What it used.
        usage: Usage,
    },
    /// It lets go of its slot and waits.
    Deferred(Box<Deferral>),
    /// It looks again later, in the same try.
    Rescheduled {
        /// When.
        at: Timestamp,
    },
    /// What it waited for came to be; ends a native deferral.
    Fired {
        /// The payload.
        payload: Json,
    },
    /// What waits for it in Python ended badly; the task is told when it goes on.
    TriggerFailed {
        /// The lines of its traceback, as serialised; null where there is none.
        traceback: Json,
    },
    /// Its trigger ends it, without a worker after it (`TaskSuccessEvent` and its like).
    TriggerEnded {
        /// success, failed or skipped.
        state: TaskInstanceState,
        /// Values to keep.
        xcoms: Vec<(String, Json)>,
    },
    /// A mapped instance has its label; it goes on.
    Labelled {
        /// The label.
        rendered_map_index: String,
    },
    /// It lets go of its slot and waits for a person.
    AwaitsInput(Box<AwaitedInput>),
}

/// A wait for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct AwaitedInput {
    /// When waiting ends badly.
    pub timeout: Option<Timestamp>,
    /// The method to resume at, with its arguments.
    pub resume: (String, Json),
}

/// What a try says of the assets that it made or changed.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Outlets {
    /// The outlets that it names.
    pub assets: Vec<AssetRef>,
    /// What it says of their events, as upstream's `OutletEventAccessors` make them.
    pub events: Vec<Json>,
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Well.
    Success {
        /// Values to keep, `return_value` among them.
        xcoms: Vec<(String, Json)>,
        /// Direct downstream tasks that are not to be run.
        skip: Vec<TaskId>,
        /// Assets.
        outlets: Box<Outlets>,
    },
    /// It does not want to run.
    Skipped {
        /// Why.
        message: String,
    },
    /// Badly.
    Failed {
        /// Why, in one line.
        message: String,
        /// Whether the retries that are left may be used (`AirflowFailException` says no).
        may_retry: bool,
        /// Instead of the task's own delay.
        retry_delay: Option<TimeDelta>,
    },
    /// It is not in the dag any more.
    Removed {
        /// What is known.
        message: String,
    },
    /// It ran longer than `execution_timeout`.
    TimedOut {
        /// The limit.
        limit: TimeDelta,
    },
    /// It was ended because we asked for it.
    Killed,
    /// The process is gone and nobody knows how it ended.
    Lost {
        /// What is known.
        message: String,
    },
}

/// What a try used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Usage {
    /// User and system time in microseconds.
    pub cpu_us: u64,
    /// Largest resident set in bytes.
    pub memory_peak_bytes: u64,
}
