//! Callbacks that are owed, by their number.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | number, u64 |
//!
//! Value: `records::callback`.

use model::{DeploymentId, Fence};

use super::{Fixed, key};

pub(crate) const NAME: &str = "callbacks";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, no: Fence) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &no.0.to_be_bytes()])
}
