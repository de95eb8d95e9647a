//! What the scheduler did by itself and somebody should know is a line in the log, too.

use model::{
    audit::{AuditEntry, SCHEDULER},
    change::Change,
};

/// Logs an entry of the audit log that nobody asked for.
#[allow(clippy::wildcard_enum_match_arm)] // All others are no entries.
pub(crate) fn log(change: &Change) {
    let entry = match change {
        Change::PutAudit { entry, .. } => entry,
        _ => return,
    };
    let AuditEntry {
        event,
        dag_id,
        task_id,
        run_id,
        map_index,
        try_number,
        logical_date: _,
        owner,
        owner_display_name: _,
        extra,
    } = &**entry;
    if owner.as_deref().is_none_or(|owner| owner == SCHEDULER) {
        let text = extra.as_deref().unwrap_or_default();
        tracing::warn!(target: "control", dag_id, run_id, task_id, map_index, try_number,
            "{event}: {text}");
    }
}
