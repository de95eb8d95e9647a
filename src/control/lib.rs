//! The imperative shell: takes commands and reports, asks the engine, commits, and only then acts.
//!
//! `handle` is the way in, `batch` one step from input to book, `writer_thread` its loop, `act`
//! what follows, `dags` the dag folder, `triggers` waits, `reconcilers` the chores, `queries` what
//! the book and the live state answer.
//!
//! Invariant: nothing acts before the commit that says so.
//! Invariant: nothing is kept in memory alone; all of it is derived from the book by `recover`.
//! Invariant: there is one writer, and it is a thread; of the queries only those about `Live` wait
//! for it.
//! Invariant: nothing here decides what runs; the engine does. Nothing reads the environment.
//! Invariant: no snapshot lives longer than one query, one launch or one batch.

mod act;
mod audit;
pub mod batch;
mod control;
mod dag_cache;
mod dags;
pub mod environment;
mod execution;
mod handle;
pub mod ids;
pub mod logs;
pub mod metrics;
mod notice;
pub mod params;
mod python;
pub mod queries;
mod reader;
mod reconcilers;
mod recover;
mod start;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod trigger;
pub mod triggers;
pub mod view;
mod writer_thread;

pub use control::Control;
pub use dag_cache::{CachedDag, DagError};
pub use dags::Status as FolderStatus;
pub use engine::Options as EngineOptions;
pub use engine::partition::in_own_zone;
pub use environment::Environment;
pub use execution::Execution;
pub use handle::{Handle, Inbox, Overloaded, channel};
pub use metrics::Metrics;
pub use notice::Notice;
pub use reader::Reader;
pub use reconcilers::Retention;
/// The book's own types, for those who read it.
pub mod book {
    pub use store::{
        AssetEventFilter, AssetRef, AuditBy, AuditFilter, EventsOf, KeepAudit, Named, Order, Page,
        Paging, ReadError, RunCounts, RunCursor, RunFilter, Snapshot, Stats, Store, TiCounts,
        TiCursor, TiFilter, TimeRange, XCom,
    };
}
pub use start::{Options, Ports, Running, StartError, start};
