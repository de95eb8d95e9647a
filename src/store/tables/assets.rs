//! Assets.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | asset, u32 |
//!
//! Value: `records::asset`.

use model::{AssetNo, DeploymentId};

use super::{Fixed, key};

pub(crate) const NAME: &str = "assets";
pub(crate) const TABLE: Fixed<8> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, asset: AssetNo) -> [u8; 8] {
    key::fixed(&[&key::b(deployment), &key::b(asset)])
}
