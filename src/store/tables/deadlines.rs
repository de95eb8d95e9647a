//! Deadlines of runs.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | run, u64 |
//! | 12..16 | alert, u32 |
//!
//! Value: `records::deadline`.

use model::{DeploymentId, RunNo};

use super::{Fixed, key};

pub(crate) const NAME: &str = "deadlines";
pub(crate) const TABLE: Fixed<16> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, run: RunNo, alert: u32) -> [u8; 16] {
    key::fixed(&[&key::b(deployment), &key::b(run), &alert.to_be_bytes()])
}
