//! Assets, their aliases, who names them, and what waits because of them.

use model::{
    AliasNo, AssetEventNo, AssetNo, DagNo, RunNo, TaskNo, Timestamp,
    asset::{AliasRow, AssetRow, AssetState, DagAssets, PendingRun, QueuedAsset},
};

use super::{Snapshot, page::Order};
use crate::{
    error::ReadError,
    records::{
        self,
        asset::{AliasRecord, AssetRecord},
        asset_state::AssetStateRecord,
        consumed,
        dag_assets::DagAssetsRecord,
        pending,
    },
    tables::{self, asset_refs, key},
};

/// A dag, or a task of it, that names an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetRef {
    /// The dag.
    pub dag: DagNo,
    /// How it names it.
    pub named: Named,
    /// Since when.
    pub since: Timestamp,
}

/// How an asset is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// In the dag's schedule.
    Schedule,
    /// As an inlet of a task.
    Inlet(TaskNo),
    /// As an outlet of a task.
    Outlet(TaskNo),
}

impl Snapshot {
    /// An asset.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn asset(&self, no: AssetNo) -> Result<Option<AssetRow>, ReadError> {
        let key = tables::assets::key(self.deployment, no);
        self.get_fixed(tables::assets::TABLE, &key, |value| {
            records::decode::<AssetRecord>(value)?.into_row(no)
        })
    }
    /// All assets by number.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn assets(&self) -> Result<Vec<AssetRow>, ReadError> {
        let rows = self.rows_of(tables::assets::TABLE, &[], Order::Ascending)?;
        let row = |row: Result<_, ReadError>| {
            let (key, value): ([u8; 8], redb::AccessGuard<'_, &[u8]>) = row?;
            let mut split = key::Split(&key);
            split.u32();
            records::decode::<AssetRecord>(value.value())?.into_row(split.asset())
        };
        rows.map(row).collect()
    }
    /// The active asset with a name.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_named(&self, name: &str) -> Result<Option<AssetRow>, ReadError> {
        self.asset_of(&tables::asset_names::by_name(self.deployment, name))
    }
    /// The active asset at a URI.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_at(&self, uri: &str) -> Result<Option<AssetRow>, ReadError> {
        self.asset_of(&tables::asset_names::by_uri(self.deployment, uri))
    }
    fn asset_of(&self, key: &[u8]) -> Result<Option<AssetRow>, ReadError> {
        let found = self.get_named(tables::asset_names::TABLE, key, |value| {
            Ok(key::Split(value).asset())
        })?;
        match found {
            Some(no) => self.asset(no),
            None => Ok(None),
        }
    }
    /// An alias of assets.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_alias(&self, no: AliasNo) -> Result<Option<AliasRow>, ReadError> {
        let key = tables::asset_aliases::key(self.deployment, no);
        self.get_fixed(tables::asset_aliases::TABLE, &key, |value| {
            Ok(records::decode::<AliasRecord>(value)?.into_row(no))
        })
    }
    /// All aliases by number.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_aliases(&self) -> Result<Vec<AliasRow>, ReadError> {
        let mut all = Vec::new();
        for row in self.rows_of(tables::asset_aliases::TABLE, &[], Order::Ascending)? {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            all.push(records::decode::<AliasRecord>(value.value())?.into_row(split.alias()));
        }
        Ok(all)
    }
    /// What a dag has to do with assets.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn dag_assets(&self, dag: DagNo) -> Result<Option<DagAssets>, ReadError> {
        let key = tables::dag_assets::key(self.deployment, dag);
        self.get_fixed(tables::dag_assets::TABLE, &key, |value| {
            Ok(records::decode::<DagAssetsRecord>(value)?.into_row(dag))
        })
    }
    /// What all dags have to do with assets.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn dags_assets(&self) -> Result<Vec<DagAssets>, ReadError> {
        let mut all = Vec::new();
        for row in self.rows_of(tables::dag_assets::TABLE, &[], Order::Ascending)? {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            all.push(records::decode::<DagAssetsRecord>(value.value())?.into_row(split.dag()));
        }
        Ok(all)
    }
    /// Who names an asset: schedules, inlets, outlets, each by dag and task.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_refs(&self, asset: AssetNo) -> Result<Vec<AssetRef>, ReadError> {
        let mut all = Vec::new();
        let rows = self.rows_of(asset_refs::TABLE, &[&key::b(asset)], Order::Ascending)?;
        for row in rows {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            split.asset();
            let how = split.u8();
            let (dag, task) = (split.dag(), split.task());
            let named = match how {
                asset_refs::SCHEDULE => Named::Schedule,
                asset_refs::INLET => Named::Inlet(task),
                _ => Named::Outlet(task),
            };
            let since = key::Split(value.value()).time();
            all.push(AssetRef { dag, named, since });
        }
        Ok(all)
    }
    /// The assets with an event that waits for a run, of a dag or of all.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_queue(&self, dag: Option<DagNo>) -> Result<Vec<QueuedAsset>, ReadError> {
        let of = dag.map(key::b);
        let parts: Vec<&[u8]> = of.iter().map(<[u8; 4]>::as_slice).collect();
        let mut all = Vec::new();
        for row in self.rows_of(tables::asset_queue::TABLE, &parts, Order::Ascending)? {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            all.push(QueuedAsset {
                dag: split.dag(),
                asset: split.asset(),
                at: key::Split(value.value()).time(),
            });
        }
        Ok(all)
    }
    /// The runs for partitions that wait for events.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn pending_runs(&self) -> Result<Vec<PendingRun>, ReadError> {
        self.names(tables::asset_pending::TABLE, &[], |rest, value| {
            let mut split = key::Split(rest);
            let dag = split.dag();
            let partition = utf8(tables::asset_pending::NAME, split.0)?;
            pending::decode(dag, partition, value)
        })
    }
    /// The events that a run was made for, in order; some may be forgotten since.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn consumed(&self, run: RunNo) -> Result<Vec<AssetEventNo>, ReadError> {
        let key = tables::consumed::key(self.deployment, run);
        let found = self.get_fixed(tables::consumed::TABLE, &key, consumed::decode)?;
        Ok(found.unwrap_or_default())
    }
    /// The runs that an event made, at most `limit`.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn runs_of_event(
        &self,
        event: AssetEventNo,
        limit: usize,
    ) -> Result<Vec<RunNo>, ReadError> {
        let rows = self.rows_of(
            tables::asset_runs::TABLE,
            &[&key::b(event)],
            Order::Ascending,
        )?;
        let mut all = Vec::new();
        for row in rows.take(limit) {
            let (key, _) = row?;
            let mut split = key::Split(&key);
            split.u32();
            split.event();
            all.push(split.run());
        }
        Ok(all)
    }
    /// A value that an asset keeps.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_state(&self, asset: AssetNo, name: &str) -> Result<Option<AssetState>, ReadError> {
        let key = tables::asset_states::key(self.deployment, asset, name);
        self.get_named(tables::asset_states::TABLE, &key, |value| {
            records::decode::<AssetStateRecord>(value)?.into_state()
        })
    }
    /// All values that an asset keeps, by key.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn asset_states(&self, asset: AssetNo) -> Result<Vec<(String, AssetState)>, ReadError> {
        let of = key::b(asset);
        self.names(tables::asset_states::TABLE, &[&of], |name, value| {
            let name = utf8(tables::asset_states::NAME, name)?.to_owned();
            let state = records::decode::<AssetStateRecord>(value)?.into_state()?;
            Ok((name, state))
        })
    }
}

fn utf8<'k>(table: &'static str, name: &'k [u8]) -> Result<&'k str, ReadError> {
    std::str::from_utf8(name).map_err(|_| ReadError::record(table, "its key is not UTF-8"))
}
