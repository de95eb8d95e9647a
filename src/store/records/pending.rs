//! Runs for partitions that wait for events, and events whose mapper is still to be asked.

use model::{AssetEventNo, AssetNo, DagNo, Timestamp, asset::PendingRun};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
struct PendingRecord {
    since: u64,
    date: Option<i64>,
    mappers: String,
    events: Vec<(u64, u32, String)>,
}

/// One with a mapper that only Python knows: what there is of all, and what that said.
#[derive(Serialize, Deserialize)]
struct AskedRecord {
    run: PendingRecord,
    is_question: bool,
    needs: Vec<(u32, Vec<String>)>,
}

impl Record for PendingRecord {
    const TABLE: &'static str = tables::asset_pending::NAME;
}

impl Record for AskedRecord {
    const TABLE: &'static str = tables::asset_pending::NAME;
    const VERSION: u8 = 2;
}

/// A pending run's row: in the short form where Python has no word in it.
pub(crate) fn encode(run: &PendingRun) -> Result<Vec<u8>, ReadError> {
    let record = PendingRecord::from(run);
    if !run.is_question && run.needs.is_empty() {
        return super::encode(&record);
    }
    let needs = run.needs.iter();
    super::encode(&AskedRecord {
        run: record,
        is_question: run.is_question,
        needs: needs.map(|(asset, keys)| (asset.0, keys.clone())).collect(),
    })
}

/// The pending run of a row.
pub(crate) fn decode(dag: DagNo, key: &str, bytes: &[u8]) -> Result<PendingRun, ReadError> {
    if bytes.first() != Some(&AskedRecord::VERSION) {
        return Ok(super::decode::<PendingRecord>(bytes)?.into_run(dag, key));
    }
    let AskedRecord {
        run,
        is_question,
        needs,
    } = super::decode(bytes)?;
    let needs = needs.into_iter();
    Ok(PendingRun {
        is_question,
        needs: needs.map(|(asset, keys)| (AssetNo(asset), keys)).collect(),
        ..run.into_run(dag, key)
    })
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
            is_question: _, // Beside.
            needs: _,       // Beside.
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
    fn into_run(self, dag: DagNo, key: &str) -> PendingRun {
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
            is_question: false,
            needs: Vec::new(),
        }
    }
}
