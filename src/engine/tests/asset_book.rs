//! What the book in memory has of assets.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    AliasNo, AssetEventNo, AssetNo, DagNo, RunNo, Timestamp,
    asset::{AliasRow, AssetEvent, AssetRow, AssetState, DagAssets, PendingRun},
    change::Change,
};

use crate::Live;

#[derive(Default, Clone)]
pub(crate) struct AssetBook {
    pub rows: BTreeMap<AssetNo, AssetRow>,
    pub aliases: BTreeMap<AliasNo, AliasRow>,
    pub dags: BTreeMap<DagNo, DagAssets>,
    pub events: BTreeMap<AssetEventNo, AssetEvent>,
    pub queue: BTreeMap<(DagNo, AssetNo), Timestamp>,
    pub pending: BTreeMap<(DagNo, String), PendingRun>,
    pub consumed: BTreeMap<RunNo, Vec<AssetEventNo>>,
    pub states: BTreeMap<(AssetNo, String), AssetState>,
}

impl AssetBook {
    #[allow(clippy::wildcard_enum_match_arm)] // All others are taken before.
    pub fn write(&mut self, change: Change) {
        match change {
            Change::PutAsset(row) => drop(self.rows.insert(row.no, *row)),
            Change::PutAlias(row) => drop(self.aliases.insert(row.no, *row)),
            Change::PutDagAssets(row) => drop(self.dags.insert(row.dag, *row)),
            Change::DeleteDagAssets { dag } => drop(self.dags.remove(&dag)),
            Change::PutAssetEvent(event) => {
                assert!(self.rows.contains_key(&event.asset));
                assert!(self.events.insert(event.no, *event).is_none());
            }
            Change::DeleteAssetEvent { event } => drop(self.events.remove(&event)),
            Change::PutQueuedAsset(row) => {
                self.queue.insert((row.dag, row.asset), row.at);
            }
            Change::DeleteQueuedAsset { dag, asset } => drop(self.queue.remove(&(dag, asset))),
            Change::PutPendingRun(run) => {
                self.pending.insert((run.dag, run.key.clone()), *run);
            }
            Change::DeletePendingRun { dag, key } => drop(self.pending.remove(&(dag, key))),
            Change::PutConsumed { run, events } => {
                assert!(events.iter().all(|event| self.events.contains_key(event)));
                self.consumed.insert(run, events);
            }
            Change::PutAssetState { asset, key, state } => {
                self.states.insert((asset, key), *state);
            }
            Change::DeleteAssetState { asset, key } => self
                .states
                .retain(|(of, is), _| *of != asset || key.as_ref().is_some_and(|key| key != is)),
            other => panic!("{other:?}"),
        }
    }

    pub fn load(&self, live: &mut Live) {
        let rows = self.rows.values().cloned();
        rows.for_each(|row| live.load_asset(row));
        let aliases = self.aliases.values().cloned();
        aliases.for_each(|row| live.load_alias(row));
        let dags = self.dags.values().cloned();
        dags.for_each(|row| live.load_dag_assets(row));
        for ((dag, asset), at) in &self.queue {
            live.load_queued_asset(model::asset::QueuedAsset {
                dag: *dag,
                asset: *asset,
                at: *at,
            });
        }
        let pending = self.pending.values().cloned();
        pending.for_each(|run| live.load_pending_run(run));
        if let Some(event) = self.events.keys().last() {
            live.load_last_asset_event(*event);
        }
    }

    pub fn between(
        &self,
        after: Option<Timestamp>,
        until: Timestamp,
        is_it: impl Fn(&AssetEvent) -> bool,
    ) -> Vec<AssetEventNo> {
        let found = self.events.values().filter(|event| {
            is_it(event) && after.is_none_or(|after| event.at() > after) && event.at() <= until
        });
        found.map(|event| event.no).collect()
    }

    pub fn name(&self, asset: AssetNo) -> &str {
        &self.rows[&asset].name
    }

    /// The asset with a name, active or not.
    pub fn named(&self, name: &str) -> AssetNo {
        let mut rows = self.rows.values();
        rows.find(|row| row.name == name).unwrap().no
    }

    /// The names of the active assets.
    pub fn active(&self) -> BTreeSet<&str> {
        let active = self.rows.values().filter(|row| row.is_active);
        active.map(|row| row.name.as_str()).collect()
    }
}
