//! The asset events that a run was made for: a version byte, then distances.

use model::AssetEventNo;

use super::varint::{self, Reader};
use crate::{error::ReadError, tables::consumed::NAME};

const VERSION: u8 = 1;

pub(crate) fn encode(events: &[AssetEventNo]) -> Vec<u8> {
    let mut out = vec![VERSION];
    let mut before = 0;
    for event in events {
        let event = event.0.cast_signed();
        varint::put_signed(&mut out, event.wrapping_sub(before));
        before = event;
    }
    out
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<AssetEventNo>, ReadError> {
    let mut reader = Reader(bytes);
    if reader.byte() != Some(VERSION) {
        return Err(ReadError::record(NAME, "its version is not known"));
    }
    let mut events = Vec::new();
    let mut before: i64 = 0;
    while !reader.0.is_empty() {
        let distance = reader.i64();
        let distance = distance.ok_or_else(|| ReadError::record(NAME, "it ends too early"))?;
        before = before.wrapping_add(distance);
        events.push(AssetEventNo(before.cast_unsigned()));
    }
    Ok(events)
}
