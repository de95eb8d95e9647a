//! The server's side of the supervisor protocol.

use model::execution::StartupDetails;

/// The first word to a task, for the worker process to keep until it is sent.
pub fn startup(details: &StartupDetails) -> Vec<u8> {
    let _ = details;
    Vec::new()
}
