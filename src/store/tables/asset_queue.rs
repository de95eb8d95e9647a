//! Assets with an event that waits for a run.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//! | 8..12 | asset, u32 |
//!
//! Value: since when, i64 microseconds, big-endian with the sign bit flipped.

use model::{AssetNo, DagNo, DeploymentId};

use super::{Fixed, key};

pub(crate) const NAME: &str = "asset_queue";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag: DagNo, asset: AssetNo) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &key::b(dag), &key::b(asset)])
}
