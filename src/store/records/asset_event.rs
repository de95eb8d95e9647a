//! Events of assets.

use model::{
    AliasNo, AssetEventNo, AssetNo, DagId, DagNo, MapIndex, RunId, RunNo, TaskId,
    asset::{AssetEvent, EventSource},
};
use serde::{Deserialize, Serialize};

use super::{Record, asset};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct AssetEventRecord {
    asset: u32,
    extra: Option<String>,
    source: Option<SourceRecord>,
    aliases: Vec<u32>,
    partition_key: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct SourceRecord {
    dag: u32,
    dag_id: String,
    run: u64,
    run_id: String,
    task_id: String,
    map: i32,
}

impl Record for AssetEventRecord {
    const TABLE: &'static str = tables::asset_events::NAME;
}

impl From<&AssetEvent> for AssetEventRecord {
    fn from(event: &AssetEvent) -> Self {
        let AssetEvent {
            no: _, // The key.
            asset,
            extra,
            source,
            aliases,
            partition_key,
        } = event;
        Self {
            asset: asset.0,
            extra: asset::text(extra),
            source: source.as_ref().map(SourceRecord::from),
            aliases: aliases.iter().map(|alias| alias.0).collect(),
            partition_key: partition_key.clone(),
        }
    }
}

impl From<&EventSource> for SourceRecord {
    fn from(source: &EventSource) -> Self {
        let EventSource {
            dag,
            dag_id,
            run,
            run_id,
            task_id,
            map,
        } = source;
        Self {
            dag: dag.0,
            dag_id: dag_id.to_string(),
            run: run.0,
            run_id: run_id.to_string(),
            task_id: task_id.to_string(),
            map: map.0,
        }
    }
}

impl From<SourceRecord> for EventSource {
    fn from(record: SourceRecord) -> Self {
        let SourceRecord {
            dag,
            dag_id,
            run,
            run_id,
            task_id,
            map,
        } = record;
        Self {
            dag: DagNo(dag),
            dag_id: DagId::from(dag_id),
            run: RunNo(run),
            run_id: RunId::from(run_id),
            task_id: TaskId::from(task_id),
            map: MapIndex(map),
        }
    }
}

impl AssetEventRecord {
    pub(crate) fn into_event(self, no: AssetEventNo) -> Result<AssetEvent, ReadError> {
        let Self {
            asset,
            extra,
            source,
            aliases,
            partition_key,
        } = self;
        Ok(AssetEvent {
            no,
            asset: AssetNo(asset),
            extra: asset::object(Self::TABLE, extra.as_deref())?,
            source: source.map(EventSource::from),
            aliases: aliases.into_iter().map(AliasNo).collect(),
            partition_key,
        })
    }
}
