//! The data folder: where everything is, and that one server has it.

use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::cli::{ADDRESS_FILE, Trouble};

/// How long the lock may still be held by what a killed server left: a child that it was starting
/// has its files until it becomes another program.
const LEFT_BEHIND: Duration = Duration::from_secs(2);
/// Between two tries for the lock.
const AGAIN: Duration = Duration::from_millis(5);

/// The data folder.
pub struct Folder {
    data: PathBuf,
    _lock: fs::File,
}

impl Folder {
    /// Makes it where it is missing, and takes it for this process.
    pub fn open(data: &Path) -> Result<Self, Trouble> {
        let wrong = |cause: io::Error| {
            Trouble(format!(
                "NET-003: cannot use the data folder `{}`: {cause}\n  more: orrery explain NET-003",
                data.display()
            ))
        };
        make_private(&data.join("run")).map_err(wrong)?;
        make_private(&data.join("logs")).map_err(wrong)?;
        let data = data.canonicalize().map_err(wrong)?;
        let lock = fs::File::create(data.join("run/server.lock")).map_err(wrong)?;
        match wait_for(&lock) {
            Ok(()) => Ok(Self { data, _lock: lock }),
            Err(fs::TryLockError::WouldBlock) => Err(Trouble(format!(
                "NET-002: another server has the data folder `{}`\n  more: orrery explain NET-002",
                data.display()
            ))),
            Err(fs::TryLockError::Error(cause)) => Err(wrong(cause)),
        }
    }

    /// The folder itself, absolute.
    pub fn data(&self) -> &Path {
        &self.data
    }
    /// The store's file.
    pub fn book(&self) -> PathBuf {
        self.data.join("book.redb")
    }
    /// Task logs.
    pub fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }
    /// Keys.
    pub fn keys(&self) -> PathBuf {
        self.data.join("keys")
    }

    /// Leaves the address for the command line.
    pub fn say_address(&self, address: SocketAddr) -> Result<(), Trouble> {
        Ok(fs::write(
            self.data.join(ADDRESS_FILE),
            format!("http://{address}\n"),
        )?)
    }
    /// Takes it away again; a server that was killed leaves a stale one, which does no harm.
    pub fn forget_address(&self) {
        let _ = fs::remove_file(self.data.join(ADDRESS_FILE));
    }
}

fn wait_for(lock: &fs::File) -> Result<(), fs::TryLockError> {
    let begin = Instant::now();
    loop {
        match lock.try_lock() {
            Err(fs::TryLockError::WouldBlock) if begin.elapsed() < LEFT_BEHIND => {
                thread::sleep(AGAIN);
            }
            other => return other,
        }
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// An absolute path, also where nothing is there yet.
pub fn absolute(path: &Path) -> Result<PathBuf, Trouble> {
    Ok(path.canonicalize().or_else(|_| std::path::absolute(path))?)
}

/// This machine's name.
pub fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname");
    name.map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
}
