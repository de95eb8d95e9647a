//! What the book, the dags and the live state answer. Values of the model, not of any wire.

pub mod runs;
pub mod variables;
