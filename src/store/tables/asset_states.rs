//! Values that assets keep.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | asset, u32 |
//! | 8.. | the value's key, UTF-8 |
//!
//! Value: `records::asset_state`.

use model::{AssetNo, DeploymentId};

use super::{Named, key};

pub(crate) const NAME: &str = "asset_states";
pub(crate) const TABLE: Named = Named::new(NAME);

pub(crate) fn key(deployment: DeploymentId, asset: AssetNo, name: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment), &key::b(asset)], name)
}
