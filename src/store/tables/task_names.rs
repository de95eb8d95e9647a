//! The ids of all tasks that a dag ever had.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//! | 8..12 | task, u32 |
//!
//! Value: task id, UTF-8.

use model::{DagNo, DeploymentId, TaskNo};

use super::{Fixed, key};

pub(crate) const NAME: &str = "task_names";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, dag: DagNo, task: TaskNo) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &key::b(dag), &key::b(task)])
}
