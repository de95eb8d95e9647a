//! Task instances of one run, and their tries.

use model::{RunNo, TiKey, task_instance::TaskInstance};

use super::{Snapshot, page::Order};
use crate::{
    error::ReadError,
    records::{chunk::Chunk, ti},
    tables::{
        self, key,
        task_instances::{Place, place, split},
    },
};

impl Snapshot {
    /// A task instance.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn task_instance(&self, key: TiKey) -> Result<Option<TaskInstance>, ReadError> {
        let place = place(key);
        let row = tables::task_instances::key(self.deployment, place);
        let found = self.get_fixed(tables::task_instances::TABLE, &row, |value| {
            let mut chunk = Chunk::new(value)?;
            let bytes = chunk.find(place.slot)?;
            bytes
                .map(|bytes| self.unpack_ti(key, bytes, chunk.base))
                .transpose()
        })?;
        Ok(found.flatten())
    }
    /// All task instances of a run, by task and map index.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn task_instances(&self, run: RunNo) -> Result<Vec<TaskInstance>, ReadError> {
        let mut all = Vec::new();
        let rows = self.rows_of(
            tables::task_instances::TABLE,
            &[&key::b(run)],
            Order::Ascending,
        )?;
        for row in rows {
            let (key, value) = row?;
            let of = split(&key);
            let mut chunk = Chunk::new(value.value())?;
            while let Some((slot, bytes)) = chunk.next()? {
                let key = Place { slot, ..of }.ti();
                all.push(self.unpack_ti(key, bytes, chunk.base)?);
            }
        }
        // Mapped ones come after all others in the book.
        all.sort_by_key(|ti| ti.key);
        Ok(all)
    }
    /// The earlier tries of a task instance, the first one first.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn tries(&self, ti: TiKey) -> Result<Vec<TaskInstance>, ReadError> {
        let (run, task, map) = (key::b(ti.run), key::b(ti.task), key::b(ti.map));
        let rows = self.rows_of(tables::tries::TABLE, &[&run, &task, &map], Order::Ascending)?;
        rows.map(|row| ti::unpack_alone(ti, row?.1.value()))
            .collect()
    }

    pub(super) fn unpack_ti(
        &self,
        key: TiKey,
        bytes: &[u8],
        base: i64,
    ) -> Result<TaskInstance, ReadError> {
        let mut ti = ti::unpack(key, bytes, base)?;
        if ti::has_details_apart(bytes) {
            let row = tables::ti_details::key(self.deployment, key);
            self.get_fixed(tables::ti_details::TABLE, &row, |value| {
                ti::add_details(&mut ti, value)
            })?;
        }
        Ok(ti)
    }
}
