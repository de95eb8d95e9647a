//! Messages on a stream: four bytes of length (little endian), then postcard.

use model::limits::FRAME_BYTES_MAX;
use serde::{Serialize, de::DeserializeOwned};

/// Bytes that are no message of ours.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than `FRAME_BYTES_MAX`.
    #[error("a message of {0} bytes is longer than the limit of {FRAME_BYTES_MAX}")]
    Long(usize),
    /// Not the message that was expected.
    #[error("a message cannot be read")]
    Shape(#[from] postcard::Error),
}

/// Appends a message to `out`; leaves `out` as it was when that fails.
///
/// # Errors
/// When the message is too long.
pub fn put<T: Serialize>(message: &T, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    let room = std::mem::take(out);
    let mut room = postcard::to_extend(message, room)?;
    let length = room.len().saturating_sub(start + 4);
    if length > FRAME_BYTES_MAX {
        room.truncate(start);
        *out = room;
        return Err(FrameError::Long(length));
    }
    let prefix = u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    if let Some(place) = room.get_mut(start..start + 4) {
        place.copy_from_slice(&prefix);
    }
    *out = room;
    Ok(())
}

/// Bytes that came in and are not yet a whole message.
#[derive(Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    read: usize,
}

impl Inbox {
    /// Adds what came in.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.read > 0 && self.read == self.bytes.len() {
            self.bytes.clear();
            self.read = 0;
        } else if self.read > 64 * 1024 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next whole message out.
    ///
    /// # Errors
    /// When it is too long or no `T`.
    pub fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let rest = self.bytes.get(self.read..).unwrap_or_default();
        let Some((prefix, rest)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_le_bytes(*prefix)).unwrap_or(usize::MAX);
        if length > FRAME_BYTES_MAX {
            return Err(FrameError::Long(length));
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let message = postcard::from_bytes(body)?;
        self.read += 4 + length;
        if self.read == self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(64 * 1024);
            self.read = 0;
        }
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_any_cut() {
        let mut bytes = Vec::new();
        for n in 0..5_u32 {
            put(&(n, "x".repeat(n as usize)), &mut bytes).unwrap();
        }
        for step in 1..bytes.len() {
            let mut inbox = Inbox::default();
            let mut seen = Vec::new();
            for part in bytes.chunks(step) {
                inbox.push(part);
                while let Some((n, text)) = inbox.next::<(u32, String)>().unwrap() {
                    assert_eq!(text.len(), n as usize);
                    seen.push(n);
                }
            }
            assert_eq!(seen, [0, 1, 2, 3, 4]);
        }
    }

    #[test]
    fn a_length_beyond_the_limit_is_refused() {
        let mut inbox = Inbox::default();
        inbox.push(&u32::MAX.to_le_bytes());
        assert!(matches!(inbox.next::<u8>(), Err(FrameError::Long(_))));
        let long = "x".repeat(FRAME_BYTES_MAX);
        let mut out = vec![7];
        assert!(put(&long, &mut out).is_err());
        assert_eq!(out, [7]);
    }
}
