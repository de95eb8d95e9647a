//! The real binary, end to end: started, used, killed, starved and fed with nonsense.

mod bad_requests;
mod bad_tasks;
mod binary;
mod browser;
mod command_line;
mod demo;
mod disk;
mod folder;
mod kills;
mod operators;
mod reasons;
mod retention;
