//! What task instances keep beside their XComs.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//! | 12..16 | task, u32 |
//! | 16..20 | map index, i32 |
//! | 20 | 1: rendered fields; 2: a value of the state store; 3: reschedules |
//! | 21.. | the value's key, UTF-8 |
//!
//! Value: `records::kept`.

use model::{DeploymentId, TiKey, change::Kept};

use super::{Named, key};

pub(crate) const NAME: &str = "kept";
pub(crate) const TABLE: Named = Named::new(NAME);

const RENDERED: u8 = 1;
const RESCHEDULED: u8 = 3;
/// Values of the state store.
pub(crate) const STATE: u8 = 2;

pub(crate) fn key(deployment: DeploymentId, ti: TiKey, what: &Kept) -> Vec<u8> {
    let (kind, name) = match what {
        Kept::Rendered => (RENDERED, ""),
        Kept::Rescheduled => (RESCHEDULED, ""),
        Kept::State(name) => (STATE, name.as_str()),
    };
    key::named(
        &[
            &key::b(deployment),
            &key::b(ti.run),
            &key::b(ti.task),
            &key::b(ti.map),
            &key::b(kind),
        ],
        name,
    )
}
