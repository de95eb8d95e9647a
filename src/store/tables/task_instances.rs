//! Task instances, packed: up to 64 of a run to one value.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//! | 12..16 | row, u32: 0 for tasks that are not mapped; else 1 + map index / 64 |
//! | 16..20 | column, u32: task / 64 in row 0; else the task |
//!
//! Value: `records::chunk`. The place within the chunk is task % 64 in row 0, else map index % 64.
//!
//! Runs are numbered in order of creation, so the chunks of new runs go to the end of the tree and
//! old ones are not touched: the cost of a put does not rise with history.

use model::{DeploymentId, MapIndex, RunNo, TaskNo, TiKey};

use super::{Fixed, key};

pub(crate) const NAME: &str = "task_instances";
pub(crate) const TABLE: Fixed<20> = Fixed::new(NAME);

/// Task instances of one chunk.
const CHUNK_SIZE: u32 = 64;

/// Where a task instance is: its chunk, and its place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) run: RunNo,
    pub(crate) row: u32,
    pub(crate) column: u32,
    pub(crate) slot: u8,
}

pub(crate) fn key(deployment: DeploymentId, place: Place) -> [u8; 20] {
    let (row, column) = (key::b(place.row), key::b(place.column));
    key::fixed(&[&key::b(deployment), &key::b(place.run), &row, &column])
}

#[allow(clippy::cast_possible_truncation)] // A remainder of 64 fits.
pub(crate) fn place(ti: TiKey) -> Place {
    let TiKey { run, task, map } = ti;
    let (row, column, slot) = match u32::try_from(map.0) {
        Err(_) => (0, task.0 / CHUNK_SIZE, task.0 % CHUNK_SIZE),
        Ok(map) => (1 + map / CHUNK_SIZE, task.0, map % CHUNK_SIZE),
    };
    let slot = slot as u8;
    Place {
        run,
        row,
        column,
        slot,
    }
}

/// The run, row and column of a stored key; the place within the chunk is 0.
pub(crate) fn split(key: &[u8]) -> Place {
    let mut split = key::Split(key);
    split.u32();
    let run = split.run();
    let (row, column) = (split.u32(), split.u32());
    Place {
        run,
        row,
        column,
        slot: 0,
    }
}

impl Place {
    /// The task instance at a place.
    pub(crate) fn ti(self) -> TiKey {
        let slot = u32::from(self.slot);
        let (task, map) = if self.row == 0 {
            (self.column * CHUNK_SIZE + slot, -1)
        } else {
            let map = (self.row - 1) * CHUNK_SIZE + slot;
            (self.column, map.cast_signed())
        };
        TiKey {
            run: self.run,
            task: TaskNo(task),
            map: MapIndex(map),
        }
    }
}
