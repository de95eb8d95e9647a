//! The layer with real processes: this test binary, run again, is the worker process.

mod bad_days;
mod http;
mod kit;
mod restarts;
mod tries;
