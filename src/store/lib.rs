//! The book of record: what is true, on disk, in one redb file.
//!
//! One batch of [`model::change::Change`]s is one transaction and one fdatasync. Readers see whole
//! batches and never wait for the writer.
//!
//! Task instances are the bulk of a book. They are packed, up to 64 of a run to one value
//! (`tables/task_instances.rs`). Putting rows of their own in order costs about as much processor
//! time (0.8 microseconds each; a packed one with its share of run, index and counts 0.7 to 1.7),
//! but a packed one takes 31 bytes where a row's key and overhead alone would double that, and what
//! goes over all rows has 64 times fewer: repair after a kill, deletion of a run, reading a run.
//! Measure both with `cargo run --release -p store --example put_rate`.
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
pub use snapshot::asset_events::AssetEventFilter;
pub use snapshot::assets::{AssetRef, Named};
pub use snapshot::audit::{AuditFilter, KeepAudit};
pub use snapshot::page::{Order, Page, Paging, TimeRange};
pub use snapshot::retention::Retention;
pub use snapshot::runs::{RunCursor, RunFilter};
pub use snapshot::tallies::{RunCounts, TiCounts};
pub use snapshot::task_instances::{TiCursor, TiFilter};
pub use snapshot::xcoms::XCom;
pub use stats::Stats;
pub use tables::asset_events_by::EventsOf;
pub use tables::audit_by::AuditBy;
