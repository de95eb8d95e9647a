//! What the operator chose.

/// Settings of one deployment's scheduler.
#[derive(Clone, Debug)]
pub struct Options {
    /// Task instances queued or running at once in the whole deployment (`core.parallelism`).
    pub parallelism: u32,
    /// Whether a dag that says nothing about it is paused when first seen.
    pub dags_are_paused_at_creation: bool,
    /// Slots of `default_pool` where the book has none yet.
    pub default_pool_slots: i32,
    /// Items of a pushed value that a task may be expanded over (`core.max_map_length`).
    pub max_map_length: u32,
    /// How long a worker may have a try and not begin, in milliseconds
    /// (`scheduler.task_queued_timeout`).
    pub task_queued_timeout_ms: i64,
    /// How often a try that got stuck is queued anew (`scheduler.num_stuck_in_queued_retries`).
    pub num_stuck_in_queued_retries: u32,
}

impl Options {
    /// Upstream's defaults, but new dags run.
    #[must_use]
    pub const fn upstream() -> Self {
        Self {
            parallelism: model::limits::PARALLELISM_DEFAULT,
            dags_are_paused_at_creation: false,
            default_pool_slots: model::limits::DEFAULT_POOL_SLOTS,
            max_map_length: model::limits::MAP_LENGTH_MAX_DEFAULT,
            task_queued_timeout_ms: model::limits::QUEUED_MS_MAX,
            num_stuck_in_queued_retries: model::limits::STUCK_RETRIES_MAX,
        }
    }
}
