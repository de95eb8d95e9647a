//! Versions of dags.

use model::{
    DagNo, Timestamp, VersionNo,
    change::{DagSource, DagVersion},
};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct VersionRecord {
    created_at: i64,
    hash: String,
}

impl Record for VersionRecord {
    const TABLE: &'static str = tables::versions::NAME;
}

impl From<&DagVersion> for VersionRecord {
    fn from(version: &DagVersion) -> Self {
        let DagVersion {
            dag: _,     // In the key,
            version: _, // as this is.
            created_at,
            hash,
            source: _, // In a table of its own.
        } = version;
        Self {
            created_at: created_at.as_micros(),
            hash: hash.clone(),
        }
    }
}

impl VersionRecord {
    pub(crate) fn into_version(
        self,
        dag: DagNo,
        version: VersionNo,
        source: DagSource,
    ) -> DagVersion {
        let Self { created_at, hash } = self;
        DagVersion {
            dag,
            version,
            created_at: Timestamp::from_micros(created_at),
            hash,
            source,
        }
    }
    pub(crate) fn into_head(self) -> (Timestamp, String) {
        let Self { created_at, hash } = self;
        (Timestamp::from_micros(created_at), hash)
    }
}
