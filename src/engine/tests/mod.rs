//! Tests of the whole layer: dags and histories as text, states and reasons as text.
#![allow(clippy::too_many_lines, reason = "what is expected is data")]

mod book;
mod bulk;
mod clear;
mod dags;
mod dsl;
mod limits;
mod property;
mod recover;
mod retries;
mod runs;
mod tasks;

pub(crate) use dsl::{World, bare_task, check, parse_dag};
