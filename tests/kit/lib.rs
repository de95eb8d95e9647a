//! A real server of the real binary, below a temporary folder, for tests and measurements.
//!
//! Invariant: only processes that were started here are ended, by their id.

mod server;

pub use server::{DagFile, Options, Server, escaped, scratch};
