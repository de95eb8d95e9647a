//! What a task instance has to say at length, where it is too long for its chunk
//! (`DETAILS_INLINE_BYTES_MAX`): deferral, reason, label, note.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//! | 12..16 | task, u32 |
//! | 16..20 | map index, i32 |
//!
//! Value: `records::ti_details`.

use model::{DeploymentId, TiKey};

use super::{Fixed, key};

pub(crate) const NAME: &str = "ti_details";
pub(crate) const TABLE: Fixed<20> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, ti: TiKey) -> [u8; 20] {
    key::fixed(&[
        &key::b(deployment),
        &key::b(ti.run),
        &key::b(ti.task),
        &key::b(ti.map),
    ])
}
