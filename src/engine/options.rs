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
}

impl Options {
    /// Upstream's defaults, but new dags run.
    #[must_use]
    pub const fn upstream() -> Self {
        Self {
            parallelism: model::limits::PARALLELISM_DEFAULT,
            dags_are_paused_at_creation: false,
            default_pool_slots: model::limits::DEFAULT_POOL_SLOTS,
        }
    }
}
