//! Entries of the audit log.

use model::{Timestamp, audit::AuditEntry};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct AuditRecord {
    event: String,
    dag_id: Option<String>,
    task_id: Option<String>,
    run_id: Option<String>,
    map_index: Option<i32>,
    try_number: Option<u32>,
    logical_date: Option<i64>,
    owner: Option<String>,
    owner_display_name: Option<String>,
    extra: Option<String>,
}

impl Record for AuditRecord {
    const TABLE: &'static str = tables::audit::NAME;
}

impl From<&AuditEntry> for AuditRecord {
    fn from(entry: &AuditEntry) -> Self {
        let AuditEntry {
            event,
            dag_id,
            task_id,
            run_id,
            map_index,
            try_number,
            logical_date,
            owner,
            owner_display_name,
            extra,
        } = entry.clone();
        Self {
            event,
            dag_id,
            task_id,
            run_id,
            map_index,
            try_number,
            logical_date: logical_date.map(Timestamp::as_micros),
            owner,
            owner_display_name,
            extra,
        }
    }
}

impl From<AuditRecord> for AuditEntry {
    fn from(record: AuditRecord) -> Self {
        let AuditRecord {
            event,
            dag_id,
            task_id,
            run_id,
            map_index,
            try_number,
            logical_date,
            owner,
            owner_display_name,
            extra,
        } = record;
        Self {
            event,
            dag_id,
            task_id,
            run_id,
            map_index,
            try_number,
            logical_date: logical_date.map(Timestamp::from_micros),
            owner,
            owner_display_name,
            extra,
        }
    }
}
