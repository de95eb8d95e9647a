//! A try as a process in a group of its own.

pub mod exit;
pub mod folders;
pub mod group;
pub mod kill;
pub mod memory;
pub mod output;
pub mod procfs;
pub mod run;
pub mod spawn;
pub mod sys;
