//! A task instance: one task of one run, with its current try.

use crate::{Fence, Json, TiKey, Timestamp, VersionNo, reason::Reason, state::TaskInstanceState};

/// A task instance at its latest try. Earlier tries are copies of it in the archive.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskInstance {
    /// Which one.
    pub key: TiKey,
    /// Its state.
    pub state: TaskInstanceState,
    /// The try, counted from 1; 0 before the first. Rises when the instance becomes scheduled.
    pub try_number: u32,
    /// The last try that may follow a failure by itself: `retries` at creation.
    pub max_tries: u32,
    /// The version of the dag that the try follows.
    pub version: VersionNo,
    /// When it became scheduled.
    pub scheduled_when: Option<Timestamp>,
    /// When it became queued.
    pub queued_when: Option<Timestamp>,
    /// First start of the try.
    pub start_date: Option<Timestamp>,
    /// End of the try.
    pub end_date: Option<Timestamp>,
    /// The permission of the worker that has it; none while nobody has.
    pub fence: Option<Fence>,
    /// The process that runs or ran it.
    pub pid: Option<u32>,
    /// CPU time of the try in microseconds.
    pub cpu_us: Option<u64>,
    /// Largest resident memory of the try in bytes.
    pub memory_peak_bytes: Option<u64>,
    /// Not looked at before: next try or next poke.
    pub not_before: Option<Timestamp>,
    /// What it waits for while deferred.
    pub deferral: Option<Deferral>,
    /// Why it is in its state, where that needs a word.
    pub reason: Option<Reason>,
    /// Label of a mapped instance.
    pub rendered_map_index: Option<String>,
    /// A person's remark.
    pub note: Option<String>,
    /// What it returned, as far as expansion needs to know; none while `return_value` was not
    /// pushed.
    pub returned: Option<Returned>,
    /// How often the try was taken back from a worker that had it and did not begin.
    pub n_stuck: u32,
}

/// A returned value, as far as expansion needs to know (`mapped_length`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Nothing that can be expanded over.
    Value,
    /// A list or an object with so many items.
    Sized(u32),
}

/// A wait without a worker slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Deferral {
    /// What for.
    pub trigger: Trigger,
    /// When waiting ends badly.
    pub timeout: Option<Timestamp>,
    /// Whether a time-out skips instead of failing (`soft_fail`).
    pub soft_fail: bool,
    /// The method to resume at, with its arguments; none for native triggers, which end the
    /// instance.
    pub resume: Option<(String, Json)>,
}

/// What ends a wait.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A point in time.
    At(Timestamp),
    /// A file, folder or glob.
    File {
        /// The path or pattern.
        path: String,
        /// Whether a folder is looked through to the bottom.
        recursive: bool,
        /// How often to look where the system does not tell, in microseconds.
        poke_interval_us: u64,
    },
    /// One of upstream's triggers, in the Python triggerer.
    Python {
        /// Its class path.
        class: String,
        /// Its arguments.
        kwargs: Json,
    },
    /// A person's answer.
    Human,
}

impl TaskInstance {
    /// A new one that waits for its turn.
    #[must_use]
    pub const fn new(key: TiKey, version: VersionNo, max_tries: u32) -> Self {
        Self {
            key,
            state: TaskInstanceState::NoStatus,
            try_number: 0,
            max_tries,
            version,
            scheduled_when: None,
            queued_when: None,
            start_date: None,
            end_date: None,
            fence: None,
            pid: None,
            cpu_us: None,
            memory_peak_bytes: None,
            not_before: None,
            deferral: None,
            reason: None,
            rendered_map_index: None,
            note: None,
            returned: None,
            n_stuck: 0,
        }
    }
}
