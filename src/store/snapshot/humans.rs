//! Questions to people, and callbacks that are owed.

use model::{
    Fence, RunNo, TiKey, callback::OwedCallback, human::HumanInput, limits::LIST_SCAN_ROWS_MAX,
};

use super::{Snapshot, page::Order};
use crate::{
    error::ReadError,
    records::{self, callback::CallbackRecord, human_input::HumanInputRecord},
    tables::{self, key},
};

impl Snapshot {
    /// All callbacks that are owed, in the order in which they came to be.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn owed_callbacks(&self) -> Result<Vec<OwedCallback>, ReadError> {
        let rows = self.rows_of(tables::callbacks::TABLE, &[], Order::Ascending)?;
        rows.map(|row| {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            let no = Fence(split.run().0);
            records::decode::<CallbackRecord>(value.value())?.into_owed(no)
        })
        .collect()
    }

    /// The question of a try.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn human_input(&self, ti: TiKey, try_number: u32) -> Result<Option<HumanInput>, ReadError> {
        let key = tables::human_inputs::key(self.deployment, ti, try_number);
        self.get_fixed(tables::human_inputs::TABLE, &key, |value| {
            records::decode::<HumanInputRecord>(value)?.into_input(ti, try_number)
        })
    }

    /// The questions of all tries of a run, or of all runs, the newest run first; at most
    /// `LIST_SCAN_ROWS_MAX`.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn human_inputs(&self, run: Option<RunNo>) -> Result<Vec<HumanInput>, ReadError> {
        let of = run.map(key::b);
        let parts: Vec<&[u8]> = of.iter().map(<[u8; 8]>::as_slice).collect();
        let rows = self.rows_of(tables::human_inputs::TABLE, &parts, Order::Descending)?;
        let rows = rows.take(LIST_SCAN_ROWS_MAX);
        rows.map(|row| {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            let (run, task, map) = (split.run(), split.task(), split.map());
            let try_number = split.u32();
            let key = TiKey { run, task, map };
            records::decode::<HumanInputRecord>(value.value())?.into_input(key, try_number)
        })
        .collect()
    }
}
