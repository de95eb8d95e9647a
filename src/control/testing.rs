//! What the tests of this layer share.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use model::{TimeDelta, Timestamp};

/// A folder that is removed at the end of the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("control-{}-{n}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A clock that goes. It starts at the time that the file system gives a new file, since files are
/// compared with it.
pub(crate) struct WallClock;

impl model::ports::Clock for WallClock {
    fn now(&self) -> Timestamp {
        static BASE: OnceLock<(Timestamp, Instant)> = OnceLock::new();
        let (base, since) = BASE.get_or_init(|| {
            let folder = Folder::new();
            let file = fs::metadata(folder.write("now", "")).unwrap();
            let us = file.mtime() * 1_000_000 + file.mtime_nsec() / 1_000;
            (Timestamp::from_micros(us), Instant::now())
        });
        let us = i64::try_from(since.elapsed().as_micros()).unwrap();
        base.plus(TimeDelta::from_micros(us))
    }
}
