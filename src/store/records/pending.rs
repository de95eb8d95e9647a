//! Runs for partitions that wait for events.

use model::{AssetEventNo, AssetNo, DagNo, Timestamp, asset::PendingRun};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct PendingRecord {
    since: u64,
    date: Option<i64>,
    mappers: String,
    events: Vec<(u64, u32, String)>,
}

impl Record for PendingRecord {
    const TABLE: &'static str = tables::asset_pending::NAME;
}

impl From<&PendingRun> for PendingRecord {
    fn from(run: &PendingRun) -> Self {
        let PendingRun {
            dag: _, // The key.
            key: _, // The key.
            since,
            date,
            mappers,
            events,
        } = run;
        let events = events.iter();
        Self {
            since: since.0,
            date: date.map(Timestamp::as_micros),
            mappers: mappers.clone(),
            events: events
                .map(|(event, asset, key)| (event.0, asset.0, key.clone()))
                .collect(),
        }
    }
}

impl PendingRecord {
    pub(crate) fn into_run(self, dag: DagNo, key: &str) -> PendingRun {
        let Self {
            since,
            date,
            mappers,
            events,
        } = self;
        let event = |(event, asset, key)| (AssetEventNo(event), AssetNo(asset), key);
        PendingRun {
            dag,
            key: key.to_owned(),
            since: AssetEventNo(since),
            date: date.map(Timestamp::from_micros),
            mappers,
            events: events.into_iter().map(event).collect(),
        }
    }
}
