//! Claims: one file for each try that was begun, made with `O_EXCL` before anything is started. It
//! tells later worker processes what was begun, by whom, as which process, and how it ended.

use crate::{
    process::procfs::Identity,
    wire::{self, frame},
};
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// The file was made by this process just now: the permission to start the try.
pub struct Claim {
    file: File,
}

/// What a claim tells.
#[derive(Debug)]
pub struct Record {
    /// The permission.
    pub fence: u64,
    /// Who began the try; absent when the worker process died while it wrote.
    pub owner: Option<(wire::Key, Identity)>,
    /// The process and its start time in clock ticks since boot.
    pub process: Option<(u32, u64)>,
    /// How it ended.
    pub end: Option<wire::Report>,
}

#[derive(Serialize, Deserialize)]
enum Line {
    Begun { key: wire::Key, owner: Identity },
    Process { pid: u32, started_ticks: u64 },
    End(Box<wire::Report>),
}

impl Claim {
    /// Claims a fence. `Ok(None)` when it is claimed already.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn take(
        tries: &Path,
        fence: u64,
        key: wire::Key,
        owner: &Identity,
    ) -> io::Result<Option<Self>> {
        let path = path(tries, fence);
        let made = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        let mut file = match made {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(error),
        };
        let owner = owner.clone();
        if let Err(error) = put(&mut file, &Line::Begun { key, owner }) {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(Some(Self { file }))
    }

    /// Notes the process.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn spawned(&mut self, pid: u32, started_ticks: u64) -> io::Result<()> {
        put(&mut self.file, &Line::Process { pid, started_ticks })
    }
}

/// Notes how a try ended, for the case that this worker process is gone before a server has heard.
///
/// # Errors
/// When the file cannot be written; the report is then only in memory.
pub fn end(tries: &Path, report: &wire::Report) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .append(true)
        .open(path(tries, report.fence))?;
    put(&mut file, &Line::End(Box::new(report.clone())))
}

/// Removes a claim after its end was acknowledged.
pub fn forget(tries: &Path, fence: u64) {
    // Best effort: a claim that stays is told again to the next server, which drops it as stale.
    let _ = fs::remove_file(path(tries, fence));
}

/// Reads all claims.
///
/// # Errors
/// When the folder cannot be read. A file that cannot is told with what is known.
pub fn read_all(tries: &Path) -> io::Result<Vec<Record>> {
    let mut records = Vec::new();
    for entry in fs::read_dir(tries)? {
        let entry = entry?;
        let Some(fence) = entry.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        let bytes = match fs::read(entry.path()) {
            Ok(bytes) => bytes,
            // Another worker process may have forgotten it just now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        records.push(parse(fence, &bytes));
    }
    records.sort_by_key(|record| record.fence);
    Ok(records)
}

fn parse(fence: u64, bytes: &[u8]) -> Record {
    let mut record = Record {
        fence,
        owner: None,
        process: None,
        end: None,
    };
    let mut inbox = frame::Inbox::default();
    inbox.push(bytes);
    // A torn last line ends the reading: it was being written when its writer died.
    while let Ok(Some(line)) = inbox.next::<Line>() {
        match line {
            Line::Begun { key, owner } => record.owner = Some((key, owner)),
            Line::Process { pid, started_ticks } => record.process = Some((pid, started_ticks)),
            Line::End(report) => record.end = Some(*report),
        }
    }
    record
}

fn path(tries: &Path, fence: u64) -> PathBuf {
    tries.join(fence.to_string())
}

fn put(file: &mut File, line: &Line) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(160);
    frame::put(line, &mut bytes).map_err(io::Error::other)?;
    file.write_all(&bytes)
}
