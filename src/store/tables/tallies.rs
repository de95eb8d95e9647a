//! How many runs and task instances of a dag are in each state, kept by each commit so that no
//! request counts.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32; 0 is all dags together |
//! | 8..9 | 0 task instances, 1 runs |
//!
//! Value: `records::counts`.

use model::{DagNo, DeploymentId};

use super::{Fixed, key};

pub(crate) const NAME: &str = "tallies";
pub(crate) const TABLE: Fixed<9> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag: DagNo, kind: u8) -> [u8; 9] {
    key::fixed(&[&key::b(deployment), &key::b(dag), &key::b(kind)])
}

/// The row that is the sum over all dags; dags are numbered from 1.
pub(crate) const ALL_DAGS: DagNo = DagNo(0);
/// `kind` of task instances.
pub(crate) const OF_TASK_INSTANCES: u8 = 0;
/// `kind` of runs.
pub(crate) const OF_RUNS: u8 = 1;
