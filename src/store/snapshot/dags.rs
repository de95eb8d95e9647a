//! Dags and their versions.

use model::{
    DagNo, TaskId, TaskNo, Timestamp, VersionNo,
    change::{DagRow, DagVersion},
};

use super::{Snapshot, page::Order};
use crate::{
    error::ReadError,
    records::{self, dag::DagRecord, source, version::VersionRecord},
    tables::{self, key},
};

impl Snapshot {
    /// A dag's row.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn dag(&self, dag: DagNo) -> Result<Option<DagRow>, ReadError> {
        let key = tables::dags::key(self.deployment, dag);
        self.get_fixed(tables::dags::TABLE, &key, |value| {
            Ok(records::decode::<DagRecord>(value)?.into_row(dag))
        })
    }
    /// The number of the dag that has this id.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn dag_no(&self, dag_id: &str) -> Result<Option<DagNo>, ReadError> {
        let key = tables::dag_names::key(self.deployment, dag_id);
        self.get_named(tables::dag_names::TABLE, &key, |value| {
            Ok(key::Split(value).dag())
        })
    }
    /// Up to `limit` dags by number, those after `after`.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn dags(&self, after: Option<DagNo>, limit: usize) -> Result<Vec<DagRow>, ReadError> {
        let Some(first) = after.map_or(Some(0), |dag| dag.0.checked_add(1)) else {
            return Ok(Vec::new());
        };
        let first = tables::dags::key(self.deployment, DagNo(first));
        let last = tables::dags::key(self.deployment, DagNo(u32::MAX));
        let rows = self.rows(tables::dags::TABLE, first, last, Order::Ascending)?;
        rows.take(limit)
            .map(|row| {
                let (key, value) = row?;
                let mut split = key::Split(&key);
                split.u32();
                let dag = split.dag();
                Ok(records::decode::<DagRecord>(value.value())?.into_row(dag))
            })
            .collect()
    }
    /// The ids of all tasks that the dag ever had.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn task_names(&self, dag: DagNo) -> Result<Vec<(TaskNo, TaskId)>, ReadError> {
        let rows = self.rows_of(tables::task_names::TABLE, &[&key::b(dag)], Order::Ascending)?;
        rows.map(|row| {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            split.dag();
            let name = std::str::from_utf8(value.value())
                .map_err(|_| ReadError::record(tables::task_names::NAME, "it is not UTF-8"))?;
            Ok((split.task(), TaskId::from(name)))
        })
        .collect()
    }
    /// When each version of the dag was first seen, and its hash; the newest first, at most
    /// `limit`.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn versions(
        &self,
        dag: DagNo,
        limit: usize,
    ) -> Result<Vec<(VersionNo, Timestamp, String)>, ReadError> {
        let rows = self.rows_of(tables::versions::TABLE, &[&key::b(dag)], Order::Descending)?;
        rows.take(limit)
            .map(|row| {
                let (key, value) = row?;
                let mut split = key::Split(&key);
                split.u32();
                split.dag();
                let (at, hash) = records::decode::<VersionRecord>(value.value())?.into_head();
                Ok((split.version(), at, hash))
            })
            .collect()
    }
    /// The hash of a version's source: what tells two contents of one version apart.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn version_hash(
        &self,
        dag: DagNo,
        version: VersionNo,
    ) -> Result<Option<String>, ReadError> {
        let key = tables::versions::key(self.deployment, dag, version);
        let record = self.get_fixed(tables::versions::TABLE, &key, |value| {
            records::decode::<VersionRecord>(value)
        })?;
        Ok(record.map(|record| record.into_head().1))
    }
    /// A version of the dag with its source.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn version(&self, dag: DagNo, version: VersionNo) -> Result<Option<DagVersion>, ReadError> {
        let key = tables::versions::key(self.deployment, dag, version);
        let Some(record) = self.get_fixed(tables::versions::TABLE, &key, |value| {
            records::decode::<VersionRecord>(value)
        })?
        else {
            return Ok(None);
        };
        let source = self.get_fixed(tables::sources::TABLE, &key, source::decode)?;
        let source = source.ok_or_else(|| {
            ReadError::record(tables::sources::NAME, "the source of a version is missing")
        })?;
        Ok(Some(record.into_version(dag, version, source)))
    }
}
