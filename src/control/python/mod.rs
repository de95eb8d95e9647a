//! Python dags: the environment of their runtime, and how a try of theirs starts.

mod env;

pub(crate) use env::runtime;

/// The name of the dag folder among bundles, as upstream has it.
pub(crate) const BUNDLE: &str = "dags-folder";
