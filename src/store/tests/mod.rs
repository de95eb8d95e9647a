//! Tests of the whole layer, against storage that fails, forgets or is just memory.

mod assets;
mod backfills;
mod compacting;
mod crash;
mod failing;
mod kept;
mod lists;
pub(crate) mod make;
mod model;
mod sizes;
pub(crate) mod storage;
