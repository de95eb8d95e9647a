//! Aliases of assets.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | alias, u32 |
//!
//! Value: `records::asset`.

use model::{AliasNo, DeploymentId};

use super::{Fixed, key};

pub(crate) const NAME: &str = "asset_aliases";
pub(crate) const TABLE: Fixed<8> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, alias: AliasNo) -> [u8; 8] {
    key::fixed(&[&key::b(deployment), &key::b(alias)])
}
