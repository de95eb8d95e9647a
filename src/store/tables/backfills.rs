//! Backfills by number.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | backfill, u64 |
//!
//! Value: `records::backfill`.

use model::DeploymentId;

use super::{Fixed, key};

pub(crate) const NAME: &str = "backfills";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, no: u64) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &no.to_be_bytes()])
}
