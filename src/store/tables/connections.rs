//! Connections by id.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4.. | connection id, UTF-8 |
//!
//! Value: `records::connection`, its words sealed.

use model::DeploymentId;

use super::{Named, key};

pub(crate) const NAME: &str = "connections";
pub(crate) const TABLE: Named = Named::new(NAME);

pub(crate) fn key(deployment: DeploymentId, conn_id: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment)], conn_id)
}
