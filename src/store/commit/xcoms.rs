//! XComs of a batch: a deletion of all of a task instance counts for what is in the book and for
//! what came before it in the batch.

use std::collections::BTreeSet;

use model::{DeploymentId, Json, TiKey, Timestamp};
use redb::WriteTransaction;

use super::write::{self, Rows};
use crate::{
    error::Fault,
    records::{self, xcom::XComRecord},
    tables::{self, key},
};

#[derive(Default)]
pub(super) struct XComs {
    cleared: BTreeSet<Vec<u8>>,
    rows: Rows<Vec<u8>>,
}

impl XComs {
    pub(super) fn put(
        &mut self,
        deployment: DeploymentId,
        ti: TiKey,
        name: &str,
        value: &Json,
        at: Timestamp,
    ) -> Result<(), Fault> {
        let record = records::encode(&XComRecord::new(value, at))?;
        let key = tables::xcoms::key(deployment, ti, name);
        self.rows.insert(key, Some(record));
        Ok(())
    }

    pub(super) fn delete(&mut self, deployment: DeploymentId, ti: TiKey, name: Option<&str>) {
        let key = tables::xcoms::key(deployment, ti, name.unwrap_or_default());
        if name.is_some() {
            self.rows.insert(key, None);
            return;
        }
        let end = key::after(&key);
        self.rows.retain(|row, _| *row < key || *row >= end);
        self.cleared.insert(key);
    }

    pub(super) fn write(&self, txn: &WriteTransaction) -> Result<(), Fault> {
        for prefix in &self.cleared {
            write::clear_named(txn, tables::xcoms::TABLE, prefix)?;
        }
        write::named(txn, tables::xcoms::TABLE, &self.rows)
    }
}
