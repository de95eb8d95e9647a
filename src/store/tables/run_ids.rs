//! Which run of a dag has an id.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//! | 8.. | run id, UTF-8 |
//!
//! Value: run, u64 big-endian.

use model::{DagNo, DeploymentId};

use super::{Named, key};

pub(crate) const NAME: &str = "run_ids";
pub(crate) const TABLE: Named = Named::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag: DagNo, run_id: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment), &key::b(dag)], run_id)
}
