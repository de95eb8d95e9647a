//! Every bound of the product, with its unit, most significant word first.

/// Characters of a dag id, task id, run id or pool name (upstream's column width).
pub const KEY_CHARS_MAX: usize = 250;
/// Commands and reports that one store transaction takes.
pub const BATCH_COMMANDS_MAX: usize = 1_024;
/// Commands that may wait; a full queue is answered with 503 and Retry-After.
pub const HANDLE_QUEUE_MAX: usize = 4 * BATCH_COMMANDS_MAX;
/// How long a report that starts nothing may wait for company before it is committed.
pub const BATCH_LAZY_MS: u64 = 20;
/// Task instances that one decision may finish by cascade before it lets others have a turn.
pub const CASCADE_TASKS_MAX: usize = 100_000;
/// Bytes of one dag file.
pub const DAG_FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Bytes of one archive of Python dag files.
pub const DAG_ZIP_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of private memory of a process that reads a Python dag file, runs callbacks or watches
/// triggers; half of the machine's, where that is less.
pub const PYTHON_OTHERS_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// Files of plugins that are looked at for changes.
pub const PLUGIN_FILES_MAX: usize = 10_000;
/// How often a warm interpreter is started for one purpose, when it dies without a word at its
/// start or while it is asked for a child.
pub const ZYGOTE_TRIES_MAX: u32 = 3;
/// How long one Python dag file may take to be read (upstream `dag_file_processor_timeout`).
pub const DAG_PARSE_MS_MAX: u64 = 50_000;
/// Python dag files that are read at once.
pub const DAG_PARSES_MAX: usize = 2;
/// Children that make callbacks at once, each for one dag file.
pub const CALLBACK_SESSIONS_MAX: usize = 2;
/// Callbacks that one child makes.
pub const CALLBACKS_AT_ONCE_MAX: usize = 64;
/// Bytes of the log of a dag file's children, or of the triggerer, from which on it begins anew.
pub const SESSION_LOG_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of new triggers that the triggerer is told of at once, beside the last one.
pub const TRIGGER_SYNC_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long after its end a trigger that watches an asset is begun again, in milliseconds; doubled
/// for each failure in a row.
pub const WATCH_AGAIN_MS: u64 = 1_000;
/// The most of that, in milliseconds.
pub const WATCH_AGAIN_MS_MAX: u64 = 60_000;
/// How long an answer of the evaluator that went wrong is left alone, in milliseconds.
pub const EVALUATE_AGAIN_MS: i64 = 60_000;
/// Tries of a task whose strategy is asked for their weights; later ones have that of the last.
pub const STRATEGY_TRIES_MAX: u32 = 16;
/// Values of a dag file's YAML with its aliases written out.
pub const DAG_YAML_NODES_MAX: usize = 2_000_000;
/// Bytes of text of a dag file's YAML with its aliases written out.
pub const DAG_YAML_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Levels of nesting in a dag file.
pub const DAG_YAML_DEPTH_MAX: usize = 64;
/// Steps of one template; each costs well under a microsecond.
pub const TEMPLATE_FUEL_MAX: u64 = 500_000;
/// Bytes that one template may give.
pub const TEMPLATE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Tasks of one dag.
pub const DAG_TASKS_MAX: usize = 100_000;
/// Dag files of one deployment.
pub const DAG_FILES_MAX: usize = 100_000;
/// Instances of one mapped task in one run, however its lengths multiply.
pub const MAP_INSTANCES_MAX: u32 = 100_000;
/// Default of `core.max_map_length`: items of a pushed value that a task is expanded over.
pub const MAP_LENGTH_MAX_DEFAULT: u32 = 1_024;
/// Default of `scheduler.task_queued_timeout`: how long a worker may have a try and not begin.
pub const QUEUED_MS_MAX: i64 = 600_000;
/// Default of `scheduler.num_stuck_in_queued_retries`: how often a stuck try is queued anew.
pub const STUCK_RETRIES_MAX: u32 = 2;
/// Runs that are told with an asset event that made them.
pub const ASSET_EVENT_RUNS_MAX: usize = 1_000;
/// Asset events that a task is told at once.
pub const ASSET_EVENTS_ANSWER_MAX: usize = 10_000;
/// Default of `scheduler.partition_mapper_max_downstream_keys`: runs of one dag that one event may
/// ask for.
pub const PARTITION_KEYS_MAX_DEFAULT: usize = 1_000;
/// Asset events that one command deletes.
pub const ASSET_EVENTS_PRUNE_MAX: usize = 1_000;
/// Characters of an audit entry's event (upstream's column width).
pub const AUDIT_EVENT_CHARS_MAX: usize = 60;
/// Characters of an audit entry's owner (upstream's column width).
pub const AUDIT_OWNER_CHARS_MAX: usize = 500;
/// Bytes of what an audit entry keeps of a request's body and query as JSON.
pub const AUDIT_EXTRA_BYTES_MAX: usize = 16 * 1024;
/// Audit entries that one command deletes.
pub const AUDIT_PRUNE_MAX: usize = 1_000;
/// Values of one attribute that are looked up one by one in an index of the audit log; for more,
/// entries themselves are looked at.
pub const AUDIT_VALUES_MAX: usize = 1_000;
/// Bytes of an XCom value as JSON.
pub const XCOM_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of an XCom value as JSON that a Python task pushes.
pub const PYTHON_XCOM_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of a run's conf as JSON.
pub const CONF_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a request body.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a request's body may take to arrive.
pub const BODY_MS_MAX: u64 = 30_000;
/// How long a request's head may take to arrive; the next one on a kept connection too.
pub const HEADER_MS_MAX: u64 = 15_000;
/// Connections of clients at once; more wait to be accepted.
pub const CONNECTIONS_MAX: usize = 512;
/// Clients that are sent live changes or log lines at once.
pub const STREAMS_MAX: usize = 256;
/// Reads of the book for requests at once; more wait for a turn.
pub const READS_MAX: usize = 64;
/// How long a stopping server waits for requests that are under way.
pub const DRAIN_MS_MAX: u64 = 5_000;
/// Shortest time between two notices of changes to one client.
pub const EVENTS_EVERY_MS: u64 = 250;
/// Entries on one page of a list, as upstream's `maximum_page_limit`.
pub const PAGE_ENTRIES_MAX: usize = 100;
/// Entries on a page where the caller names no limit, as upstream's `fallback_page_limit`.
pub const PAGE_ENTRIES_DEFAULT: usize = 50;
/// Rows that a list looks at before it answers with what it has.
pub const LIST_SCAN_ROWS_MAX: usize = 20_000;
/// Free bytes in the book that are worth a compaction, if they are more than half of it.
pub const COMPACT_FREE_BYTES_MIN: u64 = 32 * 1024 * 1024;
/// How long a compaction waits for the last reader to end.
pub const COMPACT_WAIT_MS: u64 = 200;
/// Bytes of a dag's source from which on it is kept compressed.
pub const SOURCE_COMPRESS_BYTES_MIN: usize = 4 * 1024;
/// Bytes of one log line; the rest of a longer one is cut off with a mark.
pub const LOG_LINE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one try's log file; what comes after is counted, not kept.
pub const LOG_FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// How long a task has after TERM before it gets KILL.
pub const KILL_GRACE_MS: u64 = 5_000;
/// How long output is still read after a task's process group is gone, for what a stray descendant
/// that left the group may print.
pub const OUTPUT_GRACE_MS: u64 = 2_000;
/// Bytes of one message between server and worker.
pub const FRAME_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long a server waits for a worker process to begin and to answer.
pub const WORKER_ANSWER_MS: u64 = 10_000;
/// The longest pause between two attempts to reach a worker process.
pub const WORKER_BACKOFF_MS_MAX: u64 = 5_000;
/// How long a worker process without a server and without tries stays.
pub const WORKER_IDLE_MS: u64 = 10 * 60 * 1_000;
/// How long a triggerer that ended stays down before it is started anew, in milliseconds: one that
/// ends at its first word must not take a processor.
pub const TRIGGERER_AGAIN_MS: u64 = 1_000;
/// Bytes of the body of an answer to a task's HTTP request.
pub const HTTP_BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of one frame between a Python child and its supervisor.
pub const PYTHON_FRAME_BYTES_MAX: usize = FRAME_BYTES_MAX - 64 * 1024;
/// Frames of one child that may wait for an answer.
pub const PYTHON_FRAMES_MAX: usize = 256;
/// Bytes of one record on a child's logging stream.
pub const PYTHON_LOG_RECORD_BYTES_MAX: usize = 1024 * 1024;
/// How long a warm interpreter may take to begin, imports included.
pub const ZYGOTE_BOOT_MS: u64 = 120_000;
/// How long a warm interpreter may take to fork.
pub const ZYGOTE_FORK_MS: u64 = 20_000;
/// Forks after which a warm interpreter is replaced.
pub const ZYGOTE_FORKS_MAX: u64 = 20_000;
/// Bytes by which a warm interpreter may grow before it is replaced.
pub const ZYGOTE_GROWTH_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// How long a warm interpreter without children stays.
pub const ZYGOTE_IDLE_MS: u64 = 10 * 60 * 1_000;
/// Dag files that a warm interpreter keeps read for tasks to come.
pub const KEPT_DAGS_MAX: usize = 4;
/// How long a value of a task's state store is kept that does not say how long, in days.
pub const STATE_KEEP_DAYS_DEFAULT: u32 = 30;
/// Two tasks of one dag file within this time have it kept.
pub const KEEP_DAG_WITHIN_MS: u64 = 10_000;
/// How long a kept dag file without tasks stays.
pub const KEPT_DAG_IDLE_MS: u64 = 10_000;
/// How long reading a dag file to keep it may take.
pub const KEEP_DAG_MS: u64 = 30_000;
/// How long a dag file that could not be kept is not tried again.
pub const UNKEPT_DAG_MS: u64 = 60_000;
/// How long a task's process may go on after its success is in the book (upstream's
/// `task_success_overtime`).
pub const SUCCESS_OVERTIME_MS: u64 = 20_000;
/// How long the streams of a child that has ended are read for what its descendants print
/// (upstream's `socket_cleanup_timeout`).
pub const SOCKET_CLEANUP_MS: u64 = 60_000;
/// How much longer than `execution_timeout` a Python task's process stays, since it applies the
/// limit itself as long as it can.
pub const PYTHON_TIMEOUT_GRACE_MS: u64 = 30_000;
/// Bytes of a child's standard error that are kept to say why it ended.
pub const PYTHON_TAIL_BYTES_MAX: usize = 8 * 1024;
/// Open files that the worker process asks for; tasks get the limit that it was started with.
pub const WORKER_FILES_MAX: u64 = 65_536;
/// Tasks of all dags that are kept in memory for readers; dags beyond are imported again.
pub const DAG_CACHE_TASKS_MAX: usize = 100_000;
/// How long a store snapshot may live; older ones make the file grow.
pub const SNAPSHOT_MS_MAX: u64 = 10_000;
/// Runs that one scheduling step creates for one dag by catchup before others have a turn.
pub const RUNS_CREATED_PER_STEP_MAX: usize = 16;
/// Task instances that one scheduling step creates for a backfill before others have a turn.
pub const BACKFILL_TASKS_PER_STEP_MAX: usize = 2_000;
/// Dates of one backfill.
pub const BACKFILL_DATES_MAX: usize = 100_000;
/// Dates of one backfill of a timetable that only Python knows.
pub const BACKFILL_ASKED_DATES_MAX: usize = 10_000;
/// How long somebody who asks for a run waits for what its timetable in Python says of it.
pub const EVALUATE_MS_MAX: u64 = 20_000;
/// How long the answer to a request for a backfill waits for its runs to be there.
pub const BACKFILL_WAIT_MS_MAX: u64 = 60_000;
/// Default of a backfill's `max_active_runs`.
pub const BACKFILL_ACTIVE_RUNS_DEFAULT: u32 = 10;
/// Default of `core.parallelism`: task instances queued or running at once.
pub const PARALLELISM_DEFAULT: u32 = 32;
/// Default of a dag's `max_active_tasks` (upstream `max_active_tasks_per_dag`).
pub const MAX_ACTIVE_TASKS_DEFAULT: u32 = 16;
/// Default of a dag's `max_active_runs` (upstream `max_active_runs_per_dag`).
pub const MAX_ACTIVE_RUNS_DEFAULT: u32 = 16;
/// Slots of `default_pool` at the first start.
pub const DEFAULT_POOL_SLOTS: i32 = 128;
/// The longest wait between two tries, in seconds (upstream `MAX_RETRY_DELAY`).
pub const RETRY_DELAY_S_MAX: i64 = 24 * 60 * 60;

const _: () = assert!(BATCH_COMMANDS_MAX < HANDLE_QUEUE_MAX);
const _: () = assert!(PAGE_ENTRIES_DEFAULT <= PAGE_ENTRIES_MAX);
const _: () = assert!((LOG_LINE_BYTES_MAX as u64) < LOG_FILE_BYTES_MAX);
const _: () = assert!(XCOM_BYTES_MAX < FRAME_BYTES_MAX && BODY_BYTES_MAX < FRAME_BYTES_MAX);
const _: () = assert!(LOG_LINE_BYTES_MAX < XCOM_BYTES_MAX);
const _: () = assert!(XCOM_BYTES_MAX < PYTHON_FRAME_BYTES_MAX);
const _: () = assert!(PYTHON_XCOM_BYTES_MAX < PYTHON_FRAME_BYTES_MAX);
