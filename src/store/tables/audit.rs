//! The audit log. The number is the time, so that this is also the list by time.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | entry, u64 |
//!
//! Value: `records::audit`.

use model::{AuditNo, DeploymentId};

use super::{Fixed, key};

pub(crate) const NAME: &str = "audit";
pub(crate) const TABLE: Fixed<12> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, no: AuditNo) -> [u8; 12] {
    key::fixed(&[&key::b(deployment), &key::b(no)])
}
