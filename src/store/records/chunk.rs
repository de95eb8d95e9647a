//! Up to 64 task instances in one value.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0 | version of the record, 1 |
//! | .. | base of the times: microseconds, signed varint; 0 while no time is in the chunk |
//! | .. | for each task instance, by place: place u8, length varint, `records::ti` |
//!
//! A task instance that did not change is copied, not unpacked.

use std::cmp::Ordering;

use model::{state::TaskInstanceState, task_instance::TaskInstance};

use super::{
    ti,
    varint::{self, Reader},
};
use crate::{error::ReadError, tables::task_instances::NAME as TABLE};

const VERSION: u8 = 1;

/// A chunk as it is stored.
pub(crate) struct Chunk<'b> {
    /// What times are relative to.
    pub(crate) base: i64,
    rest: Reader<'b>,
}

impl<'b> Chunk<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Result<Self, ReadError> {
        let mut reader = Reader(bytes);
        match reader.byte() {
            Some(VERSION) => {}
            Some(version) => {
                let what = format!("its version {version} is not known");
                return Err(ReadError::record(TABLE, what));
            }
            None => return Err(cut()),
        }
        let base = reader.i64().ok_or_else(cut)?;
        Ok(Self { base, rest: reader })
    }
    /// The next task instance: its place and bytes.
    pub(crate) fn next(&mut self) -> Result<Option<(u8, &'b [u8])>, ReadError> {
        let Some(slot) = self.rest.byte() else {
            return Ok(None);
        };
        let length = self.rest.usize().ok_or_else(cut)?;
        let bytes = self.rest.bytes(length).ok_or_else(cut)?;
        Ok(Some((slot, bytes)))
    }
    /// The bytes of the task instance at a place.
    pub(crate) fn find(&mut self, slot: u8) -> Result<Option<&'b [u8]>, ReadError> {
        while let Some((at, bytes)) = self.next()? {
            if at == slot {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

fn cut() -> ReadError {
    ReadError::record(TABLE, "the chunk ends too early")
}

/// What putting one task instance into a chunk did.
pub(crate) struct Put {
    /// Its place.
    pub(crate) slot: u8,
    /// The state before.
    pub(crate) was: Option<TaskInstanceState>,
    /// The state now; none when it is gone.
    pub(crate) is: Option<TaskInstanceState>,
    /// Whether the old one had details apart.
    pub(crate) had_apart: bool,
    /// The details to keep apart now.
    pub(crate) apart: Option<Vec<u8>>,
}

/// Puts `new`, sorted by place, into the chunk `old`, or takes out what there is nothing to put of,
/// and tells of each what it did. Gives the number of task instances that are in the chunk then.
pub(crate) fn merge(
    old: Option<&[u8]>,
    new: &[(u8, Option<&TaskInstance>)],
    out: &mut Vec<u8>,
    mut told: impl FnMut(Put) -> Result<(), crate::error::Fault>,
) -> Result<usize, crate::error::Fault> {
    let mut n_left = 0;
    let mut chunk = old.map(Chunk::new).transpose()?;
    let mut base = chunk.as_ref().map_or(0, |chunk| chunk.base);
    if base == 0 {
        // Nothing in it has a time, so nothing changes its meaning.
        let first = new.iter().find_map(|(_, ti)| ti::first_time((*ti)?));
        base = match first.map(|at| at.as_micros()) {
            None => 0,
            Some(0) => 1, // 0 would say that there is none.
            Some(at) => at,
        };
    }
    out.clear();
    out.push(VERSION);
    varint::put_signed(out, base);
    let mut next = match &mut chunk {
        Some(chunk) => chunk.next()?,
        None => None,
    };
    for &(slot, ti) in new {
        let mut before = None;
        while let (Some((at, bytes)), Some(chunk)) = (next, &mut chunk) {
            match at.cmp(&slot) {
                Ordering::Less => {
                    n_left += 1;
                    append(out, at, bytes);
                }
                Ordering::Equal => before = Some(bytes),
                Ordering::Greater => break,
            }
            next = chunk.next()?;
        }
        let mut apart = None;
        if let Some(ti) = ti {
            let packed = ti::pack(ti, base, true)?;
            append(out, slot, &packed.bytes);
            apart = packed.apart;
            n_left += 1;
        }
        told(Put {
            slot,
            was: before.map(ti::state).transpose()?,
            is: ti.map(|ti| ti.state),
            had_apart: before.is_some_and(ti::has_details_apart),
            apart,
        })?;
    }
    while let (Some((at, bytes)), Some(chunk)) = (next, &mut chunk) {
        n_left += 1;
        append(out, at, bytes);
        next = chunk.next()?;
    }
    Ok(n_left)
}

fn append(out: &mut Vec<u8>, slot: u8, bytes: &[u8]) {
    out.push(slot);
    varint::put(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
