//! Assets in memory: all that are known, who names them, and what waits because of them. Events are
//! in the book alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::{
    AliasNo, AssetEventNo, AssetNo, DagNo, Fence, RunNo, Timestamp,
    asset::{
        AliasRow, AssetEvent, AssetRow, AssetState, Condition, DagAssets, PendingRun, QueuedAsset,
    },
    change::Change,
};

use super::Live;

/// All that is known of assets.
#[derive(Debug, Default)]
pub(crate) struct Assets {
    pub rows: BTreeMap<AssetNo, AssetRow>,
    /// By name and URI.
    pub by_key: HashMap<(String, String), AssetNo>,
    /// Active ones.
    pub by_name: HashMap<String, AssetNo>,
    /// Active ones.
    pub by_uri: HashMap<String, AssetNo>,
    pub aliases: BTreeMap<AliasNo, AliasRow>,
    pub by_alias: HashMap<String, AliasNo>,
    pub dags: BTreeMap<DagNo, DagAssets>,
    /// Who waits for a leaf of a condition.
    pub consumers: HashMap<Leaf, BTreeSet<DagNo>>,
    /// How many dags and aliases name an asset.
    pub n_names: HashMap<AssetNo, u32>,
    /// Those that somebody names and that are not active, since another one has the name or URI.
    pub crowded: BTreeSet<AssetNo>,
    pub queue: BTreeMap<DagNo, BTreeMap<AssetNo, Timestamp>>,
    pub pending: BTreeMap<DagNo, BTreeMap<String, PendingRun>>,
    /// Those of the pending runs that may be due.
    pub pending_due: BTreeSet<(DagNo, String)>,
    pub last_event: AssetEventNo,
    /// Triggers that watch, with the assets that they update.
    pub watched: BTreeMap<Fence, BTreeSet<AssetNo>>,
}

/// A leaf of a condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Leaf {
    Asset(AssetNo),
    Alias(AliasNo),
    Named(String),
    At(String),
}

/// What has changed of assets since the last drain.
#[derive(Debug, Default)]
pub(crate) struct DirtyAssets {
    pub rows: BTreeSet<AssetNo>,
    pub aliases: BTreeSet<AliasNo>,
    pub dags: BTreeSet<DagNo>,
    /// None is deleted.
    pub events: BTreeMap<AssetEventNo, Option<AssetEvent>>,
    pub queue: BTreeSet<(DagNo, AssetNo)>,
    pub pending: BTreeSet<(DagNo, String)>,
    pub consumed: BTreeMap<RunNo, Vec<AssetEventNo>>,
    pub states: BTreeMap<AssetNo, States>,
}

/// What happens to the values that an asset keeps.
#[derive(Debug, Default)]
pub(crate) struct States {
    /// All that the book has go first.
    pub cleared: bool,
    /// None is deleted.
    pub values: BTreeMap<String, Option<AssetState>>,
}

impl Leaf {
    /// The leaves of a condition, each once.
    pub fn of(condition: Option<&Condition>) -> BTreeSet<Self> {
        let leaves = condition.map(Condition::leaves).unwrap_or_default();
        leaves.into_iter().filter_map(Self::new).collect()
    }
    fn new(condition: &Condition) -> Option<Self> {
        match condition {
            Condition::Asset(asset) => Some(Self::Asset(*asset)),
            Condition::Alias(alias) => Some(Self::Alias(*alias)),
            Condition::Named(name) => Some(Self::Named(name.clone())),
            Condition::At(uri) => Some(Self::At(uri.clone())),
            Condition::All(_) | Condition::Any(_) => None,
        }
    }
}

impl Assets {
    /// The assets that a dag names, each once.
    pub fn named_by(row: &DagAssets) -> BTreeSet<AssetNo> {
        let tasks = row.inlets.keys().chain(row.outlets.keys());
        let tasks = tasks.map(|(asset, _)| *asset);
        row.schedule.keys().copied().chain(tasks).collect()
    }
    /// Puts a dag's names into the indexes, or (`is_in` false) takes them out.
    pub fn index(&mut self, row: &DagAssets, is_in: bool) {
        for leaf in Leaf::of(row.condition.as_ref()) {
            let dags = self.consumers.entry(leaf).or_default();
            if is_in {
                dags.insert(row.dag);
            } else {
                dags.remove(&row.dag);
            }
        }
        for asset in Self::named_by(row) {
            self.count(asset, is_in);
        }
    }
    /// One more names an asset, or one less.
    pub fn count(&mut self, asset: AssetNo, is_in: bool) {
        let n = self.n_names.entry(asset).or_default();
        *n = if is_in { *n + 1 } else { n.saturating_sub(1) };
    }
    /// Who waits for a leaf.
    pub fn waiting_for(&self, leaf: &Leaf) -> impl Iterator<Item = DagNo> {
        self.consumers.get(leaf).into_iter().flatten().copied()
    }
    /// Whether a condition holds when events of these assets wait.
    pub fn holds(&self, condition: &Condition, is_met: &dyn Fn(AssetNo) -> bool) -> bool {
        condition.holds(&|leaf| match leaf {
            Condition::Asset(asset) => is_met(*asset),
            Condition::Alias(alias) => {
                let alias = self.aliases.get(alias);
                alias.is_some_and(|alias| alias.assets.iter().any(|asset| is_met(*asset)))
            }
            Condition::Named(name) => self.by_name.get(name).is_some_and(|asset| is_met(*asset)),
            Condition::At(uri) => self.by_uri.get(uri).is_some_and(|asset| is_met(*asset)),
            Condition::All(_) | Condition::Any(_) => false,
        })
    }
    /// A number that no asset has.
    pub fn new_no(&self) -> AssetNo {
        let last = self.rows.last_key_value();
        AssetNo(last.map_or(1, |(no, _)| no.0.saturating_add(1)))
    }
    /// A number that no alias has.
    pub fn new_alias_no(&self) -> AliasNo {
        let last = self.aliases.last_key_value();
        AliasNo(last.map_or(1, |(no, _)| no.0.saturating_add(1)))
    }
}

impl Live {
    /// An asset of the book.
    pub fn load_asset(&mut self, row: AssetRow) {
        let assets = &mut self.assets;
        let key = (row.name.clone(), row.uri.clone());
        if row.is_active {
            assets.by_name.insert(row.name.clone(), row.no);
            assets.by_uri.insert(row.uri.clone(), row.no);
        }
        assets.by_key.insert(key, row.no);
        assets.rows.insert(row.no, row);
    }
    /// An alias of the book.
    pub fn load_alias(&mut self, row: AliasRow) {
        for asset in &row.assets {
            self.assets.count(*asset, true);
        }
        self.assets.by_alias.insert(row.name.clone(), row.no);
        self.assets.aliases.insert(row.no, row);
    }
    /// What a dag of the book has to do with assets. What comes later comes after it began to
    /// wait, though no time may have passed.
    pub fn load_dag_assets(&mut self, row: DagAssets) {
        self.assets.index(&row, true);
        if let Some(since) = row.schedule.values().max() {
            let before = AssetEventNo::first_at(*since);
            self.assets.last_event = self.assets.last_event.max(before);
        }
        self.assets.dags.insert(row.dag, row);
    }
    /// An event of the book that waits for a run.
    pub fn load_queued_asset(&mut self, row: QueuedAsset) {
        let queue = self.assets.queue.entry(row.dag).or_default();
        queue.insert(row.asset, row.at);
    }
    /// A run for a partition of the book.
    pub fn load_pending_run(&mut self, run: PendingRun) {
        self.assets.pending_due.insert((run.dag, run.key.clone()));
        let pending = self.assets.pending.entry(run.dag).or_default();
        pending.insert(run.key.clone(), run);
    }
    /// The newest asset event of the book.
    pub fn load_last_asset_event(&mut self, event: AssetEventNo) {
        self.assets.last_event = self.assets.last_event.max(event);
    }
}

impl DirtyAssets {
    /// Hands over the changes, each key once.
    pub fn drain(self, assets: &Assets, changes: &mut Vec<Change>) {
        let Self {
            rows,
            aliases,
            dags,
            events,
            queue,
            pending,
            consumed,
            states,
        } = self;
        let row = |no| assets.rows.get(no).cloned();
        let rows = rows.iter().filter_map(row);
        changes.extend(rows.map(|row| Change::PutAsset(Box::new(row))));
        let alias = |no| assets.aliases.get(no).cloned();
        let aliases = aliases.iter().filter_map(alias);
        changes.extend(aliases.map(|row| Change::PutAlias(Box::new(row))));
        changes.extend(dags.into_iter().map(|dag| match assets.dags.get(&dag) {
            Some(row) => Change::PutDagAssets(Box::new(row.clone())),
            None => Change::DeleteDagAssets { dag },
        }));
        changes.extend(events.into_iter().map(|(event, put)| match put {
            Some(event) => Change::PutAssetEvent(Box::new(event)),
            None => Change::DeleteAssetEvent { event },
        }));
        changes.extend(queue.into_iter().map(|(dag, asset)| {
            let at = assets.queue.get(&dag).and_then(|queue| queue.get(&asset));
            match at.copied() {
                Some(at) => Change::PutQueuedAsset(QueuedAsset { dag, asset, at }),
                None => Change::DeleteQueuedAsset { dag, asset },
            }
        }));
        changes.extend(pending.into_iter().map(|(dag, key)| {
            let run = assets.pending.get(&dag).and_then(|runs| runs.get(&key));
            match run.cloned() {
                Some(run) => Change::PutPendingRun(Box::new(run)),
                None => Change::DeletePendingRun { dag, key },
            }
        }));
        let consumed = consumed.into_iter();
        changes.extend(consumed.map(|(run, events)| Change::PutConsumed { run, events }));
        for (asset, States { cleared, values }) in states {
            if cleared {
                changes.push(Change::DeleteAssetState { asset, key: None });
            }
            changes.extend(values.into_iter().filter_map(|(key, put)| match put {
                Some(state) => Some(Change::PutAssetState {
                    asset,
                    key,
                    state: Box::new(state),
                }),
                None if cleared => None,
                None => Some(Change::DeleteAssetState {
                    asset,
                    key: Some(key),
                }),
            }));
        }
    }
}
