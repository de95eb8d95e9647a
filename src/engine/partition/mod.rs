//! Partition mappers: from the key of an updated asset's partition to the keys of the runs that
//! follow from it, and back to the keys that such a run waits for.
//!
//! [`Partitioned::decode`] reads the timetable of a dag; [`Partitioned::mapper`] is the mapper of
//! one of its assets. [`Mapper::map`] says which runs an event is for, [`Mapper::rollup`] and
//! [`Rollup::status`] whether such a run has all that it waits for, [`partition_date`] which date
//! it gets. Mapping a key costs microseconds and reads nothing but the mapper.

mod clock;
mod date;
mod decode;
mod error;
mod mapper;
mod pattern;
mod strftime;
mod strptime;
mod temporal;
mod timetable;
mod wait;
mod window;

#[cfg(test)]
mod tests;

pub(crate) use date::date_of_key;
pub use date::{in_own_zone, partition_date};
pub use decode::decode;
pub use error::{DecodeError, ErrorKind, FanOutExceeded, MapError, Unmapped};
pub use mapper::{Downstream, Mapper, Rollup};
pub use timetable::Partitioned;
pub use wait::{Status, WaitPolicy};
