//! The entries of the audit log by what they name, each value's by time.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4 | by what, u8: 1 dag, 2 task, 3 run, 4 event, 5 owner |
//! | 5..7 | bytes of the value, u16 |
//! | 7.. | the value, UTF-8 |
//! | the last 8 | entry, u64 |
//!
//! The length comes before the value, so that no value's rows lie among another's.
//!
//! Value: empty.

use model::{AuditNo, DeploymentId, audit::AuditEntry};

use super::{Named, key};

pub(crate) const NAME: &str = "audit_by";
pub(crate) const TABLE: Named = Named::new(NAME);

/// Where the value's length stands.
const AT_LENGTH: usize = 5;
/// Where the value begins.
const AT_VALUE: usize = 7;

/// An attribute that the entries are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditBy {
    /// `dag_id`.
    Dag,
    /// `task_id`.
    Task,
    /// `run_id`.
    Run,
    /// `event`.
    Event,
    /// `owner`.
    Owner,
}

impl AuditBy {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Dag, Self::Task, Self::Run, Self::Event, Self::Owner];

    const fn kind(self) -> u8 {
        match self {
            Self::Dag => 1,
            Self::Task => 2,
            Self::Run => 3,
            Self::Event => 4,
            Self::Owner => 5,
        }
    }

    /// What an entry says of it.
    #[must_use]
    pub fn of(self, entry: &AuditEntry) -> Option<&str> {
        match self {
            Self::Dag => entry.dag_id.as_deref(),
            Self::Task => entry.task_id.as_deref(),
            Self::Run => entry.run_id.as_deref(),
            Self::Event => Some(&entry.event),
            Self::Owner => entry.owner.as_deref(),
        }
    }
}

/// What all keys of an attribute begin with.
pub(crate) fn all(deployment: DeploymentId, by: AuditBy) -> Vec<u8> {
    let mut key = key::b(deployment).to_vec();
    key.push(by.kind());
    key
}

/// What all keys of a value begin with.
pub(crate) fn prefix(deployment: DeploymentId, by: AuditBy, value: &str) -> Vec<u8> {
    let mut key = all(deployment, by);
    // Values are bounded far below this; a longer one, that is only asked for, is found nowhere.
    let n = u16::try_from(value.len()).unwrap_or(u16::MAX);
    key.extend(n.to_be_bytes());
    key.extend(value.as_bytes());
    key
}

pub(crate) fn key(prefix: &[u8], no: AuditNo) -> Vec<u8> {
    [prefix, &key::b(no)].concat()
}

/// All rows of an entry.
pub(crate) fn keys(deployment: DeploymentId, no: AuditNo, entry: &AuditEntry) -> Vec<Vec<u8>> {
    let named = AuditBy::ALL.into_iter();
    let named = named.filter_map(|by| Some((by, by.of(entry)?)));
    named
        .map(|(by, value)| key(&prefix(deployment, by, value), no))
        .collect()
}

/// The entry of a key.
pub(crate) fn entry(key: &[u8]) -> AuditNo {
    let no = key.last_chunk::<8>().copied().unwrap_or_default();
    AuditNo(u64::from_be_bytes(no))
}

/// The value of a key, with the prefix of its keys.
pub(crate) fn value(key: &[u8]) -> Option<(&str, &[u8])> {
    let length = key.get(AT_LENGTH..AT_VALUE)?.first_chunk::<2>()?;
    let end = AT_VALUE + usize::from(u16::from_be_bytes(*length));
    let value = std::str::from_utf8(key.get(AT_VALUE..end)?).ok()?;
    Some((value, key.get(..end)?))
}
