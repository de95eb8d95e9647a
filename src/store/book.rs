//! The two handles of an open book: [`Store`] for reading, which is cloned freely, and [`Writer`],
//! of which there is one.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use model::{DeploymentId, change::Change};
use redb::{Builder, Database, ReadableDatabase, StorageBackend, StorageError};

use crate::{
    Options, Snapshot,
    backend::{Door, Gauge},
    commit,
    error::{CommitError, Fault, OpenError, ReadError},
};

/// A book that was never finished is no longer than this; redb makes new ones smaller.
const UNBORN_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What redb writes at the very beginning, and last.
const MAGIC_BYTES: usize = 9;
/// redb's header, with room for a larger one; pages begin at 4096.
const HEADER_BYTES: usize = 512;

/// Reads the book.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
}

/// Writes the book.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    options: Options,
    /// How many batches are in the book.
    batch: u64,
}

#[derive(Debug)]
struct Shared {
    storage: Arc<dyn StorageBackend>,
    gauge: Option<Gauge>,
    /// Absent after a failure, until it could be opened again.
    open: RwLock<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    db: Database,
    shut: Arc<AtomicBool>,
}

impl Store {
    /// The book as of the last commit. Drop it within `SNAPSHOT_MS_MAX`: what it sees cannot be
    /// written over, so the file grows.
    ///
    /// # Errors
    /// When the storage has failed and the book is not open again yet.
    pub fn snapshot(&self, deployment: DeploymentId) -> Result<Snapshot, ReadError> {
        let open = self
            .shared
            .open
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let open = open.as_ref().ok_or(StorageError::PreviousIo)?;
        Ok(Snapshot::new(open.db.begin_read()?, deployment))
    }
    /// What the book takes of the disk in bytes; 0 when it cannot be told. Asks the system only.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let gauge = self.shared.gauge.as_ref();
        gauge
            .and_then(Gauge::disk_bytes)
            .unwrap_or_else(|| self.shared.storage.len().unwrap_or(0))
    }
    pub(crate) fn with<T, E: From<Fault>>(
        &self,
        work: impl FnOnce(&Database) -> Result<T, E>,
    ) -> Result<T, E> {
        let open = self
            .shared
            .open
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let open = open
            .as_ref()
            .ok_or_else(|| Fault::from(StorageError::PreviousIo))?;
        work(&open.db)
    }
    /// With nobody else inside: new snapshots wait, old ones live on.
    pub(crate) fn with_mut<T>(
        &self,
        work: impl FnOnce(&mut Database) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut open = self
            .shared
            .open
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let open = open
            .as_mut()
            .ok_or_else(|| Fault::from(StorageError::PreviousIo))?;
        work(&mut open.db)
    }
}

impl Writer {
    pub(crate) fn open(
        storage: Arc<dyn StorageBackend>,
        gauge: Option<Gauge>,
        options: Options,
    ) -> Result<Self, OpenError> {
        let open = open_redb(&storage, &options)?;
        let shared = Shared {
            storage,
            gauge,
            open: RwLock::new(Some(open)),
        };
        let store = Store {
            shared: Arc::new(shared),
        };
        Ok(Self {
            store,
            options,
            batch: 0,
        })
    }
    /// A reader of the same book.
    #[must_use]
    pub fn store(&self) -> Store {
        self.store.clone()
    }
    /// Writes a batch: all of it, on the disk, or nothing.
    ///
    /// # Errors
    /// See [`CommitError`]. The writer stays usable: the book is opened again when that is needed,
    /// and then tells whether the batch is in it after all.
    pub fn commit(
        &mut self,
        deployment: DeploymentId,
        changes: &[Change],
    ) -> Result<(), CommitError> {
        self.reopen_if_failed()?;
        let (batch, quick_repair) = (self.batch + 1, self.options.quick_repair);
        let result = self
            .store
            .with(|db| commit::commit(db, deployment, changes, batch, quick_repair));
        if let Err(Fault::Redb(_)) = &result {
            self.drop_failed();
            // When it fails again the next commit tries once more.
            if self.reopen_if_failed().is_ok() && self.batch == batch {
                // Only the last step had failed, and was done again.
                return Ok(());
            }
        }
        result?;
        self.batch = batch;
        Ok(())
    }
    /// redb takes nothing any more after a failure of the storage: give up this one.
    pub(crate) fn drop_failed(&mut self) {
        let mut open = self
            .store
            .shared
            .open
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open.take() {
            open.shut.store(true, Ordering::Release);
        }
    }
    pub(crate) fn reopen_if_failed(&mut self) -> Result<(), CommitError> {
        let shared = &self.store.shared;
        let mut open = shared.open.write().unwrap_or_else(PoisonError::into_inner);
        if open.is_none() {
            // Opening syncs the file, and takes no room: reading goes on while the disk is full.
            let again = open_redb(&shared.storage, &self.options)?;
            self.batch = commit::last_batch(&again.db)?;
            *open = Some(again);
        }
        Ok(())
    }
    /// Learns how many batches the book has; after a migration.
    pub(crate) fn begin(&mut self) -> Result<(), Fault> {
        self.batch = self.store.with(commit::last_batch)?;
        Ok(())
    }
}

fn open_redb(storage: &Arc<dyn StorageBackend>, options: &Options) -> Result<Open, Fault> {
    clear_unborn(&**storage).map_err(StorageError::from)?;
    let (door, shut) = Door::new(Arc::clone(storage));
    let db = Builder::new()
        .set_cache_size(options.cache_bytes)
        .create_with_backend(door)?;
    Ok(Open { db, shut })
}

/// A book whose making was cut off has a header without its magic number, which redb writes last,
/// and nothing else. Nothing was ever committed to it, so it is made anew.
fn clear_unborn(storage: &dyn StorageBackend) -> std::io::Result<()> {
    let len = storage.len()?;
    if len == 0 || len > UNBORN_BYTES_MAX {
        return Ok(());
    }
    let mut content = vec![0; usize::try_from(len).unwrap_or(0)];
    let magic = content.len().min(MAGIC_BYTES);
    storage.read(0, content.get_mut(..magic).unwrap_or_default())?;
    if content.iter().any(|byte| *byte != 0) {
        return Ok(());
    }
    storage.read(0, &mut content)?;
    if content.iter().skip(HEADER_BYTES).all(|byte| *byte == 0) {
        storage.set_len(0)?;
    }
    Ok(())
}
