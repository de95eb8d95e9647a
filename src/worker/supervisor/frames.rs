//! Frames: `[id, body, ...]` from a child, `[id, body?, error?]` to it.

use super::{
    answers::{self, Slots},
    asks,
    facts::Facts,
    value::{Wrong, map},
};
use model::{
    Timestamp,
    execution::{Answer, Ask, ErrorKind},
};
use rmpv::{Value, decode::read_value_with_max_depth, encode::write_value};

/// How deep values may be nested.
const DEPTH_MAX: usize = 256;

/// What a child said.
#[expect(
    clippy::large_enum_variant,
    reason = "lives on the stack for a moment, one at a time"
)]
pub enum Said {
    /// A question.
    Ask(Ask),
    /// Something that is not known, or not as it should be; the answer to it.
    Unknown(String),
}

/// Reads a frame: its number in the child's own count, and what it says.
///
/// # Errors
/// When it is no frame at all.
pub fn read(bytes: &[u8], facts: &Facts) -> Result<(u64, Said), Wrong> {
    let mut rest = bytes;
    let frame = read_value_with_max_depth(&mut rest, DEPTH_MAX)
        .map_err(|_| Wrong::new("the message is no msgpack"))?;
    let wrong = || Wrong::new("the message is no frame");
    let Some([id, body, ..]) = frame.as_array().map(Vec::as_slice) else {
        return Err(wrong());
    };
    let id = id.as_u64().ok_or_else(wrong)?;
    Ok(match asks::read(body, facts.is_old()) {
        Ok(Some(ask)) => (id, Said::Ask(ask)),
        Ok(None) => (id, Said::Unknown("this message is not known".to_owned())),
        Err(wrong) => (id, Said::Unknown(wrong.to_string())),
    })
}

/// The answer to a child's frame.
pub fn answer(id: u64, answer: &Answer, facts: &Facts) -> Vec<u8> {
    match answers::write(answer) {
        Slots::Empty => frame(vec![id.into(), Value::Nil]),
        Slots::Body(mut body) => {
            facts.fit(&mut body);
            frame(vec![id.into(), body])
        }
        Slots::Error(error) => frame(vec![id.into(), Value::Nil, error]),
    }
}

/// The answer to what is not known, as upstream gives it.
pub fn refusal(id: u64, why: &str) -> Vec<u8> {
    let detail = map([("status_code", 400.into()), ("message", why.into())]);
    let error = answers::error(ErrorKind::ApiServerError, detail);
    frame(vec![id.into(), Value::Nil, error])
}

/// A message that is no answer of the model's.
pub fn message(id: u64, mut body: Value, facts: &Facts) -> Vec<u8> {
    facts.fit(&mut body);
    frame(vec![id.into(), body])
}

/// The first word to a task, from what was kept for it. None when that cannot be read, which only
/// another version of this binary could have written.
pub fn startup(kept: &[u8], now: Timestamp, facts: &Facts) -> Option<Vec<u8>> {
    let mut rest = kept;
    let Value::Map(mut fields) = read_value_with_max_depth(&mut rest, DEPTH_MAX).ok()? else {
        return None;
    };
    fields.push(("start_date".into(), super::value::Word::write(&now)));
    Some(message(0, Value::Map(fields), facts))
}

/// A value as bytes.
pub fn bytes(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    // Writing into memory does not fail.
    let _ = write_value(&mut out, value);
    out
}

fn frame(slots: Vec<Value>) -> Vec<u8> {
    bytes(&Value::Array(slots))
}
