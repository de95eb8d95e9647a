//! A real server of the real binary, below a temporary folder, for tests and measurements.
//!
//! Invariant: only processes that were started here are ended, by their id.

mod files;
mod process;
mod server;

pub use files::{contains, dag_id_of, examples, scratch, size};
pub use process::{binary, command, kill, with_words};
pub use server::{DagFile, Options, Server, escaped};
