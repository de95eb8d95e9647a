//! The source of each version of a dag.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | dag, u32 |
//! | 8..12 | version, u32 |
//!
//! Value: `records::source`, compressed when large.

use super::Fixed;

pub(crate) const NAME: &str = "sources";
/// The keys are those of `versions`.
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);
