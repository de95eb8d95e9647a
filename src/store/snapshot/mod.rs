//! Reads of the book as it was at one commit, in the model's words.

pub(crate) mod asset_events;
pub(crate) mod assets;
pub(crate) mod audit;
mod audit_index;
mod backfills;
mod dags;
mod deadlines;
mod humans;
mod others;
pub(crate) mod page;
mod range;
pub(crate) mod retention;
mod run;
pub(crate) mod runs;
pub(crate) mod tallies;
mod task_instance;
pub(crate) mod task_instances;
mod ti_runs;
pub(crate) mod xcoms;

use std::fmt;

use model::DeploymentId;
use redb::ReadTransaction;

use crate::error::ReadError;

/// The book of one deployment at one commit. Cheap to take; drop it within `SNAPSHOT_MS_MAX`.
pub struct Snapshot {
    txn: ReadTransaction,
    deployment: DeploymentId,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("deployment", &self.deployment)
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    pub(crate) fn new(txn: ReadTransaction, deployment: DeploymentId) -> Self {
        Self { txn, deployment }
    }
    /// Whose book it is.
    #[must_use]
    pub fn deployment(&self) -> DeploymentId {
        self.deployment
    }
    fn get_fixed<const N: usize, T>(
        &self,
        table: crate::tables::Fixed<N>,
        key: &[u8; N],
        read: impl FnOnce(&[u8]) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let table = self.txn.open_table(table)?;
        let row = table.get(key)?;
        row.map(|row| read(row.value())).transpose()
    }
    fn get_named<T>(
        &self,
        table: crate::tables::Named,
        key: &[u8],
        read: impl FnOnce(&[u8]) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let table = self.txn.open_table(table)?;
        let row = table.get(key)?;
        row.map(|row| read(row.value())).transpose()
    }
}
