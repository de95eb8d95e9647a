//! The folders and files of the worker below the data folder, all for the owner only.

use crate::WorkerError;
use std::{
    fs::{self, DirBuilder, File},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{DirBuilderExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

/// Longest path that fits the system's socket address with its final NUL.
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// The name of the socket of the worker process that takes new work.
pub const SOCKET: &str = "worker.sock";
/// How the names of sockets of drained worker processes begin.
pub const SOCKET_DRAIN: &str = "worker-drain-";

/// Where things are.
#[derive(Clone, Debug)]
pub struct Paths {
    /// Sockets, locks, claims.
    pub run: PathBuf,
    /// Journals of what was begun, one for each worker process.
    pub tries: PathBuf,
    /// Working folders of tries that have none of their own, by worker process.
    pub work: PathBuf,
    /// Logs of tries.
    pub logs: PathBuf,
}

impl Paths {
    /// Makes the folders that are missing.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn open(data_dir: &Path) -> Result<Self, WorkerError> {
        let run = data_dir.join("run");
        let paths = Self {
            tries: run.join("tries"),
            work: run.join("work"),
            logs: data_dir.join("logs"),
            run,
        };
        for path in [&paths.run, &paths.tries, &paths.work, &paths.logs] {
            make_dirs(path).map_err(|cause| WorkerError::Folder {
                path: path.clone(),
                cause,
            })?;
        }
        Ok(paths)
    }

    /// The lock that the worker process holds which takes new work.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.run.join("worker.lock")
    }
}

/// Makes a folder and its parents for the owner only.
///
/// # Errors
/// When one cannot be made.
pub fn make_dirs(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// A path for the address of a socket. `dir` must stay in scope as long as the path is used: a path
/// that is too long for an address is reached through the open folder.
///
/// # Errors
/// When the folder cannot be opened.
pub fn socket_path(dir: &Path, name: &str) -> io::Result<(PathBuf, Option<File>)> {
    let path = dir.join(name);
    if path.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return Ok((path, None));
    }
    let open = File::open(dir)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", open.as_raw_fd()));
    Ok((path, Some(open)))
}

/// Opens a file for appending, made for the owner only when it is not there.
///
/// # Errors
/// When it cannot be opened.
pub fn append(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}
