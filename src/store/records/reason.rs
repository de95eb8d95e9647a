//! Reasons. The order of the variants is part of the book: add at the end.

use model::{PoolName, RunId, TaskId, Timestamp, reason::Reason};
use serde::{Deserialize, Serialize};

use super::word::{Word, word};
use crate::{error::ReadError, tables::task_instances::NAME as TABLE};

#[derive(Serialize, Deserialize)]
pub(crate) enum ReasonRecord {
    DagPaused,
    DagStale,
    RunNotBefore {
        at: i64,
    },
    LogicalDateInFuture {
        at: i64,
    },
    MaxActiveRuns {
        running: u32,
        limit: u32,
    },
    RunQueued,
    WaitsFor {
        tasks: Vec<String>,
        n_tasks: u32,
    },
    RuleUnmet {
        rule: u8,
        tasks: Vec<String>,
    },
    UpstreamFailed {
        task: String,
    },
    UpstreamSkipped {
        task: String,
    },
    NotChosen {
        task: String,
    },
    DependsOnPast {
        run_id: String,
    },
    PoolFull {
        pool: String,
        occupied: i64,
        slots: i64,
    },
    PoolTooSmall {
        pool: String,
        asked: u32,
        slots: i64,
    },
    PoolMissing {
        pool: String,
    },
    MaxActiveTasks {
        active: u32,
        limit: u32,
    },
    MaxActivePerDag {
        active: u32,
        limit: u32,
    },
    MaxActivePerRun {
        active: u32,
        limit: u32,
    },
    Parallelism {
        active: u32,
        limit: u32,
    },
    RetryAt {
        at: i64,
        try_number: u32,
        max_tries: u32,
    },
    RescheduleAt {
        at: i64,
    },
    DeferredUntil {
        at: i64,
    },
    DeferredFor {
        what: String,
    },
    Starting,
    DiskFull {
        free_bytes: u64,
        needed_bytes: u64,
    },
    Failed {
        message: String,
    },
    TimedOut {
        after_s: u64,
    },
    Lost {
        message: String,
    },
    SetByHand {
        user: Option<String>,
    },
    RunTimedOut {
        after_s: u64,
    },
    TaskFailure {
        task: String,
    },
    Deadlocked,
    FailFast {
        task: String,
    },
    SkippedItself {
        message: String,
    },
    NoRuntime,
    TaskRemoved,
    BackfillPaused {
        backfill: u64,
    },
}

fn names(tasks: &[TaskId]) -> Vec<String> {
    tasks.iter().map(ToString::to_string).collect()
}

fn ids(names: Vec<String>) -> Vec<TaskId> {
    names.into_iter().map(TaskId::from).collect()
}

impl From<&Reason> for ReasonRecord {
    #[allow(clippy::too_many_lines)] // One case for each reason.
    fn from(reason: &Reason) -> Self {
        match reason {
            Reason::DagPaused => Self::DagPaused,
            Reason::DagStale => Self::DagStale,
            Reason::RunNotBefore { at } => Self::RunNotBefore { at: at.as_micros() },
            Reason::LogicalDateInFuture { at } => Self::LogicalDateInFuture { at: at.as_micros() },
            Reason::MaxActiveRuns { running, limit } => Self::MaxActiveRuns {
                running: *running,
                limit: *limit,
            },
            Reason::RunQueued => Self::RunQueued,
            Reason::BackfillPaused { backfill } => Self::BackfillPaused {
                backfill: *backfill,
            },
            Reason::WaitsFor { tasks, n_tasks } => Self::WaitsFor {
                tasks: names(tasks),
                n_tasks: *n_tasks,
            },
            Reason::RuleUnmet { rule, tasks } => Self::RuleUnmet {
                rule: rule.code(),
                tasks: names(tasks),
            },
            Reason::UpstreamFailed { task } => Self::UpstreamFailed {
                task: task.to_string(),
            },
            Reason::UpstreamSkipped { task } => Self::UpstreamSkipped {
                task: task.to_string(),
            },
            Reason::NotChosen { task } => Self::NotChosen {
                task: task.to_string(),
            },
            Reason::DependsOnPast { run_id } => Self::DependsOnPast {
                run_id: run_id.to_string(),
            },
            Reason::PoolFull {
                pool,
                occupied,
                slots,
            } => Self::PoolFull {
                pool: pool.to_string(),
                occupied: *occupied,
                slots: *slots,
            },
            Reason::PoolTooSmall { pool, asked, slots } => Self::PoolTooSmall {
                pool: pool.to_string(),
                asked: *asked,
                slots: *slots,
            },
            Reason::PoolMissing { pool } => Self::PoolMissing {
                pool: pool.to_string(),
            },
            Reason::MaxActiveTasks { active, limit } => Self::MaxActiveTasks {
                active: *active,
                limit: *limit,
            },
            Reason::MaxActivePerDag { active, limit } => Self::MaxActivePerDag {
                active: *active,
                limit: *limit,
            },
            Reason::MaxActivePerRun { active, limit } => Self::MaxActivePerRun {
                active: *active,
                limit: *limit,
            },
            Reason::Parallelism { active, limit } => Self::Parallelism {
                active: *active,
                limit: *limit,
            },
            Reason::RetryAt {
                at,
                try_number,
                max_tries,
            } => Self::RetryAt {
                at: at.as_micros(),
                try_number: *try_number,
                max_tries: *max_tries,
            },
            Reason::RescheduleAt { at } => Self::RescheduleAt { at: at.as_micros() },
            Reason::DeferredUntil { at } => Self::DeferredUntil { at: at.as_micros() },
            Reason::DeferredFor { what } => Self::DeferredFor { what: what.clone() },
            Reason::Starting => Self::Starting,
            Reason::DiskFull {
                free_bytes,
                needed_bytes,
            } => Self::DiskFull {
                free_bytes: *free_bytes,
                needed_bytes: *needed_bytes,
            },
            Reason::Failed { message } => Self::Failed {
                message: message.clone(),
            },
            Reason::TimedOut { after_s } => Self::TimedOut { after_s: *after_s },
            Reason::Lost { message } => Self::Lost {
                message: message.clone(),
            },
            Reason::SetByHand { user } => Self::SetByHand { user: user.clone() },
            Reason::RunTimedOut { after_s } => Self::RunTimedOut { after_s: *after_s },
            Reason::TaskFailure { task } => Self::TaskFailure {
                task: task.to_string(),
            },
            Reason::Deadlocked => Self::Deadlocked,
            Reason::FailFast { task } => Self::FailFast {
                task: task.to_string(),
            },
            Reason::SkippedItself { message } => Self::SkippedItself {
                message: message.clone(),
            },
            Reason::NoRuntime => Self::NoRuntime,
            Reason::TaskRemoved => Self::TaskRemoved,
        }
    }
}

impl ReasonRecord {
    #[allow(clippy::too_many_lines)] // One case for each reason.
    pub(crate) fn into_reason(self) -> Result<Reason, ReadError> {
        Ok(match self {
            Self::DagPaused => Reason::DagPaused,
            Self::DagStale => Reason::DagStale,
            Self::RunNotBefore { at } => Reason::RunNotBefore {
                at: Timestamp::from_micros(at),
            },
            Self::LogicalDateInFuture { at } => Reason::LogicalDateInFuture {
                at: Timestamp::from_micros(at),
            },
            Self::MaxActiveRuns { running, limit } => Reason::MaxActiveRuns { running, limit },
            Self::RunQueued => Reason::RunQueued,
            Self::BackfillPaused { backfill } => Reason::BackfillPaused { backfill },
            Self::WaitsFor { tasks, n_tasks } => Reason::WaitsFor {
                tasks: ids(tasks),
                n_tasks,
            },
            Self::RuleUnmet { rule, tasks } => Reason::RuleUnmet {
                rule: word(TABLE, rule)?,
                tasks: ids(tasks),
            },
            Self::UpstreamFailed { task } => Reason::UpstreamFailed {
                task: TaskId::from(task),
            },
            Self::UpstreamSkipped { task } => Reason::UpstreamSkipped {
                task: TaskId::from(task),
            },
            Self::NotChosen { task } => Reason::NotChosen {
                task: TaskId::from(task),
            },
            Self::DependsOnPast { run_id } => Reason::DependsOnPast {
                run_id: RunId::from(run_id),
            },
            Self::PoolFull {
                pool,
                occupied,
                slots,
            } => Reason::PoolFull {
                pool: PoolName::from(pool),
                occupied,
                slots,
            },
            Self::PoolTooSmall { pool, asked, slots } => Reason::PoolTooSmall {
                pool: PoolName::from(pool),
                asked,
                slots,
            },
            Self::PoolMissing { pool } => Reason::PoolMissing {
                pool: PoolName::from(pool),
            },
            Self::MaxActiveTasks { active, limit } => Reason::MaxActiveTasks { active, limit },
            Self::MaxActivePerDag { active, limit } => Reason::MaxActivePerDag { active, limit },
            Self::MaxActivePerRun { active, limit } => Reason::MaxActivePerRun { active, limit },
            Self::Parallelism { active, limit } => Reason::Parallelism { active, limit },
            Self::RetryAt {
                at,
                try_number,
                max_tries,
            } => Reason::RetryAt {
                at: Timestamp::from_micros(at),
                try_number,
                max_tries,
            },
            Self::RescheduleAt { at } => Reason::RescheduleAt {
                at: Timestamp::from_micros(at),
            },
            Self::DeferredUntil { at } => Reason::DeferredUntil {
                at: Timestamp::from_micros(at),
            },
            Self::DeferredFor { what } => Reason::DeferredFor { what },
            Self::Starting => Reason::Starting,
            Self::DiskFull {
                free_bytes,
                needed_bytes,
            } => Reason::DiskFull {
                free_bytes,
                needed_bytes,
            },
            Self::Failed { message } => Reason::Failed { message },
            Self::TimedOut { after_s } => Reason::TimedOut { after_s },
            Self::Lost { message } => Reason::Lost { message },
            Self::SetByHand { user } => Reason::SetByHand { user },
            Self::RunTimedOut { after_s } => Reason::RunTimedOut { after_s },
            Self::TaskFailure { task } => Reason::TaskFailure {
                task: TaskId::from(task),
            },
            Self::Deadlocked => Reason::Deadlocked,
            Self::FailFast { task } => Reason::FailFast {
                task: TaskId::from(task),
            },
            Self::SkippedItself { message } => Reason::SkippedItself { message },
            Self::NoRuntime => Reason::NoRuntime,
            Self::TaskRemoved => Reason::TaskRemoved,
        })
    }
}
