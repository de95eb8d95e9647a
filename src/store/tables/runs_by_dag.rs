//! The runs of a dag by `run_after`.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//! | 8..16 | run_after, i64 microseconds |
//! | 16..24 | run, u64 |
//!
//! Value: state, u8; run type, u8: the positions in `ALL`.

use model::{DagNo, DeploymentId, RunNo, Timestamp};

use super::{Fixed, key};

pub(crate) const NAME: &str = "runs_by_dag";
pub(crate) const TABLE: Fixed<24> = Fixed::new(NAME);

pub(crate) fn key(
    deployment: DeploymentId,
    dag: DagNo,
    run_after: Timestamp,
    run: RunNo,
) -> [u8; 24] {
    key::fixed(&[
        &key::b(deployment),
        &key::b(dag),
        &key::b(run_after),
        &key::b(run),
    ])
}
