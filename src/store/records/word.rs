//! States and other words as their position in `ALL`: the order is part of the book.

use model::backfill::Reprocess;
use model::state::{DagRunState, DagRunType, TaskInstanceState, TriggerRule, TriggeredBy};

use crate::error::ReadError;

/// A word that the book keeps as one byte.
pub(crate) trait Word: Copy + 'static {
    fn all() -> &'static [Self];
    fn code(self) -> u8;
}

macro_rules! words {
    ($($kind:ty),+) => {$(
        impl Word for $kind {
            fn all() -> &'static [Self] {
                Self::ALL
            }
            fn code(self) -> u8 {
                self as u8
            }
        }
    )+};
}
words!(
    DagRunState,
    DagRunType,
    Reprocess,
    TaskInstanceState,
    TriggerRule,
    TriggeredBy
);

/// The word with this code.
pub(crate) fn word<W: Word>(table: &'static str, code: u8) -> Result<W, ReadError> {
    W::all()
        .get(usize::from(code))
        .copied()
        .ok_or_else(|| ReadError::record(table, format!("there is no word {code}")))
}
