//! Why something is as it is: the engine's own words, the same in log, API, CLI and UI.

use std::fmt;

use crate::{PoolName, RunId, TaskId, Timestamp, state::TriggerRule};

/// Why a task instance or a run is where it is, or does not go on.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The dag is paused.
    DagPaused,
    /// The dag's file is gone.
    DagStale,
    /// The run waits for its `run_after`.
    RunNotBefore { at: Timestamp },
    /// The run's logical date is in the future.
    LogicalDateInFuture { at: Timestamp },
    /// Other runs of the dag come first.
    MaxActiveRuns { running: u32, limit: u32 },
    /// The run's backfill is paused.
    BackfillPaused { backfill: u64 },
    /// The run itself is still queued.
    RunQueued,
    /// Upstream tasks are not finished (the first few, and how many in all).
    WaitsFor { tasks: Vec<TaskId>, n_tasks: u32 },
    /// The trigger rule can no longer be met.
    RuleUnmet {
        rule: TriggerRule,
        tasks: Vec<TaskId>,
    },
    /// An upstream task failed.
    UpstreamFailed { task: TaskId },
    /// An upstream task was skipped.
    UpstreamSkipped { task: TaskId },
    /// A branch did not choose it.
    NotChosen { task: TaskId },
    /// The same task of an earlier run has not ended well.
    DependsOnPast { run_id: RunId },
    /// No slot is open.
    PoolFull {
        pool: PoolName,
        occupied: i64,
        slots: i64,
    },
    /// It asks for more slots than the pool has.
    PoolTooSmall {
        pool: PoolName,
        asked: u32,
        slots: i64,
    },
    /// There is no such pool.
    PoolMissing { pool: PoolName },
    /// `max_active_tasks` of the dag, per run.
    MaxActiveTasks { active: u32, limit: u32 },
    /// `max_active_tis_per_dag`.
    MaxActivePerDag { active: u32, limit: u32 },
    /// `max_active_tis_per_dagrun`.
    MaxActivePerRun { active: u32, limit: u32 },
    /// The installation runs as many as it may.
    Parallelism { active: u32, limit: u32 },
    /// Waits for the next try.
    RetryAt {
        at: Timestamp,
        try_number: u32,
        max_tries: u32,
    },
    /// Looks again later.
    RescheduleAt { at: Timestamp },
    /// Waits for a point in time without a slot.
    DeferredUntil { at: Timestamp },
    /// Waits for something else without a slot.
    DeferredFor { what: String },
    /// Handed to a worker that has not said that it began.
    Starting,
    /// The disk is too full to start anything.
    DiskFull { free_bytes: u64, needed_bytes: u64 },
    /// The try failed.
    Failed { message: String },
    /// The try ran too long.
    TimedOut { after_s: u64 },
    /// The process was ended from outside, or lost.
    Lost { message: String },
    /// Somebody set this state by hand.
    SetByHand { user: Option<String> },
    /// The run took longer than `dagrun_timeout`.
    RunTimedOut { after_s: u64 },
    /// A task of the run failed.
    TaskFailure { task: TaskId },
    /// Nothing can go on.
    Deadlocked,
    /// A failure ended all else (`fail_fast`).
    FailFast { task: TaskId },
    /// The task skipped itself.
    SkippedItself { message: String },
    /// It needs a Python runtime, and none is there.
    NoRuntime,
    /// The task is no longer part of the dag.
    TaskRemoved,
}

impl Reason {
    /// A stable word for machines.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::DagPaused => "dag_paused",
            Self::DagStale => "dag_stale",
            Self::RunNotBefore { .. } => "run_not_before",
            Self::LogicalDateInFuture { .. } => "logical_date_in_future",
            Self::MaxActiveRuns { .. } => "max_active_runs",
            Self::BackfillPaused { .. } => "backfill_paused",
            Self::RunQueued => "run_queued",
            Self::WaitsFor { .. } => "waits_for",
            Self::RuleUnmet { .. } => "rule_unmet",
            Self::UpstreamFailed { .. } => "upstream_failed",
            Self::UpstreamSkipped { .. } => "upstream_skipped",
            Self::NotChosen { .. } => "not_chosen",
            Self::DependsOnPast { .. } => "depends_on_past",
            Self::PoolFull { .. } => "pool_full",
            Self::PoolTooSmall { .. } => "pool_too_small",
            Self::PoolMissing { .. } => "pool_missing",
            Self::MaxActiveTasks { .. } => "max_active_tasks",
            Self::MaxActivePerDag { .. } => "max_active_tis_per_dag",
            Self::MaxActivePerRun { .. } => "max_active_tis_per_dagrun",
            Self::Parallelism { .. } => "parallelism",
            Self::RetryAt { .. } => "retry_at",
            Self::RescheduleAt { .. } => "reschedule_at",
            Self::DeferredUntil { .. } => "deferred_until",
            Self::DeferredFor { .. } => "deferred_for",
            Self::Starting => "starting",
            Self::DiskFull { .. } => "disk_full",
            Self::Failed { .. } => "failed",
            Self::TimedOut { .. } => "timed_out",
            Self::Lost { .. } => "lost",
            Self::SetByHand { .. } => "set_by_hand",
            Self::RunTimedOut { .. } => "run_timed_out",
            Self::TaskFailure { .. } => "task_failure",
            Self::Deadlocked => "all_tasks_deadlocked",
            Self::FailFast { .. } => "fail_fast",
            Self::SkippedItself { .. } => "skipped_itself",
            Self::NoRuntime => "no_runtime",
            Self::TaskRemoved => "task_removed",
        }
    }
}

fn quoted(tasks: &[TaskId]) -> String {
    tasks
        .iter()
        .map(|task| format!("`{task}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// One sentence for people, without a full stop.
impl fmt::Display for Reason {
    #[allow(clippy::too_many_lines)] // One line for each reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DagPaused => f.write_str("the dag is paused"),
            Self::DagStale => f.write_str("the dag's file is gone"),
            Self::RunNotBefore { at } => write!(f, "the run starts at {at}"),
            Self::LogicalDateInFuture { at } => write!(f, "the logical date {at} is in the future"),
            Self::MaxActiveRuns { running, limit } => {
                write!(
                    f,
                    "{running} of {limit} runs of the dag are active (max_active_runs)"
                )
            }
            Self::BackfillPaused { backfill } => write!(f, "backfill {backfill} is paused"),
            Self::RunQueued => f.write_str("the run is queued"),
            Self::WaitsFor { tasks, n_tasks } => {
                write!(f, "waits for {}", quoted(tasks))?;
                match (*n_tasks as usize).saturating_sub(tasks.len()) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            Self::RuleUnmet { rule, tasks } => {
                write!(
                    f,
                    "trigger rule {rule} cannot be met because of {}",
                    quoted(tasks)
                )
            }
            Self::UpstreamFailed { task } => write!(f, "upstream `{task}` failed"),
            Self::UpstreamSkipped { task } => write!(f, "upstream `{task}` was skipped"),
            Self::NotChosen { task } => write!(f, "`{task}` did not choose it"),
            Self::DependsOnPast { run_id } => {
                write!(
                    f,
                    "the run before, `{run_id}`, has not ended well here (depends_on_past)"
                )
            }
            Self::PoolFull {
                pool,
                occupied,
                slots,
            } => write!(f, "pool `{pool}` {occupied}/{slots}"),
            Self::PoolTooSmall { pool, asked, slots } => {
                write!(
                    f,
                    "asks for {asked} slots and pool `{pool}` has {slots}: it can never run"
                )
            }
            Self::PoolMissing { pool } => write!(f, "there is no pool `{pool}`: create it"),
            Self::MaxActiveTasks { active, limit } => {
                write!(
                    f,
                    "{active} of {limit} tasks of the run are active (max_active_tasks)"
                )
            }
            Self::MaxActivePerDag { active, limit } => {
                write!(
                    f,
                    "{active} of {limit} instances active (max_active_tis_per_dag)"
                )
            }
            Self::MaxActivePerRun { active, limit } => {
                write!(
                    f,
                    "{active} of {limit} instances active (max_active_tis_per_dagrun)"
                )
            }
            Self::Parallelism { active, limit } => {
                write!(f, "{active} of {limit} tasks are active here (parallelism)")
            }
            Self::RetryAt {
                at,
                try_number,
                max_tries,
            } => {
                write!(f, "try {} of {} at {at}", try_number + 1, max_tries + 1)
            }
            Self::RescheduleAt { at } => write!(f, "looks again at {at}"),
            Self::DeferredUntil { at } => write!(f, "waits until {at}"),
            Self::DeferredFor { what } => write!(f, "waits for {what}"),
            Self::Starting => f.write_str("handed to a worker, starting"),
            Self::DiskFull {
                free_bytes,
                needed_bytes,
            } => write!(
                f,
                "the disk is full: {} MiB free, {} MiB needed to start work",
                free_bytes >> 20,
                needed_bytes >> 20
            ),
            Self::Failed { message } | Self::Lost { message } => f.write_str(message),
            Self::TimedOut { after_s } => {
                write!(f, "ran longer than {after_s} s (execution_timeout)")
            }
            Self::SetByHand { user: Some(user) } => write!(f, "set by hand by {user}"),
            Self::SetByHand { user: None } => f.write_str("set by hand"),
            Self::RunTimedOut { after_s } => {
                write!(f, "the run took longer than {after_s} s (dagrun_timeout)")
            }
            Self::TaskFailure { task } => write!(f, "task `{task}` failed"),
            Self::Deadlocked => f.write_str("no task can go on (all_tasks_deadlocked)"),
            Self::FailFast { task } => write!(f, "`{task}` failed and the dag is fail_fast"),
            Self::SkippedItself { message } => f.write_str(message),
            Self::NoRuntime => f.write_str("needs a Python runtime, and none is there"),
            Self::TaskRemoved => f.write_str("the task is no longer in the dag"),
        }
    }
}
