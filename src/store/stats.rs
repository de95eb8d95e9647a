//! How large the book is.

use crate::{
    Store,
    error::{Fault, ReadError},
};

/// Sizes of the book in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// What the file takes of the disk.
    pub file_bytes: u64,
    /// Of keys and values.
    pub stored_bytes: u64,
    /// What compaction can give back, about.
    pub free_bytes: u64,
}

impl Store {
    /// Sizes. Waits for the writer and makes it wait while all of the tree is walked (60 to 160 ms
    /// for a million task instances): for maintenance. Metrics ask [`Store::bytes`].
    ///
    /// # Errors
    /// When the storage fails.
    pub fn stats(&self) -> Result<Stats, ReadError> {
        let stats = self.with(|db| -> Result<_, Fault> {
            let txn = db.begin_write()?;
            let stats = txn.stats()?;
            txn.abort()?;
            Ok(stats)
        });
        let stats = stats.map_err(|fault| match fault {
            Fault::Redb(error) => ReadError::Storage { cause: error },
            Fault::Record(error) => error,
        })?;
        let file_bytes = self.bytes();
        let used = stats.allocated_pages() * stats.page_size() as u64;
        Ok(Stats {
            file_bytes,
            stored_bytes: stats.stored_bytes(),
            free_bytes: file_bytes.saturating_sub(used),
        })
    }
}
