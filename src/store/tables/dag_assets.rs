//! What dags have to do with assets.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//!
//! Value: `records::dag_assets`.

use model::{DagNo, DeploymentId};

use super::{Fixed, key};

pub(crate) const NAME: &str = "dag_assets";
pub(crate) const TABLE: Fixed<8> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag: DagNo) -> [u8; 8] {
    key::fixed(&[&key::b(deployment), &key::b(dag)])
}
