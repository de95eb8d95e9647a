//! A disk in memory that can be too full, fail, and lose at a crash what was not synced.

use std::{
    collections::BTreeSet,
    io,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use store::StorageBackend;

use crate::chance::Chance;

/// The disk gives room in pieces of this many bytes.
const PAGE_BYTES: usize = 4_096;
/// A write reaches the platter in pieces of this many bytes.
const SECTOR_BYTES: usize = 512;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// One operation fails, the next ones work.
    Slip,
    /// Everything that writes fails, until the disk is healed.
    Broken,
    /// There is no room for what was never written, until the disk is healed.
    Full,
    /// The power goes: nothing works any more before a restart.
    PowerCut,
}

/// The disk. It outlives those who have it open.
#[derive(Debug, Clone, Default)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// What a reader sees.
    content: Vec<u8>,
    /// What is on the platter.
    platter: Vec<u8>,
    /// What was done since the last sync, in order.
    unsynced: Vec<Done>,
    /// Who may still use the disk: those of the latest start.
    boot: u64,
    /// Writing operations until the trouble begins.
    trouble: Option<(u64, Trouble)>,
    dead: bool,
    /// Pages that have their place on the disk: a file may have holes.
    placed: BTreeSet<usize>,
}

#[derive(Debug)]
enum Done {
    Write { at: usize, data: Vec<u8> },
    Length(usize),
}

impl Disk {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A handle for the program that runs now.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            boot: self.lock().boot,
            disk: self.clone(),
        }
    }

    /// After so many writing operations the trouble begins.
    pub fn trouble(&self, after: u64, trouble: Trouble) {
        self.lock().trouble = Some((after, trouble));
    }

    /// All is well again, unless the power is off.
    pub fn heal(&self) {
        self.lock().trouble = None;
    }

    /// Whether the power is off.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.lock().dead
    }

    /// Whether something is, or soon will be, wrong.
    #[must_use]
    pub fn is_troubled(&self) -> bool {
        let state = self.lock();
        state.dead || state.trouble.is_some()
    }

    /// Ends the program's access, and starts again from the platter: of what was not synced, some
    /// sectors arrived and some did not.
    pub fn restart(&self, chance: &mut Chance) {
        let state = &mut *self.lock();
        let mut platter = std::mem::take(&mut state.platter);
        let all = chance.percent(20);
        let none = chance.percent(30);
        for done in state.unsynced.drain(..) {
            match done {
                Done::Length(length) if all || chance.percent(50) => platter.resize(length, 0),
                Done::Length(_) => {}
                Done::Write { at, data } => {
                    let sectors = data.chunks(SECTOR_BYTES).enumerate();
                    for (n, sector) in sectors {
                        if all || (!none && chance.percent(50)) {
                            put(&mut platter, at + n * SECTOR_BYTES, sector);
                        }
                    }
                }
            }
        }
        state.content.clone_from(&platter);
        state.platter = platter;
        state.boot += 1;
        state.trouble = None;
        state.dead = false;
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(at..end) {
        place.copy_from_slice(data);
    }
}

impl State {
    fn check(&self, boot: u64) -> io::Result<()> {
        if self.dead || self.boot != boot {
            return Err(io::Error::other("the power is off"));
        }
        Ok(())
    }

    /// Whether an operation that writes may go on.
    fn write_check(&mut self, boot: u64, pages: Range<usize>) -> io::Result<()> {
        self.check(boot)?;
        let Some((after, trouble)) = &mut self.trouble else {
            return Ok(());
        };
        if *after > 0 {
            *after -= 1;
            return Ok(());
        }
        match trouble {
            Trouble::Slip => {
                self.trouble = None;
                Err(io::Error::other("a slip of the disk"))
            }
            Trouble::Broken => Err(io::Error::other("the disk is broken")),
            Trouble::Full if pages.clone().all(|page| self.placed.contains(&page)) => Ok(()),
            Trouble::Full => Err(io::Error::from(io::ErrorKind::StorageFull)),
            Trouble::PowerCut => {
                self.dead = true;
                Err(io::Error::other("the power went off"))
            }
        }
    }
}

/// The disk as one start of the program has it open.
#[derive(Debug)]
pub struct Handle {
    disk: Disk,
    boot: u64,
}

impl StorageBackend for Handle {
    fn len(&self) -> io::Result<u64> {
        let state = self.disk.lock();
        state.check(self.boot)?;
        Ok(state.content.len() as u64)
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.disk.lock();
        state.check(self.boot)?;
        let at = offset as usize;
        let data = state.content.get(at..at + out.len());
        out.copy_from_slice(data.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        state.write_check(self.boot, 0..0)?;
        state.content.resize(len as usize, 0);
        state.unsynced.push(Done::Length(len as usize));
        Ok(())
    }
    fn sync_data(&self) -> io::Result<()> {
        let state = &mut *self.disk.lock();
        state.write_check(self.boot, 0..0)?;
        for done in state.unsynced.drain(..) {
            match done {
                Done::Length(length) => state.platter.resize(length, 0),
                Done::Write { at, data } => put(&mut state.platter, at, &data),
            }
        }
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.disk.lock();
        let at = offset as usize;
        let pages = at / PAGE_BYTES..(at + data.len()).div_ceil(PAGE_BYTES);
        let checked = state.write_check(self.boot, pages.clone());
        state.placed.extend(pages.filter(|_| checked.is_ok()));
        // A write that fails may have been made in part.
        let made = if checked.is_ok() {
            data.len()
        } else {
            data.len() / 2 / SECTOR_BYTES * SECTOR_BYTES
        };
        if let Some(data) = data.get(..made).filter(|data| !data.is_empty()) {
            put(&mut state.content, at, data);
            let data = data.to_vec();
            state.unsynced.push(Done::Write { at, data });
        }
        checked
    }
}
