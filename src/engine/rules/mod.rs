//! What an instance depends on.

pub mod depends_on_past;
pub mod judge;
pub mod trigger_rule;
