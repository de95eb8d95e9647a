//! Counts by state: a varint for each word of `ALL` in its order; zeros at the end are left out, so
//! a state that is added at the end reads as zero in old books.

use super::varint::{self, Reader};

/// Counts of `N` states.
pub(crate) type Counts<const N: usize> = [u64; N];

pub(crate) fn encode<const N: usize>(counts: &Counts<N>, out: &mut Vec<u8>) {
    let used = counts.iter().rposition(|&n| n != 0).map_or(0, |at| at + 1);
    for &n in counts.iter().take(used) {
        varint::put(out, n);
    }
}

pub(crate) fn decode<const N: usize>(bytes: &[u8]) -> Counts<N> {
    let mut reader = Reader(bytes);
    let mut counts = [0; N];
    for count in &mut counts {
        *count = reader.u64().unwrap_or(0);
    }
    counts
}

/// Adds a signed change to each count; none goes below zero.
pub(crate) fn add<const N: usize>(counts: &mut Counts<N>, delta: &[i64; N]) {
    for (count, &change) in counts.iter_mut().zip(delta) {
        *count = count.saturating_add_signed(change);
    }
}
