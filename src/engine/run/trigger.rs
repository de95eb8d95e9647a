//! A run that somebody asked for.

use std::sync::Arc;

use model::{
    DagNo, RunId, RunNo, Timestamp,
    command::{Refusal, Reply, TriggerRun},
    limits::KEY_CHARS_MAX,
    schedule::DataInterval,
    state::DagRunType,
};

use super::{clear, create, select, set_run};
use crate::{attempt::At, live::Cx, plan::Plan, refusals, timetable};

/// Creates a run, or clears the one that is there already when `reset` says so.
pub(crate) fn trigger(cx: &mut Cx, ask: TriggerRun) -> Result<Reply, Refusal> {
    let dag = select::dag(cx, &ask.dag_id)?;
    if cx.live.dags.get(&dag).is_some_and(|dag| dag.row.is_stale) {
        return Err(refusals::stale(&ask.dag_id));
    }
    let plan = cx.live.latest(dag, cx.view);
    let plan = plan.ok_or_else(|| refusals::unreadable(&ask.dag_id))?;
    if !super::next::allows(&plan.dag, ask.run_type) {
        return Err(refusals::type_not_allowed(
            &ask.dag_id,
            ask.run_type.as_str(),
        ));
    }
    let run_after = ask.run_after.unwrap_or(cx.now);
    let run_id = run_id(&ask, run_after)?;
    if let Some(no) = existing(cx, dag, &ask, &run_id)? {
        return reset(cx, &ask, no);
    }
    let partition = partition(&ask, &plan)?;
    let new = create::New {
        run_id,
        run_type: ask.run_type,
        logical_date: ask.logical_date,
        data_interval: interval(&ask, &plan, run_after),
        run_after,
        conf: super::conf::given(ask.conf),
        note: ask.note,
        triggered_by: ask.triggered_by,
        user: ask.user,
        partition,
        backfill: None,
    };
    let no = create::create(cx, plan, new);
    Ok(set_run::done(cx, no))
}

/// The id that was asked for, when it may be one, or one made of type and time.
fn run_id(ask: &TriggerRun, run_after: Timestamp) -> Result<RunId, Refusal> {
    let Some(run_id) = ask.run_id.clone() else {
        let prefix = ask.run_type.run_id_prefix();
        return Ok(RunId::from(format!("{prefix}{}", run_after.isoformat())));
    };
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '~' | ':' | '+' | '-');
    let fits = !run_id.is_empty() && run_id.chars().count() <= KEY_CHARS_MAX;
    if !fits || !run_id.chars().all(ok) || run_id.contains("..") {
        return Err(refusals::bad_run_id(&run_id));
    }
    let reserved = DagRunType::ALL
        .iter()
        .filter(|run_type| **run_type != DagRunType::Manual && **run_type != ask.run_type)
        .map(|run_type| run_type.run_id_prefix())
        .find(|prefix| run_id.starts_with(prefix.as_str()));
    match reserved {
        Some(prefix) => Err(refusals::reserved_run_id(&run_id, &prefix)),
        None => Ok(run_id),
    }
}

/// The partition that was asked for, and its date where the schedule can tell it.
fn partition(ask: &TriggerRun, plan: &Plan) -> Result<Partition, Refusal> {
    let Some(key) = ask.partition_key.clone() else {
        return Ok((None, None));
    };
    if !timetable::takes_partitions(&plan.dag.schedule) {
        return Err(refusals::not_partitioned(&ask.dag_id));
    }
    if key.trim().is_empty() || key.chars().count() > KEY_CHARS_MAX {
        return Err(refusals::bad_partition_key(
            &key,
            "it has 1 to 250 characters",
        ));
    }
    let date = match &plan.partitioned {
        Some(Ok(mappers)) => mappers.date(&key),
        Some(Err(_)) | None => timetable::partition_date(&plan.dag.schedule, &key),
    };
    let date = date.map_err(|e| refusals::bad_partition_key(&key, &e.text))?;
    Ok((Some(key), date))
}

/// Its key and its date.
type Partition = (Option<String>, Option<Timestamp>);

/// The data interval that was given, or the timetable's for a manual run at that date. A run that a
/// task asks for has that of the time from which on it runs, as upstream has it.
fn interval(ask: &TriggerRun, plan: &Arc<Plan>, run_after: Timestamp) -> Option<DataInterval> {
    let by_task = ask.run_type == DagRunType::OperatorTriggered;
    match (ask.logical_date, ask.data_interval) {
        // As upstream has it, an interval says nothing where there is no date.
        (None, _) => None,
        (Some(_), Some(given)) => Some(given),
        (Some(date), None) => timetable::infer_manual_data_interval(
            &plan.dag.schedule,
            if by_task { run_after } else { date },
        ),
    }
}

/// A run that has this id or date already; refused unless it is to be run again.
fn existing(
    cx: &Cx,
    dag: DagNo,
    ask: &TriggerRun,
    run_id: &RunId,
) -> Result<Option<RunNo>, Refusal> {
    let same_id = create::run_of_id(cx, dag, run_id);
    if same_id.is_some() && !ask.reset {
        return Err(refusals::run_exists(&ask.dag_id, run_id));
    }
    let same_date = ask
        .logical_date
        .and_then(|at| create::run_of_date(cx, dag, at));
    if let Some(date) = ask
        .logical_date
        .filter(|_| same_date.is_some() && !ask.reset)
    {
        return Err(refusals::date_exists(&ask.dag_id, date));
    }
    Ok(same_id.or(same_date))
}

fn reset(cx: &mut Cx, ask: &TriggerRun, no: RunNo) -> Result<Reply, Refusal> {
    if !cx.wake_run(no) {
        return Err(refusals::unreadable(&ask.dag_id));
    }
    let n_tasks = crate::plan::position(cx.run(no).map_or(0, |run| run.slots.len()));
    let is_there = |at: &u32| cx.run(no).is_some_and(|run| !run.is_absent(*at));
    let places = (0..n_tasks).filter(is_there);
    let places: Vec<At> = places.map(|at| At { run: no, at }).collect();
    clear::instances(cx, &places, None);
    clear::requeue(cx, no);
    Ok(set_run::done(cx, no))
}
