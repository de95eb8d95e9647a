//! Assets of a batch. What is kept twice, by one key and by another, is kept in step here.

use std::collections::BTreeMap;

use model::{
    AssetEventNo, DagNo, DeploymentId, RunNo,
    asset::{AssetEvent, AssetRow, DagAssets},
    change::Change,
};
use redb::{ReadableTable, WriteTransaction};

use super::write::{self, Rows};
use crate::{
    error::Fault,
    records::{
        self,
        asset::{AliasRecord, AssetRecord},
        asset_event::AssetEventRecord,
        asset_state::AssetStateRecord,
        consumed,
        dag_assets::DagAssetsRecord,
        pending,
    },
    tables::{self, key},
};

#[derive(Default)]
pub(super) struct Assets<'c> {
    assets: Rows<[u8; 8]>,
    rows: Vec<&'c AssetRow>,
    aliases: Rows<[u8; 8]>,
    dags: BTreeMap<DagNo, Option<&'c DagAssets>>,
    events: BTreeMap<AssetEventNo, Option<&'c AssetEvent>>,
    queue: Rows<[u8; 12]>,
    pending: Rows<Vec<u8>>,
    consumed: BTreeMap<RunNo, &'c [AssetEventNo]>,
    /// Assets that keep nothing of what they kept before.
    cleared: Vec<Vec<u8>>,
    states: Rows<Vec<u8>>,
}

impl<'c> Assets<'c> {
    /// Takes a change that is about assets.
    #[allow(clippy::wildcard_enum_match_arm)] // All others are none of assets.
    pub(super) fn add(
        &mut self,
        deployment: DeploymentId,
        change: &'c Change,
    ) -> Result<(), Fault> {
        match change {
            Change::PutAsset(row) => {
                let record = records::encode(&AssetRecord::from(&**row))?;
                let key = tables::assets::key(deployment, row.no);
                self.assets.insert(key, Some(record));
                self.rows.push(row);
            }
            Change::PutAlias(row) => {
                let record = records::encode(&AliasRecord::from(&**row))?;
                let key = tables::asset_aliases::key(deployment, row.no);
                self.aliases.insert(key, Some(record));
            }
            Change::PutDagAssets(row) => drop(self.dags.insert(row.dag, Some(row))),
            Change::DeleteDagAssets { dag } => drop(self.dags.insert(*dag, None)),
            Change::PutAssetEvent(event) => drop(self.events.insert(event.no, Some(event))),
            Change::DeleteAssetEvent { event } => drop(self.events.insert(*event, None)),
            Change::PutQueuedAsset(row) => {
                let key = tables::asset_queue::key(deployment, row.dag, row.asset);
                self.queue.insert(key, Some(key::b(row.at).to_vec()));
            }
            Change::DeleteQueuedAsset { dag, asset } => {
                let key = tables::asset_queue::key(deployment, *dag, *asset);
                self.queue.insert(key, None);
            }
            Change::PutPendingRun(run) => {
                let key = tables::asset_pending::key(deployment, run.dag, &run.key);
                let record = pending::encode(run)?;
                self.pending.insert(key, Some(record));
            }
            Change::DeletePendingRun { dag, key } => {
                let key = tables::asset_pending::key(deployment, *dag, key);
                self.pending.insert(key, None);
            }
            Change::PutConsumed { run, events } => drop(self.consumed.insert(*run, events)),
            Change::PutAssetState { asset, key, state } => {
                let key = tables::asset_states::key(deployment, *asset, key);
                let record = records::encode(&AssetStateRecord::from(&**state))?;
                self.states.insert(key, Some(record));
            }
            Change::DeleteAssetState { asset, key } => {
                let row =
                    tables::asset_states::key(deployment, *asset, key.as_deref().unwrap_or(""));
                if key.is_some() {
                    self.states.insert(row, None);
                } else {
                    let end = key::after(&row);
                    self.states.retain(|key, _| *key < row || *key >= end);
                    self.cleared.push(row);
                }
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn write(
        &self,
        txn: &WriteTransaction,
        deployment: DeploymentId,
    ) -> Result<(), Fault> {
        write::fixed(txn, tables::assets::TABLE, &self.assets)?;
        self.write_names(txn, deployment)?;
        write::fixed(txn, tables::asset_aliases::TABLE, &self.aliases)?;
        self.write_dags(txn, deployment)?;
        self.write_events(txn, deployment)?;
        write::fixed(txn, tables::asset_queue::TABLE, &self.queue)?;
        write::named(txn, tables::asset_pending::TABLE, &self.pending)?;
        for (run, events) in &self.consumed {
            forget_consumed(txn, deployment, *run)?;
            consume(txn, deployment, *run, events)?;
        }
        for prefix in &self.cleared {
            write::clear_named(txn, tables::asset_states::TABLE, prefix)?;
        }
        write::named(txn, tables::asset_states::TABLE, &self.states)
    }

    /// Names are given up before others take them.
    fn write_names(&self, txn: &WriteTransaction, deployment: DeploymentId) -> Result<(), Fault> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut table = txn.open_table(tables::asset_names::TABLE)?;
        for row in self.rows.iter().filter(|row| !row.is_active) {
            for key in tables::asset_names::keys(deployment, row) {
                let own = key::b(row.no);
                let is_own = table
                    .get(key.as_slice())?
                    .is_some_and(|no| no.value() == own);
                if is_own {
                    table.remove(key.as_slice())?;
                }
            }
        }
        for row in self.rows.iter().filter(|row| row.is_active) {
            for key in tables::asset_names::keys(deployment, row) {
                table.insert(key.as_slice(), key::b(row.no).as_slice())?;
            }
        }
        Ok(())
    }

    fn write_dags(&self, txn: &WriteTransaction, deployment: DeploymentId) -> Result<(), Fault> {
        if self.dags.is_empty() {
            return Ok(());
        }
        let mut refs = Rows::new();
        let mut table = txn.open_table(tables::dag_assets::TABLE)?;
        for (dag, row) in &self.dags {
            let key = tables::dag_assets::key(deployment, *dag);
            let record = row.map(|row| records::encode(&DagAssetsRecord::from(row)));
            let before = match record.transpose()? {
                Some(record) => table.insert(&key, record.as_slice())?,
                None => table.remove(&key)?,
            };
            if let Some(before) = before {
                let record = records::decode::<DagAssetsRecord>(before.value())?;
                for key in tables::asset_refs::rows(deployment, &record.into_row(*dag)).into_keys()
                {
                    refs.insert(key, None);
                }
            }
            for (key, since) in row
                .iter()
                .flat_map(|row| tables::asset_refs::rows(deployment, row))
            {
                refs.insert(key, Some(key::b(since).to_vec()));
            }
        }
        write::fixed(txn, tables::asset_refs::TABLE, &refs)
    }

    fn write_events(&self, txn: &WriteTransaction, deployment: DeploymentId) -> Result<(), Fault> {
        if self.events.is_empty() {
            return Ok(());
        }
        let mut index = Rows::new();
        let mut table = txn.open_table(tables::asset_events::TABLE)?;
        for (no, event) in &self.events {
            let key = tables::asset_events::key(deployment, *no);
            let record = event.map(|event| records::encode(&AssetEventRecord::from(event)));
            let before = match record.transpose()? {
                Some(record) => table.insert(&key, record.as_slice())?,
                None => table.remove(&key)?,
            };
            if let Some(before) = before {
                let record = records::decode::<AssetEventRecord>(before.value())?;
                for key in tables::asset_events_by::keys(deployment, &record.into_event(*no)?) {
                    index.insert(key, None);
                }
            }
            match event {
                Some(event) => {
                    for key in tables::asset_events_by::keys(deployment, event) {
                        index.insert(key, Some(Vec::new()));
                    }
                }
                None => {
                    let (part, no) = (key::b(deployment), key::b(*no));
                    let of = [part.as_slice(), no.as_slice()];
                    let (first, last) = (key::first(&of), key::last(&of));
                    write::clear(txn, tables::asset_runs::TABLE, first, last)?;
                }
            }
        }
        write::fixed(txn, tables::asset_events_by::TABLE, &index)
    }
}

fn consume(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    run: RunNo,
    events: &[AssetEventNo],
) -> Result<(), Fault> {
    let mut table = txn.open_table(tables::consumed::TABLE)?;
    let key = tables::consumed::key(deployment, run);
    table.insert(&key, consumed::encode(events).as_slice())?;
    let mut table = txn.open_table(tables::asset_runs::TABLE)?;
    for event in events {
        let key = tables::asset_runs::key(deployment, *event, run);
        table.insert(&key, [].as_slice())?;
    }
    Ok(())
}

/// Forgets what a run was made for.
pub(super) fn forget_consumed(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    run: RunNo,
) -> Result<(), Fault> {
    let mut table = txn.open_table(tables::consumed::TABLE)?;
    let Some(row) = table.remove(&tables::consumed::key(deployment, run))? else {
        return Ok(());
    };
    let mut table = txn.open_table(tables::asset_runs::TABLE)?;
    for event in consumed::decode(row.value())? {
        table.remove(&tables::asset_runs::key(deployment, event, run))?;
    }
    Ok(())
}
