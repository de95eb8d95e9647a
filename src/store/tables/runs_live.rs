//! Unfinished runs, which are all that a start has to load.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//!
//! Value: empty.

use model::{DeploymentId, RunNo};

use super::{Fixed, key};

pub(crate) const NAME: &str = "runs_live";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, run: RunNo) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &key::b(run)])
}
