//! A task instance in as few bytes as it needs.
//!
//! | bytes | what |
//! | --- | --- |
//! | 0 | state: the position in `ALL` |
//! | 1..3 | which of the following are there: the flags below, u16 little-endian |
//! | .. | varints: try unless 1, max tries unless 0, version unless 1, fence, pid, cpu, memory, |
//! |    | what was returned: 0 for a value, the length and one for what can be expanded over, |
//! |    | how often it was stuck unless 0 |
//! | .. | times: signed varints, the first after the chunk's base, others after the one before |
//! | .. | the details to the end, where they are inline |
//!
//! A finished empty task is about 10 bytes, a finished process about 30.

use model::{
    Fence, TiKey, Timestamp, VersionNo,
    state::TaskInstanceState,
    task_instance::{Returned, TaskInstance},
};

use super::{
    decode as decode_record, encode as encode_record,
    ti_details::{Details, DetailsRecord},
    varint::{self, Reader},
    word::{Word, word},
};
use crate::{error::ReadError, tables::task_instances::NAME as TABLE};

/// Details up to this size stay in the chunk; longer ones would make its rewriting dear.
const DETAILS_INLINE_BYTES_MAX: usize = 64;

const TRY: u16 = 1;
const MAX_TRIES: u16 = 1 << 1;
const VERSION: u16 = 1 << 2;
const FENCE: u16 = 1 << 3;
const PID: u16 = 1 << 4;
const CPU: u16 = 1 << 5;
const MEMORY: u16 = 1 << 6;
const SCHEDULED: u16 = 1 << 7;
const QUEUED: u16 = 1 << 8;
const START: u16 = 1 << 9;
const END: u16 = 1 << 10;
const NOT_BEFORE: u16 = 1 << 11;
const DETAILS_INLINE: u16 = 1 << 12;
const DETAILS_APART: u16 = 1 << 13;
const RETURNED: u16 = 1 << 14;
const STUCK: u16 = 1 << 15;

/// The version of a record that stands alone; in a chunk, the chunk has it.
const ALONE_VERSION: u8 = 1;

/// A packed task instance, and its details where they are kept apart.
pub(crate) struct Packed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) apart: Option<Vec<u8>>,
}

/// The first time of a task instance: the base of a chunk that has none yet.
pub(crate) fn first_time(ti: &TaskInstance) -> Option<Timestamp> {
    times(ti).into_iter().find_map(|(_, at)| at)
}

fn times(ti: &TaskInstance) -> [(u16, Option<Timestamp>); 5] {
    [
        (SCHEDULED, ti.scheduled_when),
        (QUEUED, ti.queued_when),
        (START, ti.start_date),
        (END, ti.end_date),
        (NOT_BEFORE, ti.not_before),
    ]
}

/// Packs a task instance; `apart` allows long details to be kept elsewhere.
pub(crate) fn pack(ti: &TaskInstance, base: i64, apart: bool) -> Result<Packed, ReadError> {
    let TaskInstance {
        key: _, // The key.
        state,
        try_number,
        max_tries,
        version,
        scheduled_when: _, // These five in `times`.
        queued_when: _,
        start_date: _,
        end_date: _,
        not_before: _,
        fence,
        pid,
        cpu_us,
        memory_peak_bytes,
        deferral: _, // These four in the details.
        reason: _,
        rendered_map_index: _,
        note: _,
        returned,
        n_stuck,
    } = ti;
    let mut bytes = vec![state.code(), 0, 0];
    let mut flags = 0;
    let numbers = [
        (TRY, (*try_number != 1).then_some(u64::from(*try_number))),
        (
            MAX_TRIES,
            (*max_tries != 0).then_some(u64::from(*max_tries)),
        ),
        (VERSION, (version.0 != 1).then_some(u64::from(version.0))),
        (FENCE, fence.map(|fence| fence.0)),
        (PID, pid.map(u64::from)),
        (CPU, *cpu_us),
        (MEMORY, *memory_peak_bytes),
        (RETURNED, returned.map(length_code)),
        (STUCK, (*n_stuck != 0).then_some(u64::from(*n_stuck))),
    ];
    for (flag, number) in numbers {
        if let Some(number) = number {
            flags |= flag;
            varint::put(&mut bytes, number);
        }
    }
    let mut last = base;
    for (flag, at) in times(ti) {
        if let Some(at) = at {
            flags |= flag;
            varint::put_signed(&mut bytes, at.as_micros().wrapping_sub(last));
            last = at.as_micros();
        }
    }
    let mut details_apart = None;
    if let Some(details) = DetailsRecord::of(ti) {
        let details = encode_record(&details)?;
        if apart && details.len() > DETAILS_INLINE_BYTES_MAX {
            flags |= DETAILS_APART;
            details_apart = Some(details);
        } else {
            flags |= DETAILS_INLINE;
            bytes.extend_from_slice(&details);
        }
    }
    for (to, from) in bytes.iter_mut().skip(1).zip(flags.to_le_bytes()) {
        *to = from;
    }
    Ok(Packed {
        bytes,
        apart: details_apart,
    })
}

fn length_code(returned: Returned) -> u64 {
    match returned {
        Returned::Value => 0,
        Returned::Sized(length) => u64::from(length) + 1,
    }
}

fn returned(code: u64) -> Result<Returned, ReadError> {
    match code.checked_sub(1) {
        None => Ok(Returned::Value),
        Some(length) => u32::try_from(length)
            .map(Returned::Sized)
            .map_err(|_| ReadError::record(TABLE, "a returned length is too large")),
    }
}

/// Packs a task instance on its own, with its version, its base and all of its details.
pub(crate) fn pack_alone(ti: &TaskInstance, base: i64) -> Result<Vec<u8>, ReadError> {
    let mut out = vec![ALONE_VERSION];
    varint::put_signed(&mut out, base);
    out.extend_from_slice(&pack(ti, base, false)?.bytes);
    Ok(out)
}

/// The task instance in bytes of [`pack_alone`].
pub(crate) fn unpack_alone(key: TiKey, bytes: &[u8]) -> Result<TaskInstance, ReadError> {
    let mut reader = Reader(bytes);
    match reader.byte() {
        Some(ALONE_VERSION) => {}
        Some(_) | None => return Err(ReadError::record(TABLE, "its version is not known")),
    }
    let base = reader.i64().ok_or_else(cut)?;
    unpack(key, reader.0, base)
}

/// The state alone.
pub(crate) fn state(bytes: &[u8]) -> Result<TaskInstanceState, ReadError> {
    let code = bytes.first().ok_or_else(cut)?;
    word(TABLE, *code)
}

/// Whether its details are in `ti_details`.
pub(crate) fn has_details_apart(bytes: &[u8]) -> bool {
    matches!(bytes, [_, low, high, ..] if u16::from_le_bytes([*low, *high]) & DETAILS_APART != 0)
}

fn cut() -> ReadError {
    ReadError::record(TABLE, "it ends too early")
}

/// The task instance in `bytes`. Details that are apart are added by the caller.
pub(crate) fn unpack(key: TiKey, bytes: &[u8], base: i64) -> Result<TaskInstance, ReadError> {
    let mut reader = Reader(bytes);
    let state = word(TABLE, reader.byte().ok_or_else(cut)?)?;
    let low = reader.byte().ok_or_else(cut)?;
    let high = reader.byte().ok_or_else(cut)?;
    let flags = u16::from_le_bytes([low, high]);
    let mut ti = TaskInstance::new(key, VersionNo(1), 0);
    ti.state = state;
    ti.try_number = 1;
    if flags & TRY != 0 {
        ti.try_number = reader.u32().ok_or_else(cut)?;
    }
    if flags & MAX_TRIES != 0 {
        ti.max_tries = reader.u32().ok_or_else(cut)?;
    }
    if flags & VERSION != 0 {
        ti.version = VersionNo(reader.u32().ok_or_else(cut)?);
    }
    if flags & FENCE != 0 {
        ti.fence = Some(Fence(reader.u64().ok_or_else(cut)?));
    }
    if flags & PID != 0 {
        ti.pid = Some(reader.u32().ok_or_else(cut)?);
    }
    if flags & CPU != 0 {
        ti.cpu_us = Some(reader.u64().ok_or_else(cut)?);
    }
    if flags & MEMORY != 0 {
        ti.memory_peak_bytes = Some(reader.u64().ok_or_else(cut)?);
    }
    if flags & RETURNED != 0 {
        ti.returned = Some(returned(reader.u64().ok_or_else(cut)?)?);
    }
    if flags & STUCK != 0 {
        ti.n_stuck = reader.u32().ok_or_else(cut)?;
    }
    let mut last = base;
    for (flag, to) in [
        (SCHEDULED, &mut ti.scheduled_when),
        (QUEUED, &mut ti.queued_when),
        (START, &mut ti.start_date),
        (END, &mut ti.end_date),
        (NOT_BEFORE, &mut ti.not_before),
    ] {
        if flags & flag != 0 {
            last = last.wrapping_add(reader.i64().ok_or_else(cut)?);
            *to = Some(Timestamp::from_micros(last));
        }
    }
    if flags & DETAILS_INLINE != 0 {
        add_details(&mut ti, reader.0)?;
    }
    Ok(ti)
}

/// Adds what a details record says.
pub(crate) fn add_details(ti: &mut TaskInstance, bytes: &[u8]) -> Result<(), ReadError> {
    let Details {
        reason,
        deferral,
        rendered_map_index,
        note,
    } = decode_record::<DetailsRecord>(bytes)?.into_details()?;
    ti.reason = reason;
    ti.deferral = deferral;
    ti.rendered_map_index = rendered_map_index;
    ti.note = note;
    Ok(())
}
