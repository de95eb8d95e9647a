//! Versions of dags, without their source, which lists do not need.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//! | 8..12 | version, u32 |
//!
//! Value: `records::version`.

use model::{DagNo, DeploymentId, VersionNo};

use super::{Fixed, key};

pub(crate) const NAME: &str = "versions";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag: DagNo, version: VersionNo) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &key::b(dag), &key::b(version)])
}
