//! Python tasks, parses and the triggerer: children of a warm interpreter.

use crate::{serve::Shared, wire};
use std::sync::Arc;

/// Begins a try that is in the table already.
pub fn start(
    shared: &Arc<Shared>,
    work: wire::PythonWork,
    orders: Arc<crate::process::kill::Orders>,
) {
    let _ = (shared, work, orders);
}
