//! Which dag has an id.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4.. | dag id, UTF-8 |
//!
//! Value: dag, u32 big-endian.

use model::DeploymentId;

use super::{Named, key};

pub(crate) const NAME: &str = "dag_names";
pub(crate) const TABLE: Named = Named::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag_id: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment)], dag_id)
}
