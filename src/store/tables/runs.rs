//! Runs by number, that is in order of creation: new ones go to the end of the tree.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//!
//! Value: `records::run`.

use model::{DeploymentId, RunNo};

use super::{Fixed, key};

pub(crate) const NAME: &str = "runs";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, run: RunNo) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &key::b(run)])
}
