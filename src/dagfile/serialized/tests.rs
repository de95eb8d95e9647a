//! Serialised dags against goldens, upstream's own answers, refusals and mutations.

mod goldens;
mod mutations;
mod properties;
mod refusals;
mod samples;
mod text;
mod upgrades;
