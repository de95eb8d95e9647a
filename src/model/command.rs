//! What may be asked of the scheduler, and what it answers.

use crate::{
    AssetEventNo, AssetNo, AuditNo, DagId, DagNo, Fence, Json, JsonMap, RunId, RunNo, TaskId,
    TiKey, Timestamp,
    asset::AssetState,
    audit::AuditEntry,
    backfill::{Backfill, BackfillAct, BackfillAsk},
    change::{Connection, DagFile, DagSource, Kept, KeptValue, Pool, Variable},
    dag::Dag,
    evaluation::Evaluated,
    execution::HitlUser,
    human::HumanInput,
    schedule::DataInterval,
    state::{DagRunState, DagRunType, TaskInstanceState, TriggeredBy},
};

/// A request to change something. Who may ask is settled before.
#[derive(Clone, Debug)]
pub enum Command {
    /// Create a run.
    TriggerRun(Box<TriggerRun>),
    /// Pause or unpause.
    SetPaused { dag_id: DagId, paused: bool },
    /// Clear task instances so that they run again.
    Clear(Box<Clear>),
    /// Set the state of task instances by hand: success, failed or skipped.
    SetTaskState(Box<SetTaskState>),
    /// The same for all tasks of a group, those of groups in it among them.
    SetGroupState(Box<SetGroupState>),
    /// Delete a task instance; its run goes on without it.
    DeleteTaskInstance { key: TiKey },
    /// Set the state of a run by hand: success or failed, or queued to run it again.
    SetRunState {
        dag_id: DagId,
        run_id: RunId,
        state: DagRunState,
        user: Option<String>,
    },
    /// Remark on a run.
    SetRunNote {
        dag_id: DagId,
        run_id: RunId,
        note: Option<String>,
    },
    /// A run is for no partition any more.
    ForgetPartition { dag_id: DagId, run_id: RunId },
    /// Remark on a task instance.
    SetTaskNote { key: TiKey, note: Option<String> },
    /// Delete a run with all of it.
    DeleteRun { dag_id: DagId, run_id: RunId },
    /// Delete a dag with all of it.
    DeleteDag { dag_id: DagId },
    /// A dag file was read: new or changed dags.
    PublishFile(Box<PublishFile>),
    /// A dag file is gone.
    RemoveFile { path: String },
    /// Create or change a pool.
    PutPool { pool: Pool, only_new: bool },
    /// Delete a pool.
    DeletePool { name: crate::PoolName },
    /// Create or change a variable.
    PutVariable { variable: Variable, only_new: bool },
    /// Delete a variable.
    DeleteVariable { key: String },
    /// Set an XCom by hand.
    PutXCom {
        key: TiKey,
        name: String,
        value: Json,
    },
    /// Delete an XCom.
    DeleteXCom { key: TiKey, name: String },
    /// Keep an XCom that a running task pushes; refused when others are to be expanded over it and
    /// it is too long.
    PushXCom {
        key: TiKey,
        name: String,
        value: Json,
        /// How many items it has, where a mapped task or group is expanded over it.
        mapped_length: Option<u32>,
    },
    /// Tasks of its run that a running task does not want to run. A name alone means the instance
    /// without a map index, or all that still wait; what runs or ended stays as it is.
    SkipDownstream {
        key: TiKey,
        tasks: Vec<(TaskId, Option<i32>)>,
    },
    /// Keep things beside the XComs of a task instance, or no longer; all of it or nothing.
    Keep {
        key: TiKey,
        kept: Vec<(Kept, Option<KeptValue>)>,
    },
    /// A callback was made, or cannot be made any more.
    CallbackDone { no: crate::Fence },
    /// What only Python could say, or why there is no answer.
    Evaluated {
        no: crate::Fence,
        dag: DagNo,
        version: crate::VersionNo,
        answer: Result<Evaluated, String>,
    },
    /// A task asks people. In the same try it is asked once; an answer that is there goes.
    AskHuman(Box<HumanInput>),
    /// Somebody answers a task's question, or its trigger does.
    AnswerHuman {
        key: TiKey,
        chosen_options: Vec<String>,
        params_input: JsonMap,
        /// Who; none for a trigger that takes the defaults.
        by: Option<HitlUser>,
        /// Whether those who are not among `assigned_users` may answer, as where nobody signs in.
        for_others: bool,
    },
    /// Create or change a connection.
    PutConnection {
        connection: Connection,
        only_new: bool,
    },
    /// Delete a connection.
    DeleteConnection { conn_id: String },
    /// Whether there is room to start work; told by the disk watch.
    SetDisk { free_bytes: u64, needed_bytes: u64 },
    /// Create a backfill.
    CreateBackfill(Box<BackfillAsk>),
    /// Pause, unpause or cancel a backfill.
    ChangeBackfill {
        no: u64,
        act: BackfillAct,
        user: Option<String>,
    },
    /// Old runs that retention has chosen.
    Prune { runs: Vec<RunNo> },
    /// Old asset events that retention has chosen.
    PruneAssetEvents { events: Vec<AssetEventNo> },
    /// Somebody asked for something: for the audit log. It may wait for company, since what was
    /// asked for follows at once.
    Audit(Box<AuditEntry>),
    /// Old entries of the audit log that retention has chosen.
    PruneAudit { entries: Vec<AuditNo> },
    /// Word that an asset has changed, by a person.
    AddAssetEvent {
        asset: AssetNo,
        extra: JsonMap,
        partition_key: Option<String>,
    },
    /// A trigger that watches assets has fired.
    WatcherFired { trigger: Fence, payload: Json },
    /// Forget the events that wait for runs: of a dag, of an asset, before a point in time.
    DeleteQueuedAssets {
        dag: Option<DagNo>,
        asset: Option<AssetNo>,
        before: Option<Timestamp>,
    },
    /// Keep a value with an asset, or no longer; without a key all of them go.
    KeepAssetState {
        asset: AssetNo,
        key: Option<String>,
        state: Option<Box<AssetState>>,
    },
}

/// A run to create.
#[derive(Clone, Debug)]
pub struct TriggerRun {
    /// Of which dag.
    pub dag_id: DagId,
    /// Its id; made from type and date when absent.
    pub run_id: Option<RunId>,
    /// Manual, operator-triggered and so on.
    pub run_type: DagRunType,
    /// The point in time it stands for.
    pub logical_date: Option<Timestamp>,
    /// The data it works on; inferred from the logical date when absent.
    pub data_interval: Option<DataInterval>,
    /// Not started before; now when absent.
    pub run_after: Option<Timestamp>,
    /// Params, an object.
    pub conf: Json,
    /// A remark.
    pub note: Option<String>,
    /// Who asked.
    pub triggered_by: TriggeredBy,
    /// The person who asked.
    pub user: Option<String>,
    /// Clear and rerun a run that has this id or date already (`reset_dag_run`).
    pub reset: bool,
    /// Which partition it is for, where the dag's runs are for partitions.
    pub partition_key: Option<String>,
}

/// What to clear. Without `run_id` it spans the dag's runs between the dates.
#[derive(Clone, Debug, Default)]
pub struct Clear {
    /// Of which dag.
    pub dag_id: Option<DagId>,
    /// Of which run.
    pub run_id: Option<RunId>,
    /// Runs with a logical date from here.
    pub start_date: Option<Timestamp>,
    /// Runs with a logical date to here.
    pub end_date: Option<Timestamp>,
    /// Which tasks, with a map index where only one is meant; all when empty.
    pub tasks: Vec<(TaskId, Option<i32>)>,
    /// Those above too.
    pub include_upstream: bool,
    /// Those below too.
    pub include_downstream: bool,
    /// The same in later runs too.
    pub include_future: bool,
    /// The same in earlier runs too.
    pub include_past: bool,
    /// Only failed and upstream_failed ones.
    pub only_failed: bool,
    /// Only running ones.
    pub only_running: bool,
    /// Only tasks that the latest version has and the run does not: the run follows that version.
    pub only_new: bool,
    /// Put finished runs back to queued.
    pub reset_dag_runs: bool,
    /// Refuse when one of them is running.
    pub prevent_running_task: bool,
    /// Follow the latest version of the dag; as the dag says when absent.
    pub run_on_latest_version: Option<bool>,
    /// Only say what would be cleared.
    pub dry_run: bool,
    /// A remark.
    pub note: Option<String>,
}

/// Task instances to set by hand.
#[derive(Clone, Debug)]
pub struct SetTaskState {
    /// Of which dag.
    pub dag_id: DagId,
    /// Of which run.
    pub run_id: RunId,
    /// Which task.
    pub task_id: TaskId,
    /// Which instance; all of the task when absent.
    pub map_index: Option<i32>,
    /// success, failed or skipped.
    pub state: TaskInstanceState,
    /// Those above too.
    pub include_upstream: bool,
    /// Those below too.
    pub include_downstream: bool,
    /// The same in later runs too.
    pub include_future: bool,
    /// The same in earlier runs too.
    pub include_past: bool,
    /// Only say what would be set.
    pub dry_run: bool,
    /// Who asked.
    pub user: Option<String>,
}

/// Task instances of a group to set by hand.
#[derive(Clone, Debug)]
pub struct SetGroupState {
    /// Of which dag.
    pub dag_id: DagId,
    /// Of which run.
    pub run_id: RunId,
    /// Which group of the latest version.
    pub group_id: String,
    /// success, failed or skipped.
    pub state: TaskInstanceState,
    /// Those above too.
    pub include_upstream: bool,
    /// Those below too.
    pub include_downstream: bool,
    /// The same in later runs too.
    pub include_future: bool,
    /// The same in earlier runs too.
    pub include_past: bool,
    /// Only say what would be set.
    pub dry_run: bool,
    /// Who asked.
    pub user: Option<String>,
}

/// What a dag file says now.
#[derive(Clone, Debug)]
pub struct PublishFile {
    /// The file's row; `dags` in it is filled in by the engine.
    pub file: DagFile,
    /// Its dags, empty when the file is broken; then the last good ones stay.
    pub dags: Vec<PublishDag>,
}

/// One dag of a file.
#[derive(Clone, Debug)]
pub struct PublishDag {
    /// The dag.
    pub dag: std::sync::Arc<Dag>,
    /// How it was written.
    pub source: DagSource,
    /// Of the source, in hexadecimal; for Python of what it means, a dot, and of its text.
    pub hash: String,
    /// How long reading took, in microseconds.
    pub parse_us: u64,
}

/// What was answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Done, nothing to tell.
    Done,
    /// The run that was created, or reset.
    Run {
        dag: DagNo,
        run: RunNo,
        run_id: RunId,
    },
    /// The task instances that were, or would be, affected.
    TaskInstances(Vec<TiKey>),
    /// The event that was made of word that an asset has changed.
    AssetEvent(AssetEventNo),
    /// The backfill as it is now.
    Backfill(Box<Backfill>),
    /// Not done, and why.
    Refused(Refusal),
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What sort of no it is.
    pub kind: RefusalKind,
    /// Such as `RUN-001`; a page of `assets/errors`.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// The sorts of no; the API's status follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// 404.
    NotFound,
    /// 403.
    Forbidden,
    /// 409.
    Conflict,
    /// 400.
    Invalid,
    /// 422.
    Unprocessable,
    /// 503 with Retry-After.
    Unavailable,
}
