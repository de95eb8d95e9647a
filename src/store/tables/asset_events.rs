//! Events of assets. The number is the time, so that this is also the list by time.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | event, u64 |
//!
//! Value: `records::asset_event`.

use model::{AssetEventNo, DeploymentId};

use super::{Fixed, key};

pub(crate) const NAME: &str = "asset_events";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, event: AssetEventNo) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &key::b(event)])
}
