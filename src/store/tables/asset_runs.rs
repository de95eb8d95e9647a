//! The runs that an asset event made: the same as in `consumed`, by event.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..12 | event, u64 |
//! | 12..20 | run, u64 |
//!
//! Value: empty.

use model::{AssetEventNo, DeploymentId, RunNo};

use super::{Fixed, key};

pub(crate) const NAME: &str = "asset_runs";
pub(crate) const TABLE: Fixed<20> = Fixed::new(NAME);

pub(crate) fn key(deployment: DeploymentId, event: AssetEventNo, run: RunNo) -> [u8; 20] {
    key::fixed(&[&key::b(deployment), &key::b(event), &key::b(run)])
}
