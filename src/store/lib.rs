//! The book of record: what is true, on disk, in one redb file.
//!
//! One batch of [`model::change::Change`]s is one transaction and one fdatasync. Readers see whole
//! batches and never wait for the writer.
//!
//! The finished task instances of a run are the bulk of a book. They are packed, up to 64 tasks to
//! one value (`tables/task_instances.rs`), because the tree costs microseconds for each put
//! whatever its size: `cargo run --release -p store --example put_rate` measures both ways.
//!
//! Invariant: there is one writer, and it is a value that its thread owns, not a lock.
//! Invariant: nothing here decides, reads a clock, logs or knows a secret; values come sealed.
//! Invariant: no type of redb and no record leaves this layer; callers see model types alone.
//! Invariant: no key is without its deployment, and no read crosses deployments.
//! Invariant: no list is read to its end for one page; scans stop at `LIST_SCAN_ROWS_MAX`.

mod backend;
mod book;
mod commit;
mod compact;
mod error;
mod migrate;
mod open;
mod records;
mod snapshot;
mod stats;
mod tables;
#[cfg(test)]
mod tests;

pub use backend::BookFile;
pub use book::{Store, Writer};
pub use error::{CommitError, OpenError, ReadError};
pub use migrate::SCHEMA_VERSION;
pub use open::{Options, open, open_backend};
pub use redb::StorageBackend;
pub use snapshot::Snapshot;
pub use snapshot::page::{Order, Page, Paging, TimeRange};
pub use snapshot::retention::Retention;
pub use snapshot::runs::{RunCursor, RunFilter};
pub use snapshot::tallies::{RunCounts, TiCounts};
pub use snapshot::task_instances::{TiCursor, TiFilter};
pub use snapshot::xcoms::XCom;
pub use stats::Stats;
