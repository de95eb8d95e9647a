//! What is asked. A variant has upstream's message name, its fields upstream's field names.

use super::{AssetName, AssetRef, HitlDetail};
use crate::{DagId, Json, JsonMap, RunId, TaskId, TimeDelta, Timestamp, state::TaskInstanceState};

/// A question or a word. Every one is answered once.
///
/// `ti_id` is the UUID of a try, as given at its start.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // The fields are upstream's words.
pub enum Ask {
    // How a try ends (`Ask::into_ending`); these come as reports, not through `Execution::ask`.
    /// It ended well.
    SucceedTask {
        end_date: Timestamp,
        task_outlets: Vec<AssetRef>,
        /// Objects as upstream's `OutletEventAccessors` make them.
        outlet_events: Vec<Json>,
        rendered_map_index: Option<String>,
    },
    /// It failed and may try again.
    RetryTask {
        end_date: Timestamp,
        rendered_map_index: Option<String>,
        retry_delay_seconds: Option<f64>,
        retry_reason: Option<String>,
    },
    /// It failed for good, was skipped or is removed; counts when the process ends well.
    TaskState {
        state: TaskInstanceState,
        end_date: Option<Timestamp>,
        rendered_map_index: Option<String>,
    },
    /// It lets go of its slot until a trigger fires.
    DeferTask {
        classpath: String,
        trigger_kwargs: Option<Json>,
        trigger_timeout: Option<TimeDelta>,
        queue: Option<String>,
        next_method: String,
        next_kwargs: Option<Json>,
        rendered_map_index: Option<String>,
    },
    /// A sensor looks again later.
    RescheduleTask {
        reschedule_date: Timestamp,
        end_date: Timestamp,
    },
    /// It waits for a person.
    AwaitInputTask {
        timeout: Option<TimeDelta>,
        next_method: String,
        next_kwargs: Option<Json>,
        rendered_map_index: Option<String>,
    },

    // About itself.
    /// The template fields as they are after rendering.
    SetRenderedFields { rendered_fields: JsonMap },
    /// The label of a mapped instance.
    SetRenderedMapIndex { rendered_map_index: String },
    /// Direct downstream tasks that are not to be run.
    SkipDownstreamTasks { tasks: Vec<SkipTarget> },
    /// Which inlets and outlets are not active.
    ValidateInletsAndOutlets { ti_id: String },
    /// The last successful run before this one.
    GetPrevSuccessfulDagRun { ti_id: String },
    /// When a try was first rescheduled.
    GetTaskRescheduleStartDate { ti_id: String, try_number: i64 },
    /// A value must not be seen from now on; answered by the worker layer.
    MaskSecret { value: Json, name: Option<String> },
    /// The logging stream once more, after an exec; answered by the worker layer.
    ResendLoggingFD,

    // Connections and variables.
    /// One connection with its secrets.
    GetConnection { conn_id: String },
    /// One variable.
    GetVariable { key: String },
    /// Names of variables.
    GetVariableKeys {
        prefix: Option<String>,
        limit: i64,
        offset: i64,
    },
    /// Sets a variable.
    PutVariable {
        key: String,
        value: Option<String>,
        description: Option<String>,
    },
    /// Removes a variable.
    DeleteVariable { key: String },

    // XComs.
    /// One value.
    GetXCom {
        key: String,
        dag_id: DagId,
        run_id: RunId,
        task_id: TaskId,
        map_index: Option<i64>,
        include_prior_dates: bool,
    },
    /// How many mapped instances have a value.
    GetXComCount {
        key: String,
        dag_id: DagId,
        run_id: RunId,
        task_id: TaskId,
    },
    /// One value of a mapped task's, by place.
    GetXComSequenceItem {
        key: String,
        dag_id: DagId,
        run_id: RunId,
        task_id: TaskId,
        offset: i64,
    },
    /// Values of a mapped task, as in Python's slices.
    GetXComSequenceSlice {
        key: String,
        dag_id: DagId,
        run_id: RunId,
        task_id: TaskId,
        start: Option<i64>,
        stop: Option<i64>,
        step: Option<i64>,
        include_prior_dates: bool,
    },
    /// Keeps a value.
    SetXCom {
        key: String,
        value: Json,
        dag_id: DagId,
        run_id: RunId,
        task_id: TaskId,
        map_index: Option<i64>,
        dag_result: bool,
        mapped_length: Option<i64>,
    },
    /// Removes a value.
    DeleteXCom {
        key: String,
        dag_id: DagId,
        run_id: RunId,
        task_id: TaskId,
        map_index: Option<i64>,
    },

    // Dags, runs and instances.
    /// A dag.
    GetDag { dag_id: DagId },
    /// A run.
    GetDagRun { dag_id: DagId, run_id: RunId },
    /// A run's state.
    GetDagRunState { dag_id: DagId, run_id: RunId },
    /// How many runs.
    GetDRCount {
        dag_id: DagId,
        logical_dates: Option<Vec<Timestamp>>,
        run_ids: Option<Vec<RunId>>,
        states: Option<Vec<String>>,
    },
    /// The run before a point in time.
    GetPreviousDagRun {
        dag_id: DagId,
        logical_date: Timestamp,
        state: Option<String>,
    },
    /// The same task in an earlier run.
    GetPreviousTI {
        dag_id: DagId,
        task_id: TaskId,
        logical_date: Option<Timestamp>,
        map_index: i64,
        state: Option<TaskInstanceState>,
    },
    /// How many instances.
    GetTICount {
        dag_id: DagId,
        map_index: Option<i64>,
        task_ids: Option<Vec<TaskId>>,
        task_group_id: Option<String>,
        logical_dates: Option<Vec<Timestamp>>,
        run_ids: Option<Vec<RunId>>,
        states: Option<Vec<String>>,
    },
    /// States of instances.
    GetTaskStates {
        dag_id: DagId,
        map_index: Option<i64>,
        task_ids: Option<Vec<TaskId>>,
        task_group_id: Option<String>,
        logical_dates: Option<Vec<Timestamp>>,
        run_ids: Option<Vec<RunId>>,
    },
    /// What a run's tasks did, in short.
    GetTaskBreadcrumbs { dag_id: DagId, run_id: RunId },
    /// Creates a run, or clears the one that is there.
    TriggerDagRun {
        dag_id: DagId,
        run_id: RunId,
        logical_date: Option<Timestamp>,
        run_after: Option<Timestamp>,
        conf: Option<JsonMap>,
        reset_dag_run: bool,
        partition_key: Option<String>,
        note: Option<String>,
    },

    // Assets.
    /// An asset (`GetAssetByName`, `GetAssetByUri`).
    GetAsset { asset: AssetName },
    /// The assets behind an alias.
    GetAssetsByAlias { alias_name: String },
    /// Events of an asset.
    GetAssetEventByAsset {
        name: Option<String>,
        uri: Option<String>,
        after: Option<Timestamp>,
        before: Option<Timestamp>,
        limit: Option<i64>,
        ascending: bool,
    },
    /// Events of an alias.
    GetAssetEventByAssetAlias {
        alias_name: String,
        after: Option<Timestamp>,
        before: Option<Timestamp>,
        limit: Option<i64>,
        ascending: bool,
    },

    // State stores.
    /// A value of a task's store.
    GetTaskStateStore { ti_id: String, key: String },
    /// Keeps one.
    SetTaskStateStore {
        ti_id: String,
        key: String,
        value: Json,
        expires_at: Option<Timestamp>,
    },
    /// Removes one.
    DeleteTaskStateStore { ti_id: String, key: String },
    /// Removes all.
    ClearTaskStateStore { ti_id: String },
    /// A value of an asset's store (`...ByName`, `...ByUri`; so the others).
    GetAssetStateStore { asset: AssetName, key: String },
    /// Keeps one.
    SetAssetStateStore {
        asset: AssetName,
        key: String,
        value: Json,
    },
    /// Removes one.
    DeleteAssetStateStore { asset: AssetName, key: String },
    /// Removes all.
    ClearAssetStateStore { asset: AssetName },

    // People.
    /// Asks people.
    CreateHITLDetailPayload { detail: HitlDetail },
    /// Answers for them.
    UpdateHITLDetail {
        ti_id: String,
        chosen_options: Vec<String>,
        params_input: Option<JsonMap>,
    },
    /// What they said.
    GetHITLDetailResponse { ti_id: String },

    // Of the dag processor and the triggerer.
    /// What is in a dag file; handled by the worker layer.
    DagFileParsingResult {
        fileloc: String,
        /// Serialised dags and when they were loaded.
        serialized_dags: Vec<(Json, Option<Timestamp>)>,
        warnings: Vec<Json>,
        /// By relative path.
        import_errors: Vec<(String, String)>,
    },
    /// What happened to triggers; handled by the worker layer.
    TriggerStateChanges {
        events: Vec<TriggerFired>,
        failures: Vec<TriggerFailure>,
        finished: Vec<u64>,
    },
}

/// Who is to be skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkipTarget {
    /// The task.
    pub task_id: TaskId,
    /// One instance of it; none means all.
    pub map_index: Option<i64>,
}

/// A trigger has fired.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerFired {
    /// Which.
    pub trigger_id: u64,
    /// The event as `next_kwargs["event"]` takes it: encoded as that Airflow's serialisation does.
    pub payload: Json,
    /// What it ends the task with, where it does (`TaskSuccessEvent`); then nothing goes on.
    pub end: Option<TriggerEnd>,
    /// A number that is to be confirmed (3.3 and later).
    pub seq: Option<u64>,
}

/// How a trigger ends its task by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerEnd {
    /// success, failed or skipped.
    pub state: TaskInstanceState,
    /// Values to keep.
    pub xcoms: Vec<(String, Json)>,
}

/// A trigger has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerFailure {
    /// Which.
    pub trigger_id: u64,
    /// The traceback's lines.
    pub traceback: Option<String>,
}
