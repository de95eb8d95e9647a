//! What is checked, and what a timetable in Python is asked, before a run is asked for.

use model::{
    Json, Timestamp,
    backfill::BackfillAsk,
    change::DagRow,
    command::{Command, Refusal, RefusalKind, TriggerRun},
    limits::BACKFILL_ASKED_DATES_MAX,
    state::DagRunType,
};
use serde_json::json;
use std::sync::Arc;
use store::ReadError;

use crate::{
    act::{interval, next_run},
    dag_cache::{CachedDag, DagError},
    params,
    python::{Asks, refusal},
    reader::Reader,
};

/// A dag as it is now; none of its versions where that cannot be read any more.
type Found = (DagRow, Option<Arc<CachedDag>>);

/// The dag's row, if a run with this conf may be asked for.
///
/// # Errors
/// When there is no such dag, or its params do not fit.
pub(crate) fn check(reader: &Reader, dag_id: &str, conf: &Json) -> Result<DagRow, Refusal> {
    let (row, dag) = known(reader, dag_id)?;
    if let Some(dag) = dag {
        params::check(&dag.dag, conf)?;
    }
    Ok(row)
}

/// A dag's row and its newest version, or that there is no such dag.
fn known(reader: &Reader, dag_id: &str) -> Result<Found, Refusal> {
    find(reader, dag_id)?.ok_or_else(|| Refusal {
        kind: RefusalKind::NotFound,
        code: "CTL-012",
        message: format!("there is no dag `{dag_id}`"),
    })
}

/// A dag's row and its newest version; none where there is no such dag.
fn find(reader: &Reader, dag_id: &str) -> Result<Option<Found>, Refusal> {
    let read = |e: ReadError| unreadable(&e.into());
    let book = reader.snapshot().map_err(read)?;
    let row = match book.dag_no(dag_id).map_err(read)? {
        Some(no) => book.dag(no).map_err(read)?,
        None => None,
    };
    let Some(row) = row else {
        return Ok(None);
    };
    let dag = reader.dags.get(&book, row.no, row.version);
    Ok(Some((row, dag.map_err(|e| unreadable(&e))?)))
}

/// Whether a backfill's conf fits the dag's params.
///
/// # Errors
/// When there is no such dag, or its params do not fit.
pub(crate) fn check_backfill(reader: &Reader, ask: &BackfillAsk) -> Result<(), Refusal> {
    let Some(conf) = &ask.conf else {
        return Ok(());
    };
    let (_, dag) = known(reader, &ask.dag_id)?;
    // The engine refuses what the dag does not allow, and upstream looks at that first.
    let allows = |dag: &Arc<CachedDag>| engine::allows_run_type(&dag.dag, DagRunType::Backfill);
    let Some(dag) = dag.filter(allows) else {
        return Ok(());
    };
    params::check(&dag.dag, conf).map_err(|mut refusal| {
        // Upstream's word for it here, unlike for single runs.
        if refusal.kind == RefusalKind::Invalid {
            refusal.kind = RefusalKind::Unprocessable;
        }
        refusal
    })
}

/// Adds what only a timetable in Python can say of a run or a backfill that is asked for.
///
/// # Errors
/// When it cannot be asked.
pub(crate) async fn complete(
    reader: &Reader,
    asks: &Asks,
    command: &mut Command,
    now: Timestamp,
) -> Result<(), Refusal> {
    if let Command::TriggerRun(ask) = command {
        return ask_run(reader, asks, ask, now).await;
    }
    if let Command::CreateBackfill(ask) = command {
        return ask_dates(reader, asks, ask).await;
    }
    Ok(())
}

/// Adds the interval and the name of a run.
///
/// # Errors
/// When the timetable cannot be asked.
pub(crate) async fn ask_run(
    reader: &Reader,
    asks: &Asks,
    ask: &mut TriggerRun,
    now: Timestamp,
) -> Result<(), Refusal> {
    let is_complete = ask.logical_date.is_none() || ask.data_interval.is_some();
    if is_complete && ask.run_id.is_some() {
        return Ok(());
    }
    let Some(timetable) = timetable(reader, &ask.dag_id)? else {
        return Ok(());
    };
    let run_after = *ask.run_after.get_or_insert(now);
    // A run that a task asks for has the interval of the time from which on it runs.
    let by_task = ask.run_type == DagRunType::OperatorTriggered;
    let date = ask
        .logical_date
        .map(|at| if by_task { run_after } else { at });
    let words = json!({
        "op": "manual",
        "timetable": timetable,
        "run_type": ask.run_type.as_str(),
        "run_id": ask.run_id.as_deref(),
        "logical_date": date.map(Timestamp::isoformat),
        "data_interval": ask.data_interval.map(interval),
        "run_after": run_after.isoformat(),
    });
    let said = asks.ask(words).await?;
    let wrong = || senseless(&said);
    let run_id = said
        .get("run_id")
        .and_then(Json::as_str)
        .ok_or_else(wrong)?;
    // In the words for a run that follows another.
    let as_run =
        json!({"run_after": run_after.isoformat(), "data_interval": said.get("data_interval")});
    let read = next_run(&as_run).ok_or_else(wrong)?;
    ask.data_interval = read.data_interval.filter(|_| ask.logical_date.is_some());
    ask.run_id.get_or_insert_with(|| run_id.into());
    Ok(())
}

/// Adds the dates of a backfill.
///
/// # Errors
/// When the timetable cannot be asked.
pub(crate) async fn ask_dates(
    reader: &Reader,
    asks: &Asks,
    ask: &mut BackfillAsk,
) -> Result<(), Refusal> {
    let Some(timetable) = timetable(reader, &ask.dag_id)? else {
        return Ok(());
    };
    let words = json!({
        "op": "between",
        "timetable": timetable,
        "earliest": ask.from_date.isoformat(),
        "latest": ask.to_date.isoformat(),
        "limit": BACKFILL_ASKED_DATES_MAX + 1,
    });
    let said = asks.ask(words).await?;
    let runs = said.as_array().ok_or_else(|| senseless(&said))?;
    let dates = runs.iter().map(next_run).collect::<Option<Vec<_>>>();
    ask.dates = dates.ok_or_else(|| senseless(&said))?;
    Ok(())
}

/// The timetable of a dag that only Python knows; none where there is no such dag, too.
fn timetable(reader: &Reader, dag_id: &str) -> Result<Option<Json>, Refusal> {
    let dag = find(reader, dag_id)?.and_then(|(_, dag)| dag);
    Ok(dag.and_then(|dag| engine::custom_timetable(&dag.dag.schedule)))
}

fn senseless(said: &Json) -> Refusal {
    let what = format!("its answer makes no sense: {said}");
    refusal(RefusalKind::Invalid, &what)
}

fn unreadable(e: &DagError) -> Refusal {
    Refusal {
        kind: RefusalKind::Unavailable,
        code: "CTL-006",
        message: e.to_string(),
    }
}
