//! Claims: what this worker process has begun, as which process, and how it ended, for a successor
//! to read. One journal for each worker process, only appended to: a file for each try would be
//! made and removed thousands of times, and ext4 searches past every inode that was freed in the
//! last seconds (measured: 0.5 to 2 ms for each file or folder made).
//!
//! A fence is begun once: the journals of all worker processes are read before the first start, one
//! of another version that still runs begins nothing any more, and one that is dead is taken over
//! whole.

use crate::{
    process::procfs::Identity,
    wire::{self, frame},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// A journal of this size is written anew with what is not yet acknowledged, or emptied.
const JOURNAL_BYTES_MAX: u64 = 1024 * 1024;
/// How the name of a journal ends that is being written anew.
const REWRITE: &str = "next";

/// The journal of this worker process.
pub struct Claims {
    path: PathBuf,
    file: File,
    bytes: u64,
    /// Sizes grow with what is not acknowledged, so the next rewrite waits until this.
    rewrite_at: u64,
    open: HashSet<u64>,
    /// Fences that another worker process, which still runs, has begun.
    foreign: HashSet<u64>,
}

/// What a journal tells of one try.
#[derive(Debug, Clone)]
pub struct Record {
    /// The permission.
    pub fence: u64,
    /// The task instance.
    pub key: wire::Key,
    /// Who began it: the worker process in whose session it runs.
    pub owner: Identity,
    /// The process and its start time in clock ticks since boot.
    pub process: Option<(u32, u64)>,
    /// How it ended.
    pub end: Option<wire::Report>,
}

#[derive(Serialize, Deserialize)]
enum Line {
    /// The first line: whose journal this is.
    Writer(Identity),
    Begun {
        fence: u64,
        key: wire::Key,
        /// Where it is not the writer.
        owner: Option<Identity>,
    },
    Process {
        fence: u64,
        pid: u32,
        started_ticks: u64,
    },
    End(Box<wire::Report>),
    Forgotten {
        fence: u64,
    },
}

impl Claims {
    /// Begins this process's journal.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(tries: &Path, me: &Identity) -> io::Result<Self> {
        let path = tries.join(format!("{}-{}", me.pid, me.started_ticks));
        let mut claims = Self {
            file: create(&path)?,
            path,
            bytes: 0,
            rewrite_at: JOURNAL_BYTES_MAX,
            open: HashSet::new(),
            foreign: HashSet::new(),
        };
        claims.put(&Line::Writer(me.clone()))?;
        Ok(claims)
    }

    /// Claims a fence; the permission to start the try. False when it is claimed already.
    ///
    /// # Errors
    /// When it cannot be noted; nothing may be started then.
    pub fn take(&mut self, fence: u64, key: wire::Key) -> io::Result<bool> {
        if self.foreign.contains(&fence) || !self.open.insert(fence) {
            return Ok(false);
        }
        let owner = None;
        let noted = self.put(&Line::Begun { fence, key, owner });
        if noted.is_err() {
            self.open.remove(&fence);
        }
        noted.map(|()| true)
    }

    /// Notes the process of a try.
    ///
    /// # Errors
    /// When it cannot be noted.
    pub fn spawned(&mut self, fence: u64, pid: u32, started_ticks: u64) -> io::Result<()> {
        self.put(&Line::Process {
            fence,
            pid,
            started_ticks,
        })
    }

    /// Notes how a try ended, for the case that this process is gone before a server has heard.
    ///
    /// # Errors
    /// When it cannot be noted; the report is then only in memory.
    pub fn end(&mut self, report: &wire::Report) -> io::Result<()> {
        self.put(&Line::End(Box::new(report.clone())))
    }

    /// The end is in the server's book.
    pub fn forget(&mut self, fence: u64) {
        self.open.remove(&fence);
        // Best effort: what is told again is dropped as stale by the server.
        let _ = self.put(&Line::Forgotten { fence });
        if self.bytes > self.rewrite_at {
            let _ = self.rewrite();
        }
    }

    /// Takes over what worker processes have left that are dead, seen from `me`, and removes their
    /// journals; also tells who they were. Those that still run are remembered, so that nothing of
    /// theirs is begun here.
    ///
    /// # Errors
    /// When a journal cannot be read, or not be taken over; it stays then.
    pub fn inherit(
        &mut self,
        tries: &Path,
        me: &Identity,
    ) -> io::Result<(Vec<Record>, Vec<Identity>)> {
        let (mut inherited, mut dead) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(tries)? {
            let path = entry?.path();
            if path == self.path || path.extension().is_some_and(|e| e == REWRITE) {
                continue;
            }
            let (writer, records) = match read(&path) {
                Ok(read) => read,
                // Its writer may have removed it just now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            if writer.as_ref().is_some_and(|writer| writer.is_alive(me)) {
                self.foreign.extend(records.keys());
                continue;
            }
            for record in records.into_values() {
                self.foreign.remove(&record.fence);
                if self.open.insert(record.fence) {
                    self.put_all(&record)?;
                    inherited.push(record);
                }
            }
            fs::remove_file(&path)?;
            let _ = fs::remove_file(path.with_extension(REWRITE));
            dead.extend(writer);
        }
        Ok((inherited, dead))
    }

    /// This process leaves: the journal goes unless something is still to be told.
    pub fn close(&self) {
        if self.open.is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }

    fn put_all(&mut self, record: &Record) -> io::Result<()> {
        let Record {
            fence,
            key,
            owner,
            process,
            end,
        } = record.clone();
        let owner = Some(owner);
        self.put(&Line::Begun { fence, key, owner })?;
        if let Some((pid, started_ticks)) = process {
            self.spawned(fence, pid, started_ticks)?;
        }
        end.map_or(Ok(()), |end| self.end(&end))
    }

    fn put(&mut self, line: &Line) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(160);
        frame::put(line, &mut bytes).map_err(io::Error::other)?;
        let result = self.file.write_all(&bytes);
        match result {
            Ok(()) => self.bytes += bytes.len() as u64,
            // Half a line would hide those that follow.
            Err(_) => self.file.set_len(self.bytes)?,
        }
        result
    }

    /// Leaves out what is forgotten.
    fn rewrite(&mut self) -> io::Result<()> {
        let (writer, records) = read(&self.path)?;
        let next = self.path.with_extension(REWRITE);
        let (file, bytes) = (create(&next)?, self.bytes);
        let before = std::mem::replace(&mut self.file, file);
        self.bytes = 0;
        let written = writer
            .map_or(Ok(()), |writer| self.put(&Line::Writer(writer)))
            .and_then(|()| records.values().try_for_each(|record| self.put_all(record)))
            .and_then(|()| fs::rename(&next, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&next);
            (self.file, self.bytes) = (before, bytes);
        }
        self.rewrite_at = self.bytes.saturating_mul(2).max(JOURNAL_BYTES_MAX);
        written
    }
}

/// What is in a journal and not forgotten.
///
/// # Errors
/// When it cannot be read. A torn last line ends the reading: it was being written when its writer
/// died.
pub fn read(path: &Path) -> io::Result<(Option<Identity>, BTreeMap<u64, Record>)> {
    let mut inbox = frame::Inbox::default();
    inbox.push(&fs::read(path)?);
    let (mut writer, mut records) = (None, BTreeMap::new());
    while let Ok(Some(line)) = inbox.next::<Line>() {
        match line {
            Line::Writer(identity) => writer = Some(identity),
            Line::Begun { fence, key, owner } => {
                let Some(owner) = owner.or_else(|| writer.clone()) else {
                    continue;
                };
                let record = Record {
                    fence,
                    key,
                    owner,
                    process: None,
                    end: None,
                };
                records.insert(fence, record);
            }
            Line::Process {
                fence,
                pid,
                started_ticks,
            } => {
                if let Some(record) = records.get_mut(&fence) {
                    record.process = Some((pid, started_ticks));
                }
            }
            Line::End(report) => {
                if let Some(record) = records.get_mut(&report.fence) {
                    record.end = Some(*report);
                }
            }
            Line::Forgotten { fence } => drop(records.remove(&fence)),
        }
    }
    Ok((writer, records))
}

fn create(path: &Path) -> io::Result<File> {
    let _ = fs::remove_file(path);
    fs::OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests;
