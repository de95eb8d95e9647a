//! Runs for partitions that wait for events.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//! | 8.. | partition, UTF-8 |
//!
//! Value: `records::pending`.

use model::{DagNo, DeploymentId};

use super::{Named, key};

pub(crate) const NAME: &str = "asset_pending";
pub(crate) const TABLE: Named = Named::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag: DagNo, partition: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment), &key::b(dag)], partition)
}
