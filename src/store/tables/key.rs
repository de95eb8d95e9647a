//! Builds keys from their parts and takes them apart again.

use model::{
    AliasNo, AssetEventNo, AssetNo, AuditNo, DagNo, DeploymentId, MapIndex, RunNo, TaskNo,
    Timestamp, VersionNo,
};

/// A part of a key with a fixed number of bytes.
pub(crate) trait Part<const N: usize> {
    fn bytes(self) -> [u8; N];
}

macro_rules! parts {
    ($($kind:ty, $n:literal, $of:expr;)+) => {$(
        impl Part<$n> for $kind {
            fn bytes(self) -> [u8; $n] {
                let of: fn($kind) -> [u8; $n] = $of;
                of(self)
            }
        }
    )+};
}
parts! {
    DeploymentId, 4, |it| it.0.to_be_bytes();
    DagNo, 4, |it| it.0.to_be_bytes();
    TaskNo, 4, |it| it.0.to_be_bytes();
    VersionNo, 4, |it| it.0.to_be_bytes();
    RunNo, 8, |it| it.0.to_be_bytes();
    AssetNo, 4, |it| it.0.to_be_bytes();
    AliasNo, 4, |it| it.0.to_be_bytes();
    AssetEventNo, 8, |it| it.0.to_be_bytes();
    AuditNo, 8, |it| it.0.to_be_bytes();
    MapIndex, 4, |it| (it.0.cast_unsigned() ^ (1 << 31)).to_be_bytes();
    Timestamp, 8, |it| (it.as_micros().cast_unsigned() ^ (1 << 63)).to_be_bytes();
    u32, 4, u32::to_be_bytes;
    u8, 1, |it| [it];
}

/// The bytes of a part.
pub(crate) fn b<const N: usize>(part: impl Part<N>) -> [u8; N] {
    part.bytes()
}

/// Puts parts together. They must fill the key.
pub(crate) fn fixed<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    debug_assert_eq!(parts.iter().map(|part| part.len()).sum::<usize>(), N);
    let mut key = [0; N];
    for (to, from) in key.iter_mut().zip(parts.iter().copied().flatten()) {
        *to = *from;
    }
    key
}

/// The first key that begins with these parts.
pub(crate) fn first<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    filled(parts, 0)
}

/// The last key that begins with these parts.
pub(crate) fn last<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    filled(parts, u8::MAX)
}

fn filled<const N: usize>(parts: &[&[u8]], rest: u8) -> [u8; N] {
    let mut key = [rest; N];
    for (to, from) in key.iter_mut().zip(parts.iter().copied().flatten()) {
        *to = *from;
    }
    key
}

/// The first key after all those that begin with `prefix`.
pub(crate) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    // Nothing but 0xff: longer than any name that may follow.
    vec![u8::MAX; prefix.len() + 4 * model::limits::KEY_CHARS_MAX]
}

/// Puts parts together, the last of them a name.
pub(crate) fn named(parts: &[&[u8]], name: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(24 + name.len());
    for part in parts {
        key.extend_from_slice(part);
    }
    key.extend_from_slice(name.as_bytes());
    key
}

/// Takes a key apart from its front. What is missing reads as zero: keys are written by this layer
/// alone and have a fixed shape.
pub(crate) struct Split<'k>(pub(crate) &'k [u8]);

impl<'k> Split<'k> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.0 = rest;
                *head
            }
            None => [0; N],
        }
    }
    pub(crate) fn u8(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }
    pub(crate) fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take())
    }
    pub(crate) fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }
    pub(crate) fn dag(&mut self) -> DagNo {
        DagNo(self.u32())
    }
    pub(crate) fn task(&mut self) -> TaskNo {
        TaskNo(self.u32())
    }
    pub(crate) fn version(&mut self) -> VersionNo {
        VersionNo(self.u32())
    }
    pub(crate) fn run(&mut self) -> RunNo {
        RunNo(u64::from_be_bytes(self.take()))
    }
    pub(crate) fn asset(&mut self) -> AssetNo {
        AssetNo(self.u32())
    }
    pub(crate) fn alias(&mut self) -> AliasNo {
        AliasNo(self.u32())
    }
    pub(crate) fn event(&mut self) -> AssetEventNo {
        AssetEventNo(u64::from_be_bytes(self.take()))
    }
    pub(crate) fn map(&mut self) -> MapIndex {
        MapIndex((self.u32() ^ (1 << 31)).cast_signed())
    }
    pub(crate) fn time(&mut self) -> Timestamp {
        Timestamp::from_micros((u64::from_be_bytes(self.take()) ^ (1 << 63)).cast_signed())
    }
}
