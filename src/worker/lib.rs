//! Runs one try: a process in a group of its own, or a request.
//!
//! The server talks through [`client::Client`] to a small process of its own binary
//! ([`process_main`]) that starts tasks, captures their output and reaps them. That process lives
//! on when the server dies, and gives its results to the next server.
//!
//! Invariant: one fence is never started twice: it is claimed in a journal before the spawn.
//! Invariant: nothing is forgotten before the server has acknowledged it.
//! Invariant: nothing polls; ends are told by pidfds, words by the socket.
//! Invariant: no code runs between fork and exec, and nothing here uses `pre_exec`.
//! Invariant: a secret is in no log line, message or value that leaves this layer.

mod claims;
pub mod client;
mod error;
mod http;
mod logs;
mod paths;
mod process;
mod python;
mod serve;
mod supervisor;
mod wire;

#[cfg(test)]
mod tests;

pub use error::WorkerError;
pub use serve::{Limits, ProcessOptions, process_main};
pub use supervisor::TriggererHandle;
