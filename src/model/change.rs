//! What a decision changes in the book. A batch's changes are one transaction.

use crate::{
    AssetEventNo, AssetNo, AuditNo, DagId, DagNo, Fence, Json, PoolName, RunNo, TaskId, TaskNo,
    TiKey, Timestamp, VersionNo,
    asset::{AliasRow, AssetEvent, AssetRow, AssetState, DagAssets, PendingRun, QueuedAsset},
    audit::AuditEntry,
    backfill::Backfill,
    callback::OwedCallback,
    deadline::Deadline,
    human::HumanInput,
    run::DagRun,
    state::DagRunState,
    state::TaskInstanceState,
    task_instance::TaskInstance,
};

/// One change. Within a batch the last one for a key wins, and the engine emits each key once.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A dag's row.
    PutDag(Box<DagRow>),
    /// A task id got its number within a dag.
    PutTaskName {
        dag: DagNo,
        task: TaskNo,
        task_id: TaskId,
    },
    /// A new version of a dag.
    PutVersion(Box<DagVersion>),
    /// A dag and all of it.
    DeleteDag { dag: DagNo, dag_id: DagId },
    /// A run; `was` is the state in the book, none when it is new.
    PutRun {
        run: Box<DagRun>,
        was: Option<DagRunState>,
    },
    /// A backfill.
    PutBackfill(Box<Backfill>),
    /// A deadline of a run.
    PutDeadline(Deadline),
    /// A deadline that was kept.
    DeleteDeadline { run: RunNo, alert: u32 },
    /// A run with its task instances, tries and XComs.
    DeleteRun { run: RunNo },
    /// A task instance; `dag` owns the run, `was` is the state in the book, none when it is new.
    PutTaskInstance {
        dag: DagNo,
        ti: Box<TaskInstance>,
        was: Option<TaskInstanceState>,
    },
    /// A task instance that is there no longer: a mapped one's placeholder became the first of its
    /// instances, which has another key.
    DeleteTaskInstance { dag: DagNo, key: TiKey },
    /// A finished try, before the next one overwrites it.
    ArchiveTry(Box<TaskInstance>),
    /// An XCom.
    PutXCom {
        key: TiKey,
        name: String,
        value: Json,
        at: Timestamp,
    },
    /// All XComs of a task instance (a new try begins), or one of them.
    DeleteXCom { key: TiKey, name: Option<String> },
    /// A pool.
    PutPool(Pool),
    /// A pool.
    DeletePool { name: PoolName },
    /// Something that a task keeps beside its XComs; it outlives the try.
    PutKept {
        key: TiKey,
        what: Kept,
        value: KeptValue,
    },
    /// It is kept no longer.
    DeleteKept { key: TiKey, what: Kept },
    /// A callback is owed.
    PutCallback(OwedCallback),
    /// It was made, or nobody wants it any more.
    DeleteCallback { no: Fence },
    /// A question to people, with its answer.
    PutHumanInput(Box<HumanInput>),
    /// A connection; its words are sealed before they get here.
    PutConnection(Connection),
    /// A connection.
    DeleteConnection { conn_id: String },
    /// A variable; the value is sealed before it gets here.
    PutVariable(Variable),
    /// A variable.
    DeleteVariable { key: String },
    /// A dag file's row.
    PutFile(Box<DagFile>),
    /// A dag file is gone.
    DeleteFile { path: String },
    /// An asset.
    PutAsset(Box<AssetRow>),
    /// An alias of assets.
    PutAlias(Box<AliasRow>),
    /// What a dag has to do with assets.
    PutDagAssets(Box<DagAssets>),
    /// A dag has nothing to do with assets any more.
    DeleteDagAssets { dag: DagNo },
    /// An event of an asset.
    PutAssetEvent(Box<AssetEvent>),
    /// An event of an asset, which is forgotten.
    DeleteAssetEvent { event: AssetEventNo },
    /// An event waits for a run.
    PutQueuedAsset(QueuedAsset),
    /// It waits no longer.
    DeleteQueuedAsset { dag: DagNo, asset: AssetNo },
    /// A run for a partition waits for events.
    PutPendingRun(Box<PendingRun>),
    /// It waits no longer.
    DeletePendingRun { dag: DagNo, key: String },
    /// The events that a run was made for, in order.
    PutConsumed {
        run: RunNo,
        events: Vec<AssetEventNo>,
    },
    /// An entry of the audit log.
    PutAudit { no: AuditNo, entry: Box<AuditEntry> },
    /// An old entry of the audit log, which is forgotten.
    DeleteAudit { no: AuditNo },
    /// A value that an asset keeps.
    PutAssetState {
        asset: AssetNo,
        key: String,
        state: Box<AssetState>,
    },
    /// It keeps it no longer, or nothing at all any more.
    DeleteAssetState { asset: AssetNo, key: Option<String> },
    /// The next numbers to give out.
    PutCounters(Counters),
}

/// The next numbers to give out. Never go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// Next dag.
    pub dag: DagNo,
    /// Next run.
    pub run: RunNo,
    /// Next fence.
    pub fence: Fence,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            dag: DagNo(1),
            run: RunNo(1),
            fence: Fence(1),
        }
    }
}

/// What is kept of a dag beside its versions: enough to list and to schedule without reading a
/// file.
#[derive(Clone, Debug, PartialEq)]
pub struct DagRow {
    /// Its number.
    pub no: DagNo,
    /// Its id.
    pub dag_id: DagId,
    /// Paused by a person, or by failures.
    pub is_paused: bool,
    /// Its file is gone, or no longer says it.
    pub is_stale: bool,
    /// The latest version.
    pub version: VersionNo,
    /// The file, relative to the dag folder.
    pub file: String,
    /// When the latest version was read.
    pub last_parsed: Timestamp,
    /// How long reading took, in microseconds.
    pub last_parse_us: u64,
    /// The next scheduled run; none when nothing is scheduled.
    pub next_run: Option<NextRun>,
    /// The logical date (or tick) of the last scheduled run, from which the next follows.
    pub last_scheduled: Option<crate::schedule::DataInterval>,
    /// For lists: display name, description, tags, owners, schedule, limits, as the version says.
    pub summary: DagSummary,
}

/// The next scheduled run of a dag.
#[derive(Clone, Debug, PartialEq)]
pub struct NextRun {
    /// Its logical date.
    pub logical_date: Option<Timestamp>,
    /// Its data interval.
    pub data_interval: Option<crate::schedule::DataInterval>,
    /// When to create it.
    pub run_after: Timestamp,
    /// The key of its partition, for partitioned timetables.
    pub partition_key: Option<String>,
    /// The date of its partition.
    pub partition_date: Option<Timestamp>,
}

/// What lists show of a dag.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DagSummary {
    /// The name to show.
    pub display_name: Option<String>,
    /// One line.
    pub description: Option<String>,
    /// Sorted.
    pub tags: Vec<String>,
    /// Sorted.
    pub owners: Vec<String>,
    /// What upstream shows as the schedule (`0 * * * *`, `None`, `1 day, 0:00:00`).
    pub timetable_summary: Option<String>,
    /// The same in words.
    pub timetable_description: Option<String>,
    /// Whether it runs by a clock.
    pub timetable_periodic: bool,
    /// Runs at once.
    pub max_active_runs: u32,
    /// Task instances at once in each run.
    pub max_active_tasks: u32,
    /// Failed runs in a row after which it is paused; 0 is never.
    pub max_consecutive_failed_dag_runs: u32,
    /// Whether any task has a limit of its own.
    pub has_task_concurrency_limits: bool,
    /// How many tasks.
    pub n_tasks: u32,
}

/// A version of a dag as it was written: the importer makes the same dag of it again.
#[derive(Clone, Debug, PartialEq)]
pub struct DagVersion {
    /// Whose.
    pub dag: DagNo,
    /// Which, counted from 1.
    pub version: VersionNo,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// Of `source`, as it was published.
    pub hash: String,
    /// The source.
    pub source: DagSource,
}

/// How a dag was written.
#[derive(Clone, Debug, PartialEq)]
pub enum DagSource {
    /// Airflow 3.4's YAML, with the files that it takes in (`$f`) by their path.
    Yaml {
        /// The document.
        text: String,
        /// Path as written, and content.
        files: Vec<(String, String)>,
    },
    /// A serialised dag as upstream's parser gives it.
    Serialized {
        /// The JSON text.
        json: String,
        /// The Python file as it was; none where it is an archive, or was gone before it was kept.
        text: Option<String>,
    },
}

/// What is known of a dag file.
#[derive(Clone, Debug, PartialEq)]
pub struct DagFile {
    /// Relative to the dag folder, with `/`.
    pub path: String,
    /// SHA-256 of its content (and of the files that it takes in) in hexadecimal.
    pub hash: String,
    /// Size in bytes, modification time in nanoseconds and inode when it was read.
    pub stamp: (u64, i64, u64),
    /// The dags that its last good content says.
    pub dags: Vec<DagNo>,
    /// What is wrong with its present content.
    pub error: Option<ImportError>,
    /// What is odd with its dags, and does not keep them from running.
    pub warnings: Vec<DagWarning>,
}

/// Something that is odd with a dag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DagWarning {
    /// Which dag.
    pub dag_id: DagId,
    /// Upstream's word: `asset conflict`, `non-existent pool`, `runtime varying value`.
    pub kind: String,
    /// What is odd.
    pub message: String,
}

/// Why a dag file could not be taken.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportError {
    /// When it was found.
    pub at: Timestamp,
    /// Such as `DAG-003`.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column, from 1.
    pub column: Option<u32>,
}

/// A pool of slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub name: PoolName,
    /// How many; -1 is without end.
    pub slots: i32,
    /// One line.
    pub description: Option<String>,
    /// Whether deferred instances keep their slots.
    pub include_deferred: bool,
}

/// What a task instance keeps beside its XComs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// Its template fields as they were after rendering, an object.
    Rendered,
    /// A value of its state store, by key.
    State(String),
    /// How often which try was rescheduled, an object of `try` and `count`.
    Rescheduled,
}

/// A value that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptValue {
    /// The value.
    pub value: Json,
    /// From when on it is as good as gone.
    pub expires_at: Option<Timestamp>,
    /// When it was set; older books do not say.
    pub updated_at: Option<Timestamp>,
}

/// A connection with its words sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub conn_id: String,
    /// Its kind, for lists (`postgres`).
    pub conn_type: String,
    /// All its words as a JSON object, sealed by `security`.
    pub sealed: Vec<u8>,
    /// One line.
    pub description: Option<String>,
}

/// A variable with its value sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its key.
    pub key: String,
    /// The value, sealed by `security`.
    pub sealed: Vec<u8>,
    /// One line.
    pub description: Option<String>,
}
