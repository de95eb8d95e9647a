//! Where the bytes of a book are: a file, and the door through which redb gets at it.

use std::{
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use redb::StorageBackend;

use crate::error::OpenError;

/// A book in a file that this process alone has open.
#[derive(Debug)]
pub struct BookFile {
    file: File,
}

impl BookFile {
    /// Opens or creates the file (mode 0600) and locks it.
    ///
    /// # Errors
    /// When it is locked by another process, or cannot be opened.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::Locked {
                path: path.to_owned(),
            }),
            Err(std::fs::TryLockError::Error(cause)) => Err(cause.into()),
        }
    }
    /// A second handle, to ask how much of the disk the file takes.
    pub(crate) fn gauge(&self) -> io::Result<Gauge> {
        Ok(Gauge(self.file.try_clone()?))
    }
}

impl StorageBackend for BookFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(out, offset)
    }
    /// A hole until it is written: redb grows by doubling, and the disk shall not pay for that.
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_all_at(data, offset)
    }
}

/// Tells what the file takes of the disk.
#[derive(Debug)]
pub(crate) struct Gauge(File);

impl Gauge {
    /// Bytes of the disk: less than the length where the file has holes.
    pub(crate) fn disk_bytes(&self) -> Option<u64> {
        let metadata = self.0.metadata().ok()?;
        Some(metadata.len().min(metadata.blocks() * 512))
    }
}

/// One redb's way to the storage. After a failure redb must be made anew; the old door is then
/// shut, so that a reader of the old one gets errors and never pages that the new one has written
/// over.
#[derive(Debug)]
pub(crate) struct Door {
    storage: Arc<dyn StorageBackend>,
    shut: Arc<AtomicBool>,
}

impl Door {
    pub(crate) fn new(storage: Arc<dyn StorageBackend>) -> (Self, Arc<AtomicBool>) {
        let shut = Arc::new(AtomicBool::new(false));
        let door = Self {
            storage,
            shut: Arc::clone(&shut),
        };
        (door, shut)
    }
    fn check(&self) -> io::Result<()> {
        if self.shut.load(Ordering::Acquire) {
            return Err(io::Error::other("the book was opened again"));
        }
        Ok(())
    }
}

impl StorageBackend for Door {
    fn len(&self) -> io::Result<u64> {
        self.check()?;
        self.storage.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.check()?;
        self.storage.read(offset, out)?;
        // A page that was written over while it was read is not given out.
        self.check()
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check()?;
        self.storage.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.check()?;
        self.storage.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.storage.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.shut.store(true, Ordering::Release);
        Ok(())
    }
}
