//! Who names an asset: the same as in `dag_assets`, by asset.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4..8 | asset, u32 |
//! | 8 | how, u8: 1 in a schedule, 2 as an inlet, 3 as an outlet |
//! | 9..13 | dag, u32 |
//! | 13..17 | task, u32; 0 for a schedule |
//!
//! Value: since when, i64 microseconds, big-endian with the sign bit flipped.

use std::collections::BTreeMap;

use model::{AssetNo, DeploymentId, TaskNo, Timestamp, asset::DagAssets};

use super::{Fixed, key};

pub(crate) const NAME: &str = "asset_refs";
pub(crate) const TABLE: Fixed<17> = Fixed::new(NAME);

pub(crate) const SCHEDULE: u8 = 1;
pub(crate) const INLET: u8 = 2;

/// All rows of a dag.
pub(crate) fn rows(deployment: DeploymentId, of: &DagAssets) -> BTreeMap<[u8; 17], Timestamp> {
    let key = |asset: AssetNo, how: u8, task: TaskNo| {
        key::fixed(&[
            &key::b(deployment),
            &key::b(asset),
            &key::b(how),
            &key::b(of.dag),
            &key::b(task),
        ])
    };
    let mut rows = BTreeMap::new();
    for (asset, since) in &of.schedule {
        rows.insert(key(*asset, SCHEDULE, TaskNo(0)), *since);
    }
    for ((asset, task), since) in &of.inlets {
        rows.insert(key(*asset, INLET, *task), *since);
    }
    for ((asset, task), since) in &of.outlets {
        rows.insert(key(*asset, INLET + 1, *task), *since);
    }
    rows
}
