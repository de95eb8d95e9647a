//! Dag files by path.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4.. | path below the dag folder, UTF-8 |
//!
//! Value: `records::file`.

use model::DeploymentId;

use super::{Named, key};

pub(crate) const NAME: &str = "files";
pub(crate) const TABLE: Named = Named::new(NAME);

pub(crate) fn key(deployment: DeploymentId, path: &str) -> Vec<u8> {
    key::named(&[&key::b(deployment)], path)
}
