//! Puts and removes rows in the order of their keys.

use std::collections::BTreeMap;

use redb::WriteTransaction;

use crate::{
    error::Fault,
    tables::{Fixed, Named},
};

/// What becomes of each key: a value, or nothing.
pub(super) type Rows<K> = BTreeMap<K, Option<Vec<u8>>>;

pub(super) fn fixed<const N: usize>(
    txn: &WriteTransaction,
    table: Fixed<N>,
    rows: &Rows<[u8; N]>,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = txn.open_table(table)?;
    for (key, value) in rows {
        match value {
            Some(value) => table.insert(key, value.as_slice())?,
            None => table.remove(key)?,
        };
    }
    Ok(())
}

pub(super) fn named(
    txn: &WriteTransaction,
    table: Named,
    rows: &Rows<Vec<u8>>,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = txn.open_table(table)?;
    for (key, value) in rows {
        match value {
            Some(value) => table.insert(key.as_slice(), value.as_slice())?,
            None => table.remove(key.as_slice())?,
        };
    }
    Ok(())
}

/// Removes all rows from `first` to `last`.
pub(super) fn clear<const N: usize>(
    txn: &WriteTransaction,
    table: Fixed<N>,
    first: [u8; N],
    last: [u8; N],
) -> Result<(), Fault> {
    let mut table = txn.open_table(table)?;
    table.retain_in::<&[u8; N], _>(&first..=&last, |_, _| false)?;
    Ok(())
}

/// Removes all rows whose key begins with `prefix`.
pub(super) fn clear_named(
    txn: &WriteTransaction,
    table: Named,
    prefix: &[u8],
) -> Result<(), Fault> {
    let end = crate::tables::key::after(prefix);
    let mut table = txn.open_table(table)?;
    table.retain_in::<&[u8], _>(prefix..end.as_slice(), |_, _| false)?;
    Ok(())
}
