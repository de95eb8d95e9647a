//! The active assets by name and by URI.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4 | 1: a name; 2: a URI |
//! | 5.. | it, UTF-8 |
//!
//! Value: asset, u32.

use model::{DeploymentId, asset::AssetRow};

use super::{Named, key};

pub(crate) const NAME: &str = "asset_names";
pub(crate) const TABLE: Named = Named::new(NAME);

const BY_NAME: u8 = 1;
const BY_URI: u8 = 2;

pub(crate) fn by_name(deployment: DeploymentId, name: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment), &key::b(BY_NAME)], name)
}

pub(crate) fn by_uri(deployment: DeploymentId, uri: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment), &key::b(BY_URI)], uri)
}

/// Both rows of an asset.
pub(crate) fn keys(deployment: DeploymentId, row: &AssetRow) -> [Vec<u8>; 2] {
    [by_name(deployment, &row.name), by_uri(deployment, &row.uri)]
}
