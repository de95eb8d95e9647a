//! What is to be done outside, once the decision is in the book. All can be derived again from the
//! book.

use crate::{
    DagNo, Fence, Json, JsonMap, RunNo, TiKey, Timestamp, callback::OwedCallback,
    evaluation::Evaluation, task_instance::Deferral,
};

/// Something to do after the commit.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Start a try.
    Start {
        /// Which.
        key: TiKey,
        /// Its try number.
        try_number: u32,
        /// Its permission.
        fence: Fence,
    },
    /// End a try's process, first with TERM, then with KILL.
    Kill {
        /// Which.
        key: TiKey,
        /// Its permission.
        fence: Fence,
    },
    /// Wait for something on behalf of a deferred instance.
    Arm {
        /// Which.
        key: TiKey,
        /// Its permission.
        fence: Fence,
        /// What for.
        deferral: Box<Deferral>,
    },
    /// Wait no longer.
    Disarm {
        /// Which.
        key: TiKey,
        /// Its permission.
        fence: Fence,
    },
    /// Ask what only Python can say, and bring the answer.
    Evaluate(Box<Evaluation>),
    /// Make a callback, and say that it is done.
    Callback(Box<OwedCallback>),
    /// Watch for changes of assets.
    Watch {
        /// The number of the trigger.
        trigger: Fence,
        /// Its class path.
        classpath: String,
        /// Its arguments.
        kwargs: JsonMap,
    },
    /// Watch for them no longer.
    Unwatch {
        /// The number of the trigger.
        trigger: Fence,
    },
    /// The run has ended: compress its logs.
    RunEnded {
        /// Which.
        run: RunNo,
    },
    /// The run is gone: its logs too.
    RunDeleted {
        /// Whose.
        dag: DagNo,
        /// Its id.
        run_id: crate::RunId,
    },
    /// After a restart: is this try still alive? If not, report it lost.
    Adopt {
        /// Which.
        key: TiKey,
        /// Its permission.
        fence: Fence,
        /// Its try number.
        try_number: u32,
        /// Whether it had reported its start.
        was_running: bool,
    },
}

/// What a deferred instance gets when it is resumed by a trigger, kept for the Python runtime.
#[derive(Clone, Debug, PartialEq)]
pub struct Resume {
    /// When.
    pub at: Timestamp,
    /// The event's payload.
    pub payload: Json,
}
