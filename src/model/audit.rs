//! The audit log: who asked for what, and what the scheduler decided by itself.

use crate::{
    AuditNo, Timestamp,
    limits::{AUDIT_EVENT_CHARS_MAX, AUDIT_OWNER_CHARS_MAX, KEY_CHARS_MAX},
};

/// The owner of what the scheduler does on its own account.
pub const SCHEDULER: &str = "scheduler";

/// An entry of the audit log. What it speaks of may be gone, so names are kept and no numbers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct AuditEntry {
    /// What happened, in upstream's words (`trigger_dag_run`, `heartbeat timeout`).
    pub event: String,
    /// To which dag.
    pub dag_id: Option<String>,
    /// To which task.
    pub task_id: Option<String>,
    /// In which run.
    pub run_id: Option<String>,
    /// To which of a mapped task's instances; -1 where it is not mapped.
    pub map_index: Option<i32>,
    /// In which try.
    pub try_number: Option<u32>,
    /// The logical date of the run.
    pub logical_date: Option<Timestamp>,
    /// Who did it; none where nobody asked for it.
    pub owner: Option<String>,
    /// The owner's name for people.
    pub owner_display_name: Option<String>,
    /// More of it: a sentence, or a JSON object with what was asked for.
    pub extra: Option<String>,
}

impl AuditEntry {
    /// An entry that says no more than what happened.
    #[must_use]
    pub fn new(event: impl Into<String>) -> Self {
        Self {
            event: event.into(),
            ..Self::default()
        }
    }

    /// The entry with its names cut to what upstream's columns take: names come from requests, too,
    /// and are keys of the book.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        cut(&mut self.event, AUDIT_EVENT_CHARS_MAX);
        for name in [&mut self.dag_id, &mut self.task_id, &mut self.run_id] {
            name.iter_mut().for_each(|name| cut(name, KEY_CHARS_MAX));
        }
        for name in [&mut self.owner, &mut self.owner_display_name] {
            let name = name.iter_mut();
            name.for_each(|name| cut(name, AUDIT_OWNER_CHARS_MAX));
        }
        self
    }
}

fn cut(text: &mut String, chars_max: usize) {
    if let Some((end, _)) = text.char_indices().nth(chars_max) {
        text.truncate(end);
    }
}

impl AuditNo {
    /// When it was.
    #[must_use]
    pub const fn at(self) -> Timestamp {
        Timestamp::from_micros(self.0.cast_signed())
    }

    /// The first number that an entry at `at` may have.
    #[must_use]
    pub fn first_at(at: Timestamp) -> Self {
        Self(u64::try_from(at.as_micros()).unwrap_or(0))
    }

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
