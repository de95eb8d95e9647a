//! Pools by name.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4.. | name, UTF-8 |
//!
//! Value: `records::pool`.

use model::DeploymentId;

use super::{Named, key};

pub(crate) const NAME: &str = "pools";
pub(crate) const TABLE: Named = Named::new(NAME);

pub(crate) fn key(deployment: DeploymentId, name: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment)], name)
}
