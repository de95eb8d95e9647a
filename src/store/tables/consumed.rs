//! The asset events that runs were made for.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//!
//! Value: a version byte, 1; the events in order, each as its distance from the one before, signed
//! varints.

use model::{DeploymentId, RunNo};

use super::{Fixed, key};

pub(crate) const NAME: &str = "consumed";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, run: RunNo) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &key::b(run)])
}
