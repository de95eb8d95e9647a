//! Questions to people, with their answers.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//! | 12..16 | task, u32 |
//! | 16..20 | map index, i32 |
//! | 20..24 | try, u32 |
//!
//! Value: `records::human_input`.

use model::{DeploymentId, TiKey};

use super::{Fixed, key};

pub(crate) const NAME: &str = "human_inputs";
pub(crate) const TABLE: Fixed<24> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, ti: TiKey, try_number: u32) -> [u8; 24] {
    key::fixed(&[
        &key::b(deployment),
        &key::b(ti.run),
        &key::b(ti.task),
        &key::b(ti.map),
        &key::b(try_number),
    ])
}
