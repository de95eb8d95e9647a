//! Working folders for tries that name none. A folder that a try left empty serves another one:
//! making and removing one for each try is slow on ext4, which searches past inodes that were freed
//! just now.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
};

/// The folders of one worker process.
pub struct Folders {
    /// A folder of its own, named by the process.
    root: PathBuf,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    free: Vec<PathBuf>,
    made: u64,
}

impl Folders {
    /// Below `work`; what worker processes have left there that are dead is removed.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(work: &Path, pid: u32, is_alive: impl Fn(u32) -> bool) -> io::Result<Self> {
        let mut left = Vec::new();
        for entry in fs::read_dir(work)? {
            let entry = entry?;
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| name.parse().ok());
            if owner == Some(pid) {
                fs::remove_dir_all(entry.path())?;
            } else if owner.is_none_or(|owner| !is_alive(owner)) {
                left.push(entry.path());
            }
        }
        if !left.is_empty() {
            // Nobody waits for it; what cannot be removed now can be at the next start.
            thread::spawn(move || left.iter().for_each(|path| drop(fs::remove_dir_all(path))));
        }
        let root = work.join(pid.to_string());
        DirBuilder::new().mode(0o700).create(&root)?;
        Ok(Self {
            root,
            held: Mutex::default(),
        })
    }

    /// An empty folder that nobody else uses.
    ///
    /// # Errors
    /// When none can be made.
    pub fn take(&self) -> io::Result<PathBuf> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = held.free.pop() {
            return Ok(path);
        }
        held.made += 1;
        let path = self.root.join(held.made.to_string());
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(path)
    }

    /// Takes a folder back. With `clean`, no process of the try can be left in it.
    pub fn give(&self, path: PathBuf, clean: bool) {
        if clean && is_as_made(&path) {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            return held.free.push(path);
        }
        // What a task left there can be large.
        let _ = fs::remove_dir_all(path);
    }

    /// This process leaves.
    pub fn close(&self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn is_as_made(path: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    let same = fs::symlink_metadata(path)
        .is_ok_and(|m| m.is_dir() && m.mode() & 0o7777 == 0o700 && m.uid() == own);
    same && fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}
