//! Backfills: few of them, read whole.

use model::backfill::Backfill;

use super::{Snapshot, page::Order};
use crate::{
    error::ReadError,
    records::backfill,
    tables::{self, key},
};

impl Snapshot {
    /// A backfill.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn backfill(&self, no: u64) -> Result<Option<Backfill>, ReadError> {
        let row = tables::backfills::key(self.deployment, no);
        self.get_fixed(tables::backfills::TABLE, &row, |value| {
            backfill::decode(no, value)
        })
    }
    /// All backfills by number.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn backfills(&self) -> Result<Vec<Backfill>, ReadError> {
        let rows = self.rows_of(tables::backfills::TABLE, &[], Order::Ascending)?;
        let read = rows.map(|row| {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            let no = split.u64();
            backfill::decode(no, value.value())
        });
        read.collect()
    }
}
