//! Runtimes: the Airflow installations that tasks run in.
//!
//! A runtime is a name for an environment; the environment is a folder named by the hash of what
//! is in it, so that two names may share one and a name may move on while tasks run in the old.
//!
//! Invariant: nothing here goes to the network but `create`, and that only when it is asked to.
//! Invariant: an environment without its `.incomplete` mark is whole; no command changes it then.
//! Invariant: nothing outside the home of the runtimes and the named archive is written.

mod archive;
mod check;
mod create;
mod error;
mod export;
mod home;
mod import;
mod install;
mod interpreter;
mod list;
mod manifest;
mod remove;
mod resolve;
mod tool;
mod tree;
mod version;
mod zygote;

pub use check::check;
pub use create::{Order, Source, create};
pub use error::Error;
pub use export::export;
pub use home::Home;
pub use import::import;
pub use list::{list, show};
pub use manifest::Manifest;
pub use remove::remove;

/// Where lines about what is being done go, one at a time, without line ends.
pub type Progress<'a> = &'a mut dyn FnMut(&str);

#[cfg(test)]
mod tests;
