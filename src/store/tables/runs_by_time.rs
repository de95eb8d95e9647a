//! The runs of all dags by `run_after`.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run_after, i64 microseconds |
//! | 12..20 | run, u64 |
//!
//! Value: state, u8; run type, u8; dag, u32 big-endian.

use model::{DeploymentId, RunNo, Timestamp};

use super::{Fixed, key};

pub(crate) const NAME: &str = "runs_by_time";
pub(crate) const TABLE: Fixed<20> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, run_after: Timestamp, run: RunNo) -> [u8; 20] {
    key::fixed(&[&key::b(deployment), &key::b(run_after), &key::b(run)])
}
