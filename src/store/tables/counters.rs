//! The next numbers to give out, one row for each deployment.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//!
//! Value: `records::counters`.

use model::DeploymentId;

use super::{Fixed, key};

pub(crate) const NAME: &str = "counters";
pub(crate) const TABLE: Fixed<4> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId) -> [u8; 4] {
    key::fixed(&[&key::b(deployment)])
}
