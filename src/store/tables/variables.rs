//! Variables by key.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4.. | key, UTF-8 |
//!
//! Value: `records::variable`, the value sealed.

use model::DeploymentId;

use super::{Named, key};

pub(crate) const NAME: &str = "variables";
pub(crate) const TABLE: Named = Named::new(NAME);

pub(crate) fn key(deployment: DeploymentId, name: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment)], name)
}
