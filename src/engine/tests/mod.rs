//! Tests of the whole layer: dags and histories as text, states and reasons as text.
#![allow(clippy::too_many_lines, reason = "what is expected is data")]

mod asset_book;
mod assets;
mod audit;
mod backfills;
mod book;
mod bulk;
mod by_hand;
mod callbacks;
mod clear;
mod dag_text;
mod dags;
mod deadlines;
mod dsl;
mod humans;
mod limits;
mod mapped_again;
mod mapping;
mod numbered;
mod numbered_dags;
mod numbered_runs;
mod numbered_states;
mod oracle;
mod partitions;
mod property;
mod recover;
mod retries;
mod runs;
mod setups;
mod tasks;

pub(crate) use dag_text::{bare_task, parse_dag};
pub(crate) use dsl::{World, check};
