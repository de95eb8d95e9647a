//! Gives space back to the operating system.

use std::time::Duration;

use model::limits::{COMPACT_FREE_BYTES_MIN, COMPACT_WAIT_MS};

use crate::{
    Writer,
    error::{CommitError, Fault},
};

/// How often the wait for the last reader looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

impl Writer {
    /// Compacts when more than half of the file and more than `COMPACT_FREE_BYTES_MIN` is free, and
    /// says whether it did. Snapshots that are asked for meanwhile wait; when those that live do
    /// not end within `COMPACT_WAIT_MS` it is left for another time.
    ///
    /// # Errors
    /// When the storage fails; nothing is lost.
    pub fn compact(&mut self) -> Result<bool, CommitError> {
        self.reopen_if_failed()?;
        let stats = self.store().stats()?;
        if stats.free_bytes < COMPACT_FREE_BYTES_MIN || stats.free_bytes * 2 < stats.file_bytes {
            return Ok(false);
        }
        self.compact_now()
    }

    /// Compacts whatever there is to gain.
    ///
    /// # Errors
    /// As [`Self::compact`].
    pub fn compact_now(&mut self) -> Result<bool, CommitError> {
        let result = self.store().with_mut(|db| {
            let mut waited_ms = 0;
            loop {
                match db.compact() {
                    Ok(done) => return Ok(done),
                    Err(redb::CompactionError::TransactionInProgress)
                        if waited_ms < COMPACT_WAIT_MS =>
                    {
                        std::thread::sleep(LOOK_AGAIN);
                        waited_ms += 2;
                    }
                    Err(redb::CompactionError::TransactionInProgress) => return Ok(false),
                    Err(error) => return Err(Fault::from(error)),
                }
            }
        });
        if result.is_err() {
            self.drop_failed();
            let _ = self.reopen_if_failed();
        }
        Ok(result?)
    }
}
