//! Callbacks that are owed: what the scheduler itself has seen happen, and what a dag's file wants
//! to be told of it. Each is in the book until it was made, so that none is lost.

use crate::{Fence, Json, RunNo, TiKey, Timestamp, state::TaskInstanceState};

/// A callback that is owed.
#[derive(Clone, Debug, PartialEq)]
pub struct OwedCallback {
    /// Its number, of the same count as permissions to start: it never comes again.
    pub no: Fence,
    /// Since when.
    pub at: Timestamp,
    /// What is to be called.
    pub call: Call,
}

/// What is to be called.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// `on_success_callback` or `on_failure_callback` of a dag.
    Dag {
        /// The run that ended.
        run: RunNo,
        /// Which of the two.
        is_failure: bool,
        /// Upstream's word for why: `success`, `task_failure`, `timed_out`, `all_tasks_deadlocked`.
        reason: String,
        /// The task instance that stands for the end, where there is one.
        relevant: Option<TiKey>,
    },
    /// `on_failure_callback` or `on_retry_callback` of a task whose process cannot call it.
    Task {
        /// Which instance.
        key: TiKey,
        /// The try that ended.
        try_number: u32,
        /// What became of it: failed, `up_for_retry`, or success.
        to: TaskInstanceState,
        /// What happened, in one line.
        message: String,
    },
    /// A mail on behalf of a task whose process cannot send it.
    Email {
        /// Which instance.
        key: TiKey,
        /// The try that ended.
        try_number: u32,
        /// Else it is for a retry.
        is_failure: bool,
        /// What happened, in one line.
        message: String,
    },
    /// A deadline of a run has passed.
    Deadline {
        /// The run.
        run: RunNo,
        /// The deadline's own id, a UUID.
        id: String,
        /// The alert's name.
        name: Option<String>,
        /// When it was due.
        due: Timestamp,
        /// What is called, as serialised ([`DeadlineAlert::callback`]).
        ///
        /// [`DeadlineAlert::callback`]: crate::dag::DeadlineAlert::callback
        callback: Json,
    },
}

impl Call {
    /// The run that it is about.
    #[must_use]
    pub const fn run(&self) -> RunNo {
        match self {
            Self::Dag { run, .. } | Self::Deadline { run, .. } => *run,
            Self::Task { key, .. } | Self::Email { key, .. } => key.run,
        }
    }
}
