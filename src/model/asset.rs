//! Assets as the deployment knows them, what has happened to them, and who waits for them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    AliasNo, AssetEventNo, AssetNo, DagId, DagNo, Fence, Json, JsonMap, MapIndex, RunId, RunNo,
    TaskId, TaskNo, Timestamp,
};

/// An asset. It stays known when nobody names it any more, since its events do.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetRow {
    /// Its number.
    pub no: AssetNo,
    /// The name; unique among the active ones.
    pub name: String,
    /// Where it is; unique among the active ones.
    pub uri: String,
    /// What kind it is; `asset` by default.
    pub group: String,
    /// Whatever the author adds.
    pub extra: JsonMap,
    /// Whether a dag or an alias names it, and no other active one has its name or URI.
    pub is_active: bool,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When its words changed last.
    pub updated_at: Timestamp,
    /// What updates it from outside.
    pub watchers: Vec<Watcher>,
}

/// A trigger that updates an asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Watcher {
    /// The name.
    pub name: String,
    /// The trigger's class path.
    pub classpath: String,
    /// Its arguments, as serialised.
    pub kwargs: JsonMap,
    /// The number by which the triggerer knows it; assets with the same trigger share it.
    pub trigger: Fence,
    /// Since when it is watched.
    pub since: Timestamp,
}

/// A name that tasks resolve to assets at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasRow {
    /// Its number.
    pub no: AliasNo,
    /// The name.
    pub name: String,
    /// What kind it is.
    pub group: String,
    /// The assets that it was resolved to so far.
    pub assets: BTreeSet<AssetNo>,
}

/// Word that an asset has changed. Its number is its time in microseconds, or the next that is
/// free, so that what is in order of numbers is in order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetEvent {
    /// Its number.
    pub no: AssetEventNo,
    /// Which asset.
    pub asset: AssetNo,
    /// What its author says of it, an object.
    pub extra: JsonMap,
    /// The task instance that said it; none when it came over the API or from a watcher.
    pub source: Option<EventSource>,
    /// The aliases through which it came.
    pub aliases: Vec<AliasNo>,
    /// Which part of the asset.
    pub partition_key: Option<String>,
}

/// The task instance that an event comes from. It may be gone, so names are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSource {
    /// Its dag.
    pub dag: DagNo,
    /// Its dag's id.
    pub dag_id: DagId,
    /// Its run.
    pub run: RunNo,
    /// Its run's id.
    pub run_id: RunId,
    /// Its task.
    pub task_id: TaskId,
    /// Its map index.
    pub map: MapIndex,
}

/// What a dag has to do with assets. A dag that has nothing to do with them has none.
#[derive(Clone, Debug, PartialEq)]
pub struct DagAssets {
    /// Which dag.
    pub dag: DagNo,
    /// When a run of it is due.
    pub condition: Option<Condition>,
    /// Whether its runs are for partitions.
    pub is_partitioned: bool,
    /// The assets that the condition names, with since when.
    pub schedule: BTreeMap<AssetNo, Timestamp>,
    /// The aliases that the condition names.
    pub aliases: BTreeSet<AliasNo>,
    /// What its tasks read, with since when.
    pub inlets: BTreeMap<(AssetNo, TaskNo), Timestamp>,
    /// What its tasks update, with since when.
    pub outlets: BTreeMap<(AssetNo, TaskNo), Timestamp>,
}

/// When assets have been updated enough for a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// This one.
    Asset(AssetNo),
    /// Any of those that this was resolved to.
    Alias(AliasNo),
    /// The active one with this name.
    Named(String),
    /// The active one at this URI.
    At(String),
    /// All of these.
    All(Vec<Condition>),
    /// Any of these.
    Any(Vec<Condition>),
}

impl Condition {
    /// Whether it holds, where `leaf` says so of each leaf.
    pub fn holds(&self, leaf: &dyn Fn(&Self) -> bool) -> bool {
        match self {
            Self::Asset(_) | Self::Alias(_) | Self::Named(_) | Self::At(_) => leaf(self),
            Self::All(parts) => parts.iter().all(|part| part.holds(leaf)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(leaf)),
        }
    }

    /// The leaves, from left to right, with repeats.
    #[must_use]
    pub fn leaves(&self) -> Vec<&Self> {
        match self {
            Self::Asset(_) | Self::Alias(_) | Self::Named(_) | Self::At(_) => vec![self],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::leaves).collect(),
        }
    }
}

/// An event of this asset waits for a run of the dag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuedAsset {
    /// Who consumes it.
    pub dag: DagNo,
    /// Which asset.
    pub asset: AssetNo,
    /// Since when: the first event since the last run.
    pub at: Timestamp,
}

/// A run for a partition that still waits for some of its assets.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingRun {
    /// Of which dag.
    pub dag: DagNo,
    /// Which partition.
    pub key: String,
    /// The first event that asked for it: they are served in this order.
    pub since: AssetEventNo,
    /// The date of the partition, as its producers say.
    pub date: Option<Timestamp>,
    /// The mappers by which it was asked for; when others hold, it is worth nothing.
    pub mappers: String,
    /// The events that ask for it, with their asset and their own partition.
    pub events: Vec<(AssetEventNo, AssetNo, String)>,
    /// Which runs its one event asks for, a mapper in Python is still to say: this is none of them.
    pub is_question: bool,
    /// All keys that it waits for of an asset whose mapper only Python knows, where that rolls up.
    pub needs: Vec<(AssetNo, Vec<String>)>,
}

/// A value that an asset keeps.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetState {
    /// The value.
    pub value: Json,
    /// When it was set.
    pub updated_at: Timestamp,
    /// Who set it.
    pub by: StateWriter,
}

/// Who set a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateWriter {
    /// A request.
    Api,
    /// A trigger that watches the asset.
    Watcher,
    /// A task instance.
    Task {
        /// Its dag.
        dag_id: DagId,
        /// Its run.
        run_id: RunId,
        /// Its task.
        task_id: TaskId,
        /// Its map index.
        map: MapIndex,
    },
}

impl AssetEvent {
    /// When it was.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.no.at()
    }
}

impl AssetEventNo {
    /// When it was.
    #[must_use]
    pub const fn at(self) -> Timestamp {
        Timestamp::from_micros(self.0.cast_signed())
    }

    /// The first number that an event at `at` may have.
    #[must_use]
    pub fn first_at(at: Timestamp) -> Self {
        Self(u64::try_from(at.as_micros()).unwrap_or(0))
    }

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}
