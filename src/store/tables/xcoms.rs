//! XComs.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//! | 12..16 | task, u32 |
//! | 16..20 | map index, i32 |
//! | 20.. | name, UTF-8 |
//!
//! Value: `records::xcom`.

use model::{DeploymentId, TiKey};

use super::{Named, key};

pub(crate) const NAME: &str = "xcoms";
pub(crate) const TABLE: Named = Named::new(NAME);

pub(crate) fn key(deployment: DeploymentId, ti: TiKey, name: &str) -> Vec<u8> {
    key::named(
        &[
            &key::b(deployment),
            &key::b(ti.run),
            &key::b(ti.task),
            &key::b(ti.map),
        ],
        name,
    )
}
