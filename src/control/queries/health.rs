//! Whether the scheduler is alive, and how large things are.

use std::sync::atomic::Ordering::Relaxed;

use model::{TimeDelta, Timestamp};

use crate::{control::Control, dags::Status};

/// The heartbeat may be this old before the scheduler counts as ill (upstream's threshold).
const HEARTBEAT_S_MAX: i64 = 30;

/// How the layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// When the writer thread last looked up.
    pub heartbeat: Option<Timestamp>,
    /// Whether that is recent.
    pub is_healthy: bool,
    /// Bytes of the book.
    pub store_bytes: u64,
    /// Bytes that are free on the disk.
    pub disk_free_bytes: u64,
    /// Commands and reports that wait.
    pub queue_depth: usize,
    /// The dag folder.
    pub folder: Status,
}

/// How the layer is now. Asks neither the book nor the writer.
#[must_use]
pub fn health(control: &Control) -> Health {
    let metrics = control.metrics();
    let us = metrics.heartbeat_us.load(Relaxed);
    let heartbeat = i64::try_from(us)
        .ok()
        .filter(|us| *us > 0)
        .map(Timestamp::from_micros);
    let age = heartbeat.map(|at| control.now().since(at));
    Health {
        heartbeat,
        is_healthy: age.is_some_and(|age| age < TimeDelta::from_secs(HEARTBEAT_S_MAX)),
        store_bytes: control.store().bytes(),
        disk_free_bytes: metrics.disk_free_bytes.load(Relaxed),
        queue_depth: control.handle().depth(),
        folder: control.folder(),
    }
}
