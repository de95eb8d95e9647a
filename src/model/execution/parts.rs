//! What questions and answers are made of. Field names are upstream's.

use crate::{
    DagId, JsonMap, RunId, TaskId, Timestamp,
    state::{DagRunState, DagRunType, TaskInstanceState},
};

/// An asset by its two names (`AssetResponse`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct Asset {
    pub name: String,
    pub uri: String,
    pub group: String,
    pub extra: Option<JsonMap>,
}

/// How an asset is named in a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetName {
    /// By name.
    Name(String),
    /// By URI.
    Uri(String),
}

/// An asset, alias or reference that a task names as inlet or outlet (`AssetProfile`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Upstream's words.
pub struct AssetRef {
    pub name: Option<String>,
    pub uri: Option<String>,
    /// `Asset`, `AssetAlias`, `AssetNameRef`, `AssetUriRef`; field `type`.
    pub kind: String,
}

/// A word of an asset's change (`AssetEventResponse`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct AssetEvent {
    pub id: i64,
    pub timestamp: Timestamp,
    pub extra: Option<JsonMap>,
    pub asset: Asset,
    pub created_dagruns: Vec<CreatedRun>,
    pub source_task_id: Option<TaskId>,
    pub source_dag_id: Option<DagId>,
    pub source_run_id: Option<RunId>,
    pub source_map_index: Option<i64>,
    pub partition_key: Option<String>,
}

/// A run that an asset event made (`DagRunAssetReference`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct CreatedRun {
    pub run_id: RunId,
    pub dag_id: DagId,
    pub logical_date: Option<Timestamp>,
    pub start_date: Timestamp,
    pub end_date: Option<Timestamp>,
    pub state: DagRunState,
    pub data_interval_start: Option<Timestamp>,
    pub data_interval_end: Option<Timestamp>,
    pub partition_key: Option<String>,
}

/// An asset event that started a run (`AssetEventDagRunReference`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct ConsumedEvent {
    pub asset_name: String,
    pub asset_uri: String,
    pub asset_extra: JsonMap,
    pub extra: JsonMap,
    pub source_task_id: Option<TaskId>,
    pub source_dag_id: Option<DagId>,
    pub source_run_id: Option<RunId>,
    pub source_map_index: Option<i64>,
    /// Names of aliases.
    pub source_aliases: Vec<String>,
    pub timestamp: Timestamp,
    pub partition_key: Option<String>,
}

/// A dag run as a task sees it.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct DagRun {
    pub dag_id: DagId,
    pub run_id: RunId,
    pub logical_date: Option<Timestamp>,
    pub data_interval_start: Option<Timestamp>,
    pub data_interval_end: Option<Timestamp>,
    pub run_after: Timestamp,
    pub start_date: Option<Timestamp>,
    pub end_date: Option<Timestamp>,
    pub clear_number: i64,
    pub run_type: DagRunType,
    pub state: DagRunState,
    pub conf: Option<JsonMap>,
    pub triggering_user_name: Option<String>,
    pub consumed_asset_events: Vec<ConsumedEvent>,
    pub partition_key: Option<String>,
    pub partition_date: Option<Timestamp>,
    pub note: Option<String>,
    pub team_name: Option<String>,
}

/// An earlier instance of a task (`PreviousTIResponse`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct PreviousTi {
    pub task_id: TaskId,
    pub dag_id: DagId,
    pub run_id: RunId,
    pub logical_date: Option<Timestamp>,
    pub start_date: Option<Timestamp>,
    pub end_date: Option<Timestamp>,
    pub state: Option<TaskInstanceState>,
    pub try_number: i64,
    pub map_index: i64,
    /// In seconds.
    pub duration: Option<f64>,
}

/// A dag (`DagResult`).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct DagDetails {
    pub dag_id: DagId,
    pub is_paused: bool,
    pub bundle_name: Option<String>,
    pub bundle_version: Option<String>,
    pub relative_fileloc: Option<String>,
    /// Separated by commas.
    pub owners: Option<String>,
    pub tags: Vec<String>,
    pub next_dagrun: Option<Timestamp>,
}

/// A question to people.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Upstream's words.
pub struct HitlDetail {
    /// The try's UUID.
    pub ti_id: String,
    pub options: Vec<String>,
    pub subject: String,
    pub body: Option<String>,
    pub defaults: Option<Vec<String>>,
    pub multiple: bool,
    pub params: Option<JsonMap>,
    pub assigned_users: Option<Vec<HitlUser>>,
}

/// Somebody who may answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Upstream's words.
pub struct HitlUser {
    pub id: String,
    pub name: String,
}
