//! How many task instances of a run are in each state, so that lists skip runs without reading
//! them.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//!
//! Value: dag, u32 big-endian; then `records::counts`.

use model::{DeploymentId, RunNo};

use super::{Fixed, key};

pub(crate) const NAME: &str = "run_tallies";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, run: RunNo) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &key::b(run)])
}
