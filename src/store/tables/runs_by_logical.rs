//! The run of a dag at a logical date; runs without one are not here.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//! | 8..16 | logical date, i64 microseconds |
//!
//! Value: run, u64 big-endian; then state, u8; run type, u8.

use model::{DagNo, DeploymentId, Timestamp};

use super::{Fixed, key};

pub(crate) const NAME: &str = "runs_by_logical";
pub(crate) const TABLE: Fixed<16> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag: DagNo, at: Timestamp) -> [u8; 16] {
    key::fixed(&[&key::b(deployment), &key::b(dag), &key::b(at)])
}
