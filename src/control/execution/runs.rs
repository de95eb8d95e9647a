//! Dags and their runs.

use model::{
    DagId, Json, JsonMap, RunId, Timestamp,
    command::{Command, RefusalKind, TriggerRun},
    execution::{Answer, Asker, DagDetails, ErrorKind},
    run::DagRun,
    state::{DagRunState, DagRunType, TriggeredBy},
};

use super::{
    Desk, Plan, Planned, Wrong, desk,
    find::{self, Earlier},
    is_refused, now, ok,
};
use crate::{python::BUNDLE, python::words, trigger};

pub(super) fn dag(desk: &Desk, dag_id: &DagId) -> Planned {
    let book = desk.reader.snapshot()?;
    let no = find::dag(&book, dag_id)?;
    let row = book.dag(no)?;
    let row = row.ok_or_else(|| Wrong::new(404, format!("The Dag `{dag_id}` was not found")))?;
    now(Answer::DagResult(Box::new(DagDetails {
        dag_id: dag_id.clone(),
        is_paused: row.is_paused,
        bundle_name: Some(BUNDLE.to_owned()),
        bundle_version: None,
        relative_fileloc: Some(row.file),
        owners: Some(row.summary.owners.join(", ")),
        tags: row.summary.tags,
        next_dagrun: row.next_run.and_then(|next| next.logical_date),
    })))
}

pub(super) fn get(desk: &Desk, dag_id: &DagId, run_id: &str) -> Planned {
    let book = desk.reader.snapshot()?;
    let run = find::run(&book, dag_id, run_id)?;
    let run = words::dag_run_with_events(&book, dag_id, &run)?;
    now(Answer::DagRunResult(Box::new(run)))
}

pub(super) fn state(desk: &Desk, dag_id: &str, run_id: &str) -> Planned {
    let state = find::run(&desk.reader.snapshot()?, dag_id, run_id)?.state;
    now(Answer::DagRunStateResult { state })
}

pub(super) fn count(
    desk: &Desk,
    dag_id: &str,
    dates: Option<&[Timestamp]>,
    run_ids: Option<&[RunId]>,
    states: Option<&[String]>,
) -> Planned {
    let book = desk.reader.snapshot()?;
    let Some(dag) = book.dag_no(dag_id)? else {
        return now(Answer::DRCount { count: 0 });
    };
    let states = states.filter(|states| !states.is_empty());
    let states: Option<Vec<DagRunState>> = states.map(|words| {
        words
            .iter()
            .filter_map(|word| DagRunState::parse(word))
            .collect()
    });
    let chosen = find::chosen(&book, dag, dates, run_ids)?;
    let n = match (chosen, states) {
        (None, None) => book.run_counts(Some(dag))?.total(),
        (None, Some(states)) => {
            let counts = book.run_counts(Some(dag))?;
            states.into_iter().map(|state| counts.of(state)).sum()
        }
        (Some(runs), states) => {
            let mut n = 0;
            for no in runs {
                let run: Option<DagRun> = book.run(no)?;
                let takes = |run: &DagRun| states.as_ref().is_none_or(|of| of.contains(&run.state));
                n += u64::from(run.is_some_and(|run| takes(&run)));
            }
            n
        }
    };
    let count = i64::try_from(n).unwrap_or(i64::MAX);
    now(Answer::DRCount { count })
}

pub(super) fn previous(
    desk: &Desk,
    dag_id: &DagId,
    before: Timestamp,
    state: Option<&str>,
) -> Planned {
    let book = desk.reader.snapshot()?;
    let state = state.filter(|word| !word.is_empty()).map(|word| {
        let message = format!("`{word}` is no state of a run");
        DagRunState::parse(word).ok_or_else(|| Wrong::new(422, message))
    });
    let state = state.transpose()?;
    let found = match book.dag_no(dag_id)? {
        Some(dag) => Earlier::new(&book, dag, Some(before), state)
            .next()
            .transpose()?,
        None => None,
    };
    let dag_run = found.map(|run| Box::new(words::dag_run(dag_id, &run)));
    now(Answer::PreviousDagRunResult { dag_run })
}

/// A run to create.
pub(super) struct Trigger {
    pub(super) dag_id: DagId,
    pub(super) run_id: RunId,
    pub(super) logical_date: Option<Timestamp>,
    pub(super) run_after: Option<Timestamp>,
    pub(super) conf: Option<JsonMap>,
    pub(super) partition_key: Option<String>,
    pub(super) reset: bool,
    pub(super) note: Option<String>,
}

pub(super) fn trigger(desk: &Desk, who: &Asker, ask: Trigger) -> Planned {
    let conf = Json::Object(ask.conf.unwrap_or_default());
    let row = trigger::check(&desk.reader, &ask.dag_id, &conf)
        .map_err(|refusal| Wrong::new(desk::status(refusal.kind), refusal.message))?;
    let book = desk.reader.snapshot()?;
    let dag_id = &ask.dag_id;
    if row.is_stale {
        let message = format!("Dag with dag_id: '{dag_id}' not found");
        return Err(Wrong::new(404, message));
    }
    if book
        .file(&row.file)?
        .is_some_and(|file| file.error.is_some())
    {
        let message =
            format!("Dag with dag_id '{dag_id}' has import errors and cannot be triggered");
        return Err(Wrong::new(400, message));
    }
    let mut user = None;
    if let Asker::Try { key, .. } = who {
        let parent = book.run(key.run)?;
        user = parent.and_then(|run| run.triggering_user);
        if is_ours(desk, &book, who, dag_id, &ask.run_id)? {
            return now(Answer::OKResponse { ok: true });
        }
    }
    let command = Command::TriggerRun(Box::new(TriggerRun {
        dag_id: ask.dag_id,
        run_id: Some(ask.run_id),
        run_type: DagRunType::OperatorTriggered,
        logical_date: ask.logical_date,
        data_interval: None,
        run_after: ask.run_after,
        conf,
        note: ask.note,
        triggered_by: TriggeredBy::Operator,
        user,
        partition_key: ask.partition_key,
        reset: ask.reset,
    }));
    Ok(Plan::Do(Box::new(command), |reply| {
        if is_refused(&reply, RefusalKind::Conflict) {
            return Answer::Error {
                kind: ErrorKind::DagRunAlreadyExists,
                detail: JsonMap::new(),
            };
        }
        ok(reply)
    }))
}

/// Whether this try has created the run already, and only the answer was lost with the server
/// before this one.
fn is_ours(
    desk: &Desk,
    book: &store::Snapshot,
    who: &Asker,
    dag_id: &str,
    run_id: &str,
) -> Result<bool, Wrong> {
    let began = find::present(book, who)?.and_then(|ti| ti.start_date);
    let Some(began) = began.filter(|began| *began < desk.started) else {
        return Ok(false);
    };
    let found = match find::dag(book, dag_id) {
        Ok(dag) => book.run_no(dag, run_id)?,
        Err(_) => None,
    };
    let found = match found {
        Some(no) => book.run(no)?,
        None => None,
    };
    Ok(found.is_some_and(|run| {
        let at = run.queued_at;
        run.triggered_by == TriggeredBy::Operator
            && at.is_some_and(|at| began <= at && at < desk.started)
    }))
}
