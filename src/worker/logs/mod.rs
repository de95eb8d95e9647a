//! Logs of tries: one JSON object a line, masked, bounded.

pub mod lines;
pub mod mask;
pub mod write;
