//! Dags by number.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//!
//! Value: `records::dag`.

use model::{DagNo, DeploymentId};

use super::{Fixed, key};

pub(crate) const NAME: &str = "dags";
pub(crate) const TABLE: Fixed<8> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag: DagNo) -> [u8; 8] {
    key::fixed(&[&key::b(deployment), &key::b(dag)])
}
