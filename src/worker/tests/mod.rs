//! The layer with real processes: this test binary, run again, is the worker process.
// A test names the cases that it expects.
#![allow(clippy::wildcard_enum_match_arm)]

mod airflow;
mod bad_days;
mod http;
mod keepers;
mod kit;
mod python;
mod restarts;
mod tries;
mod zygotes;
