//! Opens a book: lock, repair if the last process was killed, migrate.

use std::{path::Path, sync::Arc};

use redb::StorageBackend;

use crate::{
    backend::{BookFile, Gauge},
    book::{Store, Writer},
    error::OpenError,
    migrate,
};

/// How a book is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Memory for pages, in bytes, reads and writes together.
    pub cache_bytes: usize,
    /// Whether each commit also writes what makes opening after a kill as fast as after a stop.
    /// It takes a second sync and twice the processor time for each commit of one task instance.
    /// A book of a million task instances (56 MB) opened after a kill within 50 ms with it and
    /// within 200 ms without (105 of processor time) on a busy machine of two cores, so it is off.
    /// Turn it on for gigabytes.
    pub quick_repair: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 16 * 1024 * 1024,
            quick_repair: false,
        }
    }
}

/// Opens or creates the book at `path`, and brings an older one up to date.
///
/// # Errors
/// See [`OpenError`].
pub fn open(path: &Path, options: &Options) -> Result<(Store, Writer), OpenError> {
    let file = BookFile::open(path)?;
    let gauge = file.gauge()?;
    open_with(Arc::new(file), Some(gauge), options)
}

/// The same on any storage, for the simulator and for tests of crashes.
///
/// # Errors
/// See [`OpenError`].
pub fn open_backend(
    storage: impl StorageBackend,
    options: &Options,
) -> Result<(Store, Writer), OpenError> {
    open_with(Arc::new(storage), None, options)
}

fn open_with(
    storage: Arc<dyn StorageBackend>,
    gauge: Option<Gauge>,
    options: &Options,
) -> Result<(Store, Writer), OpenError> {
    let mut writer = Writer::open(storage, gauge, *options)?;
    let store = writer.store();
    store.with(|db| migrate::migrate(db, migrate::STEPS, migrate::SCHEMA_VERSION))?;
    writer.begin()?;
    Ok((store, writer))
}
