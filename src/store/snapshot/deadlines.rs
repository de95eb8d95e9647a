//! Deadlines of runs.

use model::{RunNo, deadline::Deadline};

use super::{Snapshot, page::Order};
use crate::{
    error::ReadError,
    records::{self, deadline::DeadlineRecord},
    tables::{self, key},
};

impl Snapshot {
    /// All deadlines, missed ones too, by run.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn deadlines(&self) -> Result<Vec<Deadline>, ReadError> {
        self.deadlines_below(&[])
    }
    /// The deadlines of a run.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn deadlines_of_run(&self, run: RunNo) -> Result<Vec<Deadline>, ReadError> {
        self.deadlines_below(&[&key::b(run)])
    }
    fn deadlines_below(&self, parts: &[&[u8]]) -> Result<Vec<Deadline>, ReadError> {
        let rows = self.rows_of(tables::deadlines::TABLE, parts, Order::Ascending)?;
        let read = rows.map(|row| {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            let (run, alert) = (split.run(), split.u32());
            Ok(records::decode::<DeadlineRecord>(value.value())?.into_deadline(run, alert))
        });
        read.collect()
    }
}
