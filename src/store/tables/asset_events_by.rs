//! The events of an asset or an alias, and those that a dag or a run gave, by time.
//!
//! | key bytes | what |
//! | --- | --- |
//! | 0..4 | deployment, u32 |
//! | 4 | of what, u8: 1 asset, 2 alias, 3 dag, 4 run |
//! | 5..13 | which, u64 |
//! | 13..21 | event, u64 |
//!
//! Value: empty.

use model::{
    AliasNo, AssetEventNo, AssetNo, DagNo, DeploymentId, RunNo,
    asset::{AssetEvent, EventSource},
};

use super::{Fixed, key};

pub(crate) const NAME: &str = "asset_events_by";
pub(crate) const TABLE: Fixed<21> = Fixed::new(NAME);

/// Whose events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventsOf {
    /// Of an asset.
    Asset(AssetNo),
    /// That came through an alias.
    Alias(AliasNo),
    /// That tasks of a dag gave.
    Dag(DagNo),
    /// That tasks of a run gave.
    Run(RunNo),
}

impl EventsOf {
    const fn parts(self) -> (u8, u64) {
        match self {
            Self::Asset(AssetNo(no)) => (1, no as u64),
            Self::Alias(AliasNo(no)) => (2, no as u64),
            Self::Dag(DagNo(no)) => (3, no as u64),
            Self::Run(RunNo(no)) => (4, no),
        }
    }
}

pub(crate) fn key(deployment: DeploymentId, of: EventsOf, event: AssetEventNo) -> [u8; 21] {
    let (kind, which) = of.parts();
    key::fixed(&[
        &key::b(deployment),
        &key::b(kind),
        &which.to_be_bytes(),
        &key::b(event),
    ])
}

/// All rows of an event.
pub(crate) fn keys(deployment: DeploymentId, event: &AssetEvent) -> Vec<[u8; 21]> {
    let mut of = vec![EventsOf::Asset(event.asset)];
    of.extend(event.aliases.iter().copied().map(EventsOf::Alias));
    if let Some(EventSource { dag, run, .. }) = event.source {
        of.extend([EventsOf::Dag(dag), EventsOf::Run(run)]);
    }
    let key = |of| key(deployment, of, event.no);
    of.into_iter().map(key).collect()
}
