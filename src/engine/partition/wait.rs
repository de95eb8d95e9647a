//! How much of a window must be there before a run is made.

use std::collections::BTreeSet;

/// When a rollup has enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitPolicy {
    /// With every key.
    All,
    /// With so many keys; a negative number says how many may be missing. Never zero.
    MinimumCount(i64),
}

/// Whether a run has what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Enough keys have come.
    Satisfied,
    /// Some are still to come.
    Waiting {
        /// How many have come that count.
        matched: usize,
        /// How many there are in all.
        expected: usize,
    },
    /// It never will: more keys are asked for than there are. Say so once.
    Unreachable {
        /// How many are asked for.
        asked: i64,
        /// How many there are in all.
        expected: usize,
    },
}

impl WaitPolicy {
    /// Decides by the keys that are expected and those that have come. Others do not count.
    #[must_use]
    pub fn status(self, matched: &BTreeSet<String>, expected: &BTreeSet<String>) -> Status {
        let n_matched = matched.intersection(expected).count();
        let n_expected = expected.len();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let needed = match self {
            Self::All => count(n_expected),
            Self::MinimumCount(n) if n > count(n_expected) => {
                return Status::Unreachable {
                    asked: n,
                    expected: n_expected,
                };
            }
            Self::MinimumCount(n) if n > 0 => n,
            Self::MinimumCount(n) => count(n_expected).saturating_add(n).max(0),
        };
        if count(n_matched) >= needed {
            return Status::Satisfied;
        }
        Status::Waiting {
            matched: n_matched,
            expected: n_expected,
        }
    }
}
