//! The audit log of a batch, and the index that finds its entries.

use std::collections::BTreeMap;

use model::{AuditNo, DeploymentId, audit::AuditEntry};
use redb::WriteTransaction;

use super::write::{self, Rows};
use crate::{
    error::Fault,
    records::{self, audit::AuditRecord},
    tables,
};

/// Entries to put; none is deleted.
pub(super) type Audit<'c> = BTreeMap<AuditNo, Option<&'c AuditEntry>>;

pub(super) fn write(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    entries: &Audit<'_>,
) -> Result<(), Fault> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut index = Rows::new();
    let mut table = txn.open_table(tables::audit::TABLE)?;
    for (no, entry) in entries {
        let key = tables::audit::key(deployment, *no);
        let record = entry.map(|entry| records::encode(&AuditRecord::from(entry)));
        let before = match record.transpose()? {
            Some(record) => table.insert(&key, record.as_slice())?,
            None => table.remove(&key)?,
        };
        if let Some(before) = before {
            let before = records::decode::<AuditRecord>(before.value())?.into();
            let keys = tables::audit_by::keys(deployment, *no, &before).into_iter();
            index.extend(keys.map(|key| (key, None)));
        }
        if let Some(entry) = entry {
            let keys = tables::audit_by::keys(deployment, *no, entry).into_iter();
            index.extend(keys.map(|key| (key, Some(Vec::new()))));
        }
    }
    write::named(txn, tables::audit_by::TABLE, &index)
}
