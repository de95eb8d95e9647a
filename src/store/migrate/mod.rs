//! Brings the book of an older program up to date, and refuses that of a newer one.
//!
//! Each step changes a book of one version into one of the next. All steps that a book lacks are
//! one transaction: it is of the old version or of the new one, whenever the machine stops.

mod v1;

use redb::{Database, ReadableDatabase, WriteTransaction};

use crate::{
    error::{Fault, OpenError},
    tables::{self, meta},
};

/// Makes a book of version `to` of one of the version before it.
pub(crate) struct Step {
    pub(crate) to: u32,
    pub(crate) run: fn(&WriteTransaction) -> Result<(), Fault>,
}

/// All steps in order.
pub(crate) const STEPS: &[Step] = &[
    Step {
        to: 1,
        run: v1::count_task_instances,
    },
    // Two more tables, which every migration makes: connections, and what tasks keep.
    Step {
        to: 2,
        run: |_| Ok(()),
    },
];

/// The version that this program writes.
pub const SCHEMA_VERSION: u32 = 2;

/// Brings the book to version `known`.
pub(crate) fn migrate(db: &Database, steps: &[Step], known: u32) -> Result<(), OpenError> {
    let found = version(db)?;
    match found {
        Some(found) if found > known => return Err(OpenError::Newer { found, known }),
        Some(found) if found == known => return complete(db),
        Some(_) | None => {}
    }
    let txn = db.begin_write().map_err(Fault::from)?;
    tables::create_all(&txn)?;
    if let Some(found) = found {
        for step in steps {
            if step.to > found && step.to <= known {
                (step.run)(&txn)?;
            }
        }
    }
    set_version(&txn, known)?;
    txn.commit().map_err(Fault::from)?;
    Ok(())
}

/// A book of this version that was begun before all tables of it were there gets the others.
fn complete(db: &Database) -> Result<(), OpenError> {
    let txn = db.begin_write().map_err(Fault::from)?;
    let count = || txn.list_tables().map(Iterator::count).map_err(Fault::from);
    let before = count()?;
    tables::create_all(&txn)?;
    if count()? == before {
        txn.abort().map_err(Fault::from)?;
    } else {
        txn.commit().map_err(Fault::from)?;
    }
    Ok(())
}

/// None in a new book.
fn version(db: &Database) -> Result<Option<u32>, Fault> {
    let txn = db.begin_read()?;
    let table = match txn.open_table(meta::TABLE) {
        Ok(table) => table,
        Err(redb::TableError::TableDoesNotExist(_)) => {
            // A redb file that has tables and is no book of ours must not be written to.
            if txn.list_tables()?.next().is_some() {
                let error =
                    crate::ReadError::record("meta", "the file has tables of another program");
                return Err(error.into());
            }
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let row = table.get(meta::SCHEMA)?;
    let bytes = row.as_ref().map(|row| row.value());
    match bytes.map(<[u8; 4]>::try_from) {
        Some(Ok(bytes)) => Ok(Some(u32::from_be_bytes(bytes))),
        Some(Err(_)) | None => {
            Err(crate::ReadError::record("meta", "the schema version is missing").into())
        }
    }
}

pub(crate) fn set_version(txn: &WriteTransaction, version: u32) -> Result<(), Fault> {
    let mut table = txn.open_table(meta::TABLE)?;
    table.insert(meta::SCHEMA, version.to_be_bytes().as_slice())?;
    Ok(())
}

#[cfg(test)]
mod tests;
