//! A backfill that somebody asks for: whether it may be, and which dates it has.

use std::sync::Arc;

use model::{
    DagNo, Timestamp, VersionNo,
    backfill::{Backfill, BackfillAsk, Reprocess},
    change::NextRun,
    command::{Refusal, Reply},
    dag::Dag,
    limits::{BACKFILL_ASKED_DATES_MAX, BACKFILL_DATES_MAX},
    state::DagRunType,
};

use super::{
    dates::{dates, in_order},
    make::{Existing, Found},
    put,
};
use crate::{
    View, evaluate,
    live::{Cx, Live, backfills::LiveBackfill},
    refusals, timetable,
};

/// Creates a backfill. Its runs are made by the steps that follow.
pub(crate) fn create(cx: &mut Cx, ask: BackfillAsk) -> Result<Reply, Refusal> {
    let checked = check(cx.live, cx.view, &ask, cx.now, false)?;
    if checked.runs.is_empty() {
        return Err(refusals::no_backfill_runs(&ask.dag_id));
    }
    let (no, runs) = (cx.live.next_backfill, checked.runs);
    let is_asked = evaluate::custom(&checked.dag.schedule).is_some();
    cx.live.next_backfill = no.saturating_add(1);
    let row = Backfill {
        no,
        dag: checked.no,
        from_date: ask.from_date,
        to_date: ask.to_date,
        conf: ask.conf,
        reprocess: ask.reprocess,
        max_active_runs: ask.max_active_runs,
        backwards: ask.backwards,
        latest_version: ask
            .latest_version
            .or(checked.dag.rerun_with_latest_version)
            .unwrap_or(true),
        is_paused: false,
        created_at: cx.now,
        updated_at: cx.now,
        completed_at: None,
        user: ask.user,
        version: checked.version,
        n_dates: crate::plan::position(runs.len()),
        n_done: 0,
        n_in_flight: 0,
        n_existing: 0,
        dates: if is_asked { runs.clone() } else { Vec::new() },
    };
    put(cx.live, &row);
    let todo = runs.into_iter().rev().collect();
    if let Some(dag) = cx.live.dags.get_mut(&checked.no) {
        let live = LiveBackfill::new(row.clone(), todo);
        dag.backfills.insert(no, live);
    }
    cx.live.making.insert((no, checked.no));
    Ok(Reply::Backfill(Box::new(row)))
}

/// The runs that a backfill would make, or make again, in its order. As upstream has it, one may
/// ask beside an active backfill, and that there would be none is an answer.
///
/// # Errors
/// When there could be no such backfill.
pub fn dry_run(
    live: &Live,
    view: &dyn View,
    ask: &BackfillAsk,
    now: Timestamp,
) -> Result<Vec<NextRun>, Refusal> {
    let checked = check(live, view, ask, now, true)?;
    let existing = Existing::new(live, view, checked.no, &checked.dag.schedule);
    let mut runs = checked.runs;
    runs.retain(|run| match existing.find(live, view, run, ask.reprocess) {
        Found::Nothing | Found::Again(_) => true,
        Found::InFlight | Found::Stays => false,
    });
    Ok(runs)
}

struct Checked {
    no: DagNo,
    version: VersionNo,
    dag: Arc<Dag>,
    runs: Vec<NextRun>,
}

/// In upstream's order, since the first wrong is what is told.
fn check(
    live: &Live,
    view: &dyn View,
    ask: &BackfillAsk,
    now: Timestamp,
    is_dry: bool,
) -> Result<Checked, Refusal> {
    let dag_id = &ask.dag_id;
    let no = live.by_id.get(dag_id).copied();
    let no = no.ok_or_else(|| refusals::no_dag(dag_id))?;
    let found = live.dags.get(&no).ok_or_else(|| refusals::no_dag(dag_id))?;
    let version = found.row.version;
    let dag = view.dag(no, version);
    let dag = dag.ok_or_else(|| refusals::unreadable(dag_id))?;
    let is_periodic = timetable::is_periodic(&dag.schedule);
    let is_allowed = crate::run::next::allows(&dag, DagRunType::Backfill);
    if !is_allowed && (is_periodic || !is_dry) {
        let run_type = DagRunType::Backfill.as_str();
        return Err(refusals::type_not_allowed(dag_id, run_type));
    }
    if !is_periodic {
        return Err(refusals::not_periodic(dag_id));
    }
    let mut active = found.backfills.values().filter(|_| !is_dry);
    if let Some(active) = active.find(|of| of.row.completed_at.is_none()) {
        return Err(refusals::backfill_is_active(dag_id, active.row.no));
    }
    if found.row.is_stale {
        return Err(refusals::stale(dag_id));
    }
    check_ask(&dag, ask, now)?;
    let span = (ask.from_date, ask.to_date);
    let is_asked = evaluate::custom(&dag.schedule).is_some();
    let runs = if is_asked {
        in_order(ask.dates.clone(), now, ask.backwards)
    } else {
        dates(&dag.schedule, span, now, ask.backwards)
    };
    let most = if is_asked {
        BACKFILL_ASKED_DATES_MAX
    } else {
        BACKFILL_DATES_MAX
    };
    if runs.len() > most {
        return Err(refusals::too_many_dates());
    }
    Ok(Checked {
        no,
        version,
        dag,
        runs,
    })
}

fn check_ask(dag: &Dag, ask: &BackfillAsk, now: Timestamp) -> Result<(), Refusal> {
    if ask.from_date > ask.to_date {
        return Err(refusals::dates_reversed(ask.from_date, ask.to_date));
    }
    if ask.from_date >= now {
        return Err(refusals::dates_in_future(ask.from_date));
    }
    if dag.tasks.iter().any(|task| task.depends_on_past) {
        if ask.backwards {
            return Err(refusals::backwards_with_past(&dag.dag_id));
        }
        if ask.reprocess == Reprocess::None {
            return Err(refusals::reprocess_with_past(&dag.dag_id));
        }
    }
    if ask.max_active_runs == 0 {
        return Err(refusals::no_active_runs());
    }
    Ok(())
}
