//! The simulator: whole lives of a deployment in one thread, from one seed each.
//!
//! What is tested is what ships: control's batch, the engine, the importer and the store. What is
//! scripted is the outside: the clock, the executor, the triggers, the disk, and the person.
//!
//! Invariant: all chance comes from the seed; the same seed gives the same history.

#![allow(
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods
)]

mod assets;
mod book;
pub mod chance;
mod check;
pub mod dags;
pub mod disk;
mod end;
mod ends;
mod harness;
pub mod life;
mod mapping;
mod mishap;
pub mod person;
pub mod python_dags;
mod rules;
mod server;
pub mod world;

pub use harness::{Broken, run, run_all};

#[cfg(test)]
mod tests;

/// Adds a line to the trace of a life, if somebody wants one.
macro_rules! say {
    ($life:expr, $($text:tt)*) => {
        if let Some(trace) = &mut $life.trace {
            trace.push(format!("{} {}", $life.now, format_args!($($text)*)));
        }
    };
}
pub(crate) use say;
