//! Every no of the engine, with its code and what to do.

use model::{
    command::{Refusal, RefusalKind},
    execution::HitlUser,
};

fn refusal(kind: RefusalKind, code: &'static str, message: String) -> Refusal {
    Refusal {
        kind,
        code,
        message,
    }
}

/// There is no such dag.
pub(crate) fn no_dag(dag_id: &str) -> Refusal {
    let message = format!("there is no dag `{dag_id}`");
    refusal(RefusalKind::NotFound, "RUN-001", message)
}
/// There is no such run.
pub(crate) fn no_run(dag_id: &str, run_id: &str) -> Refusal {
    let message = format!("dag `{dag_id}` has no run `{run_id}`");
    refusal(RefusalKind::NotFound, "RUN-002", message)
}
/// The run id has letters that it may not have.
pub(crate) fn bad_run_id(run_id: &str) -> Refusal {
    let message = format!(
        "`{run_id}` is no run id: use at most 250 of letters, digits and `_ . ~ : + -`, without `..`"
    );
    refusal(RefusalKind::Invalid, "RUN-003", message)
}
/// The run id looks like one of another type.
pub(crate) fn reserved_run_id(run_id: &str, prefix: &str) -> Refusal {
    let message = format!(
        "run id `{run_id}` begins with `{prefix}`, which is kept for runs of that type: choose another"
    );
    refusal(RefusalKind::Invalid, "RUN-004", message)
}
/// The dag has a run with this id.
pub(crate) fn run_exists(dag_id: &str, run_id: &str) -> Refusal {
    let message = format!(
        "dag `{dag_id}` has a run `{run_id}` already: choose another dag_run_id, or clear that run"
    );
    refusal(RefusalKind::Conflict, "RUN-005", message)
}
/// The dag has a run with this logical date.
pub(crate) fn date_exists(dag_id: &str, date: model::Timestamp) -> Refusal {
    let message = format!(
        "dag `{dag_id}` has a run with logical date {date} already: choose another date or null, or \
         clear that run"
    );
    refusal(RefusalKind::Conflict, "RUN-006", message)
}
/// The dag does not allow runs of this type.
pub(crate) fn type_not_allowed(dag_id: &str, run_type: &str) -> Refusal {
    let message = format!("dag `{dag_id}` does not allow {run_type} runs (allowed_run_types)");
    refusal(RefusalKind::Invalid, "RUN-007", message)
}
/// There is no such task.
pub(crate) fn no_task(dag_id: &str, task_id: &str) -> Refusal {
    let message = format!("dag `{dag_id}` has no task `{task_id}`");
    refusal(RefusalKind::NotFound, "RUN-008", message)
}
/// The task has no instance with this index in the run.
pub(crate) fn no_instance(task_id: &str, map: i32) -> Refusal {
    let message = format!("task `{task_id}` has no instance {map} in this run");
    refusal(RefusalKind::NotFound, "RUN-008", message)
}
/// The runs of the dag are for no partitions.
pub(crate) fn not_partitioned(dag_id: &str) -> Refusal {
    let message =
        format!("the runs of dag `{dag_id}` are for no partitions: leave partition_key out");
    refusal(RefusalKind::Invalid, "RUN-092", message)
}
/// No partition has this key.
pub(crate) fn bad_partition_key(key: &str, told: &str) -> Refusal {
    let message = format!("partition key `{key}` is none: {told}");
    refusal(RefusalKind::Invalid, "RUN-092", message)
}
/// A task instance is running.
pub(crate) fn is_running(task_id: Option<&str>) -> Refusal {
    let task = task_id.unwrap_or("a task");
    let message = format!("`{task}` is running: wait for it, or set its state first");
    refusal(RefusalKind::Conflict, "RUN-009", message)
}
/// The run is running.
pub(crate) fn run_is_running(run_id: &str) -> Refusal {
    let message = format!("run `{run_id}` is running: set it to failed first");
    refusal(RefusalKind::Conflict, "RUN-009", message)
}
/// This state is not one that a person sets.
pub(crate) fn state_not_settable(state: &str) -> Refusal {
    let message = format!("state `{state}` cannot be set by hand");
    refusal(RefusalKind::Unprocessable, "RUN-010", message)
}
/// All that was named is in that state.
pub(crate) fn set_already(task_id: &str, state: &str) -> Refusal {
    let message = format!("task `{task_id}` is already in state `{state}`");
    refusal(RefusalKind::Conflict, "RUN-040", message)
}
/// There is no such pool.
pub(crate) fn no_group(dag_id: &str, group_id: &str) -> Refusal {
    let message = format!("there is no task group `{group_id}` in dag `{dag_id}`");
    refusal(RefusalKind::NotFound, "RUN-008", message)
}

pub(crate) fn group_set_already(group_id: &str, state: &str) -> Refusal {
    let message =
        format!("all task instances of group `{group_id}` are {state} already: nothing to set");
    refusal(RefusalKind::Conflict, "RUN-040", message)
}

pub(crate) fn no_pool(name: &str) -> Refusal {
    let message = format!("there is no pool `{name}`");
    refusal(RefusalKind::NotFound, "RUN-011", message)
}
/// There is such a pool.
pub(crate) fn pool_exists(name: &str) -> Refusal {
    let message = format!("there is a pool `{name}` already");
    refusal(RefusalKind::Conflict, "RUN-012", message)
}
/// `default_pool` stays.
pub(crate) fn default_pool() -> Refusal {
    let message = "`default_pool` cannot be deleted: tasks without a pool use it".to_owned();
    refusal(RefusalKind::Invalid, "RUN-013", message)
}
/// The pool's name or size makes no sense.
pub(crate) fn bad_pool(name: &str) -> Refusal {
    let message = format!(
        "pool `{name}` needs a name of letters, digits, `_ - .` and at least 0 slots, or -1 for no end"
    );
    refusal(RefusalKind::Unprocessable, "RUN-014", message)
}
/// There is such a variable.
pub(crate) fn variable_exists(key: &str) -> Refusal {
    let message = format!("there is a variable `{key}` already");
    refusal(RefusalKind::Conflict, "RUN-015", message)
}
/// There is no such variable.
pub(crate) fn no_variable(key: &str) -> Refusal {
    let message = format!("there is no variable `{key}`");
    refusal(RefusalKind::NotFound, "RUN-016", message)
}
/// There is such a connection.
pub(crate) fn connection_exists(conn_id: &str) -> Refusal {
    let message = format!("there is a connection `{conn_id}` already");
    refusal(RefusalKind::Conflict, "RUN-023", message)
}
/// There is no such connection.
pub(crate) fn no_connection(conn_id: &str) -> Refusal {
    let message = format!("there is no connection `{conn_id}`");
    refusal(RefusalKind::NotFound, "RUN-024", message)
}
/// The dag's source cannot be read any more.
pub(crate) fn unreadable(dag_id: &str) -> Refusal {
    let message = format!("the version of dag `{dag_id}` that this needs cannot be read any more");
    refusal(RefusalKind::Unavailable, "RUN-017", message)
}
/// The dag's file is gone.
pub(crate) fn stale(dag_id: &str) -> Refusal {
    let message = format!("dag `{dag_id}` is not in the dag folder any more: put its file back");
    refusal(RefusalKind::NotFound, "RUN-019", message)
}
/// There is no such task instance.
pub(crate) fn no_task_instance() -> Refusal {
    let message = "there is no such task instance".to_owned();
    refusal(RefusalKind::NotFound, "RUN-020", message)
}
/// What was pushed is too long to expand others over it.
pub(crate) fn unmappable_length(length: u32, limit: u32) -> Refusal {
    let message = format!(
        "pushed value is too large to map as a downstream's dependency: {length} items of at most {limit}"
    );
    refusal(RefusalKind::Invalid, "RUN-022", message)
}
/// The try asks nobody.
pub(crate) fn no_question() -> Refusal {
    let message = "this task instance asks nobody anything".to_owned();
    refusal(RefusalKind::NotFound, "RUN-050", message)
}
/// Somebody was faster.
pub(crate) fn already_answered() -> Refusal {
    let message = "this question has been answered already, and is answered once".to_owned();
    refusal(RefusalKind::Conflict, "RUN-051", message)
}
/// Others are asked.
pub(crate) fn not_asked(by: &HitlUser) -> Refusal {
    let HitlUser { id, name } = by;
    let message = format!("{name} ({id}) is not one of those who may answer (assigned_users)");
    refusal(RefusalKind::Forbidden, "RUN-052", message)
}
/// These are no options.
pub(crate) fn bad_options(unknown: &[&String], options: &[String]) -> Refusal {
    let message = format!("{unknown:?} cannot be chosen: choose at least one of {options:?}");
    refusal(RefusalKind::Invalid, "RUN-053", message)
}
/// Only one may be chosen.
pub(crate) fn one_option() -> Refusal {
    let message = "only one option may be chosen here".to_owned();
    refusal(RefusalKind::Invalid, "RUN-053", message)
}
/// There is no such asset.
pub(crate) fn no_asset(asset: u32) -> Refusal {
    let message = format!("there is no asset with id {asset}");
    refusal(RefusalKind::NotFound, "RUN-060", message)
}
/// No such events wait.
pub(crate) fn nothing_queued() -> Refusal {
    let message = "no such asset events wait for a run".to_owned();
    refusal(RefusalKind::NotFound, "RUN-061", message)
}
/// The dag has a backfill that is not over.
pub(crate) fn backfill_is_active(dag_id: &str, no: u64) -> Refusal {
    let message = format!(
        "there is already a running backfill for dag `{dag_id}`: wait for backfill {no}, or cancel it"
    );
    refusal(RefusalKind::Conflict, "RUN-080", message)
}
/// The dag does not run by a clock.
pub(crate) fn not_periodic(dag_id: &str) -> Refusal {
    let message = format!(
        "dag `{dag_id}` has no schedule with dates to fill: trigger runs of it one by one instead"
    );
    refusal(RefusalKind::Unprocessable, "RUN-081", message)
}
/// A backfill ends before it begins.
pub(crate) fn dates_reversed(from: model::Timestamp, to: model::Timestamp) -> Refusal {
    let message = format!("from_date {from} is after to_date {to}: exchange them");
    refusal(RefusalKind::Unprocessable, "RUN-082", message)
}
/// A backfill has no past.
pub(crate) fn dates_in_future(from: model::Timestamp) -> Refusal {
    let message =
        format!("from_date {from} is in the future: a backfill makes runs for past dates");
    refusal(RefusalKind::Unprocessable, "RUN-083", message)
}
/// Each run needs the one before.
pub(crate) fn backwards_with_past(dag_id: &str) -> Refusal {
    let message = format!(
        "dag `{dag_id}` has tasks with depends_on_past: leave run_backwards out, since each run needs \
         the one before it"
    );
    refusal(RefusalKind::Unprocessable, "RUN-084", message)
}
/// Gaps would stop what comes after.
pub(crate) fn reprocess_with_past(dag_id: &str) -> Refusal {
    let message = format!(
        "dag `{dag_id}` has tasks with depends_on_past: set reprocess_behavior to `failed` or \
         `completed`"
    );
    refusal(RefusalKind::Unprocessable, "RUN-085", message)
}
/// The timetable has no date there.
pub(crate) fn no_backfill_runs(dag_id: &str) -> Refusal {
    let message = format!(
        "no runs to create: the schedule of dag `{dag_id}` has no complete interval between from_date \
         and to_date"
    );
    refusal(RefusalKind::Unprocessable, "RUN-086", message)
}
/// More dates than one backfill may have.
pub(crate) fn too_many_dates() -> Refusal {
    let message = format!(
        "more than {} runs between from_date and to_date: ask for a shorter time, then for the next",
        model::limits::BACKFILL_DATES_MAX
    );
    refusal(RefusalKind::Unprocessable, "RUN-087", message)
}
/// A backfill that could run nothing.
pub(crate) fn no_active_runs() -> Refusal {
    let message = "max_active_runs must be 1 or more, else no run would ever start".to_owned();
    refusal(RefusalKind::Unprocessable, "RUN-088", message)
}
/// There is no such backfill.
pub(crate) fn no_backfill(no: u64) -> Refusal {
    let message = format!("there is no backfill {no}");
    refusal(RefusalKind::NotFound, "RUN-089", message)
}
/// What is over stays as it is.
pub(crate) fn backfill_is_over(no: u64) -> Refusal {
    let message = format!("backfill {no} is already completed: create another one");
    refusal(RefusalKind::Conflict, "RUN-090", message)
}
/// Past and future need a date to start from.
pub(crate) fn no_date_to_span(run_id: &str) -> Refusal {
    let message = format!(
        "run `{run_id}` has no logical date, so nothing is before or after it: leave include_past and \
         include_future out"
    );
    refusal(RefusalKind::Invalid, "RUN-091", message)
}
