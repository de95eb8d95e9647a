//! What dags have to do with assets.

use std::collections::BTreeMap;

use model::{
    AliasNo, AssetNo, DagNo, TaskNo, Timestamp,
    asset::{Condition, DagAssets},
};
use serde::{Deserialize, Serialize};

use super::Record;
use crate::tables;

#[derive(Serialize, Deserialize)]
pub(crate) struct DagAssetsRecord {
    condition: Option<ConditionRecord>,
    is_partitioned: bool,
    schedule: Vec<(u32, i64)>,
    aliases: Vec<u32>,
    inlets: Vec<(u32, u32, i64)>,
    outlets: Vec<(u32, u32, i64)>,
}

#[derive(Serialize, Deserialize)]
enum ConditionRecord {
    Asset(u32),
    Alias(u32),
    Named(String),
    At(String),
    All(Vec<ConditionRecord>),
    Any(Vec<ConditionRecord>),
}

impl Record for DagAssetsRecord {
    const TABLE: &'static str = tables::dag_assets::NAME;
}

type Tasks = BTreeMap<(AssetNo, TaskNo), Timestamp>;

fn tasks(all: &Tasks) -> Vec<(u32, u32, i64)> {
    let row = |((asset, task), since): (&(AssetNo, TaskNo), &Timestamp)| {
        (asset.0, task.0, since.as_micros())
    };
    all.iter().map(row).collect()
}

fn into_tasks(all: Vec<(u32, u32, i64)>) -> Tasks {
    let row = |(asset, task, since)| {
        let key = (AssetNo(asset), TaskNo(task));
        (key, Timestamp::from_micros(since))
    };
    all.into_iter().map(row).collect()
}

impl From<&DagAssets> for DagAssetsRecord {
    fn from(row: &DagAssets) -> Self {
        let DagAssets {
            dag: _, // The key.
            condition,
            is_partitioned,
            schedule,
            aliases,
            inlets,
            outlets,
        } = row;
        let schedule = schedule.iter();
        Self {
            condition: condition.as_ref().map(ConditionRecord::from),
            is_partitioned: *is_partitioned,
            schedule: schedule
                .map(|(asset, at)| (asset.0, at.as_micros()))
                .collect(),
            aliases: aliases.iter().map(|alias| alias.0).collect(),
            inlets: tasks(inlets),
            outlets: tasks(outlets),
        }
    }
}

impl DagAssetsRecord {
    pub(crate) fn into_row(self, dag: DagNo) -> DagAssets {
        let Self {
            condition,
            is_partitioned,
            schedule,
            aliases,
            inlets,
            outlets,
        } = self;
        let since = |(asset, at)| (AssetNo(asset), Timestamp::from_micros(at));
        DagAssets {
            dag,
            condition: condition.map(Condition::from),
            is_partitioned,
            schedule: schedule.into_iter().map(since).collect(),
            aliases: aliases.into_iter().map(AliasNo).collect(),
            inlets: into_tasks(inlets),
            outlets: into_tasks(outlets),
        }
    }
}

impl From<&Condition> for ConditionRecord {
    fn from(condition: &Condition) -> Self {
        let all = |parts: &[Condition]| parts.iter().map(Self::from).collect();
        match condition {
            Condition::Asset(asset) => Self::Asset(asset.0),
            Condition::Alias(alias) => Self::Alias(alias.0),
            Condition::Named(name) => Self::Named(name.clone()),
            Condition::At(uri) => Self::At(uri.clone()),
            Condition::All(parts) => Self::All(all(parts)),
            Condition::Any(parts) => Self::Any(all(parts)),
        }
    }
}

impl From<ConditionRecord> for Condition {
    fn from(record: ConditionRecord) -> Self {
        let all = |parts: Vec<ConditionRecord>| parts.into_iter().map(Self::from).collect();
        match record {
            ConditionRecord::Asset(asset) => Self::Asset(AssetNo(asset)),
            ConditionRecord::Alias(alias) => Self::Alias(AliasNo(alias)),
            ConditionRecord::Named(name) => Self::Named(name),
            ConditionRecord::At(uri) => Self::At(uri),
            ConditionRecord::All(parts) => Self::All(all(parts)),
            ConditionRecord::Any(parts) => Self::Any(all(parts)),
        }
    }
}
