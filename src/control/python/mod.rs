//! Python dags: the environment of their runtime, and how a try of theirs starts.

mod ask;
mod call;
mod env;
mod epoch;
mod start;
pub(crate) mod words;

pub(crate) use ask::{Asks, refusal};
pub(crate) use call::{Called, called};
pub(crate) use env::Current;
pub(crate) use start::{Start, instance_of, reschedules, task};

/// The name of the dag folder among bundles, as upstream has it.
pub(crate) const BUNDLE: &str = "dags-folder";
