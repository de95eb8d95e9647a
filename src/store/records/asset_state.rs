//! Values that assets keep.

use model::{
    DagId, MapIndex, RunId, TaskId, Timestamp,
    asset::{AssetState, StateWriter},
};
use serde::{Deserialize, Serialize};

use super::{Record, json};
use crate::{error::ReadError, tables};

#[derive(Serialize, Deserialize)]
pub(crate) struct AssetStateRecord {
    value: String,
    updated_at: i64,
    by: WriterRecord,
}

#[derive(Serialize, Deserialize)]
enum WriterRecord {
    Api,
    Watcher,
    Task {
        dag_id: String,
        run_id: String,
        task_id: String,
        map: i32,
    },
}

impl Record for AssetStateRecord {
    const TABLE: &'static str = tables::asset_states::NAME;
}

impl From<&AssetState> for AssetStateRecord {
    fn from(state: &AssetState) -> Self {
        let AssetState {
            value,
            updated_at,
            by,
        } = state;
        let by = match by {
            StateWriter::Api => WriterRecord::Api,
            StateWriter::Watcher => WriterRecord::Watcher,
            StateWriter::Task {
                dag_id,
                run_id,
                task_id,
                map,
            } => WriterRecord::Task {
                dag_id: dag_id.to_string(),
                run_id: run_id.to_string(),
                task_id: task_id.to_string(),
                map: map.0,
            },
        };
        Self {
            value: json::text(value),
            updated_at: updated_at.as_micros(),
            by,
        }
    }
}

impl AssetStateRecord {
    pub(crate) fn into_state(self) -> Result<AssetState, ReadError> {
        let Self {
            value,
            updated_at,
            by,
        } = self;
        let by = match by {
            WriterRecord::Api => StateWriter::Api,
            WriterRecord::Watcher => StateWriter::Watcher,
            WriterRecord::Task {
                dag_id,
                run_id,
                task_id,
                map,
            } => StateWriter::Task {
                dag_id: DagId::from(dag_id),
                run_id: RunId::from(run_id),
                task_id: TaskId::from(task_id),
                map: MapIndex(map),
            },
        };
        Ok(AssetState {
            value: json::parse(Self::TABLE, &value)?,
            updated_at: Timestamp::from_micros(updated_at),
            by,
        })
    }
}
