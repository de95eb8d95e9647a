//! The server's side of the supervisor protocol: what children say is decoded, answered by control,
//! and encoded as their runtime understands it.

mod answers;
mod asks;
mod evaluator;
mod facts;
mod frames;
mod hub;
mod others;
mod parts;
mod secrets;
mod serde;
mod tries;
mod value;

#[cfg(test)]
mod tests;

pub use evaluator::EvaluatorHandle;
pub use hub::{
    Hub, acked, callback, closed, dropped, evaluate, evaluator as start_evaluator, exited, follow,
    frame, parse, session, settled, started, triggerer, zygote,
};
pub use others::TriggererHandle;

use model::execution::StartupDetails;

/// The first word to a task, for the worker process to keep until it is sent.
pub fn startup(details: &StartupDetails) -> Vec<u8> {
    frames::bytes(&parts::startup(details))
}
