//! Deadlines of runs: made with a run, moved when it is queued again, forgotten when it ends well
//! in time, missed when they pass.
//!
//! A deadline outlives its run's stay in memory: a run that failed early is late all the same.

use model::{
    DagNo, RunNo, TimeDelta, Timestamp,
    callback::Call,
    dag::{DeadlineAlert, DeadlineInterval, DeadlineReference},
    deadline::Deadline,
    run::DagRun,
};

use crate::{
    callbacks,
    live::{Cx, Live, timers::Timer},
};

/// Runs beyond those that an average is of, looked at since the book has them in another order.
const RUNS_LOOKED_AT_MORE: usize = 100;

/// Makes the deadlines of a new run.
pub(crate) fn create(cx: &mut Cx, no: RunNo) {
    let Some(run) = cx.run(no).filter(|run| !run.plan.dag.deadlines.is_empty()) else {
        return;
    };
    let (row, plan) = (run.row.clone(), std::sync::Arc::clone(&run.plan));
    for (alert, what) in (0..).zip(&plan.dag.deadlines) {
        let Some(due) = due(cx, &row, what) else {
            continue;
        };
        let deadline = Deadline {
            run: no,
            alert,
            dag: row.dag,
            version: plan.version,
            due,
            created_at: cx.now,
            missed: false,
        };
        put(cx.live, deadline);
    }
}

/// None where the run has nothing that the deadline counts from.
fn due(cx: &Cx, row: &DagRun, alert: &DeadlineAlert) -> Option<Timestamp> {
    let from = match &alert.reference {
        DeadlineReference::LogicalDate => row.logical_date?,
        DeadlineReference::QueuedAt => row.queued_at?,
        DeadlineReference::Fixed(at) => *at,
        DeadlineReference::AverageRuntime { max_runs, min_runs } => {
            let min_runs = min_runs.unwrap_or(*max_runs);
            cx.now.plus(average(cx, row.dag, *max_runs, min_runs)?)
        }
        DeadlineReference::Custom(_) => return None,
    };
    Some(from.plus(interval(cx, alert)?))
}

fn interval(cx: &Cx, alert: &DeadlineAlert) -> Option<TimeDelta> {
    match &alert.interval {
        DeadlineInterval::Fixed(span) => Some(*span),
        DeadlineInterval::Variable(key) => {
            let seconds = cx.view.variable(key)?.trim().parse::<f64>().ok()?;
            Some(TimeDelta::from_secs_f64(seconds))
        }
    }
}

/// How long the last runs took that have ended; none when they are too few.
fn average(cx: &Cx, dag: DagNo, max_runs: u32, min_runs: u32) -> Option<TimeDelta> {
    let max_runs = usize::try_from(max_runs).unwrap_or(usize::MAX);
    let looked_at = max_runs.saturating_add(RUNS_LOOKED_AT_MORE);
    let rows = cx.view.last_runs(dag, looked_at).into_iter();
    let mut took: Vec<(Option<Timestamp>, TimeDelta)> = rows
        .filter(|no| !cx.live.dirty.deleted_runs.contains_key(no))
        .filter_map(|no| cx.view.run(no))
        .filter_map(|row| Some((row.logical_date, row.end_date?.since(row.start_date?))))
        .collect();
    took.sort_by_key(|(date, _)| std::cmp::Reverse(*date));
    took.truncate(max_runs);
    let n_runs = i64::try_from(took.len()).ok().filter(|n| *n > 0)?;
    if n_runs < i64::from(min_runs) {
        return None;
    }
    let sum: i64 = took.iter().map(|(_, took)| took.as_micros()).sum();
    Some(TimeDelta::from_micros(sum / n_runs))
}

fn put(live: &mut Live, deadline: Deadline) {
    let key = (deadline.run, deadline.alert);
    live.dirty.deadlines.insert(key, Some(deadline.clone()));
    if let Some(old) = live.deadlines.remove(&key) {
        live.timers
            .cancel(passes(old.due), Timer::Deadline(key.0, key.1));
    }
    if !deadline.missed {
        watch(live, deadline);
    }
}

/// Takes in a deadline that has not passed.
pub(crate) fn watch(live: &mut Live, deadline: Deadline) {
    let (run, alert) = (deadline.run, deadline.alert);
    live.timers
        .at(passes(deadline.due), Timer::Deadline(run, alert));
    live.deadlines.insert((run, alert), deadline);
}

/// A deadline is missed when its time *has passed*.
fn passes(due: Timestamp) -> Timestamp {
    due.plus(TimeDelta::from_micros(1))
}

fn of_run(live: &Live, no: RunNo) -> Vec<Deadline> {
    let of = live.deadlines.range((no, 0)..=(no, u32::MAX));
    of.map(|(_, deadline)| deadline.clone()).collect()
}

/// A run is queued again: what counts from there moves.
pub(crate) fn requeued(cx: &mut Cx, no: RunNo) {
    for mut deadline in of_run(cx.live, no) {
        let Some(row) = cx.run(no).map(|run| run.row.clone()) else {
            return;
        };
        let dag = cx.view.dag(deadline.dag, deadline.version);
        let alert = dag
            .as_ref()
            .and_then(|dag| dag.deadlines.get(deadline.alert as usize));
        let moved = alert
            .filter(|alert| alert.reference == DeadlineReference::QueuedAt)
            .and_then(|alert| due(cx, &row, alert));
        if let Some(due) = moved {
            deadline.due = due;
            put(cx.live, deadline);
        }
    }
}

/// A run ended well: what is not yet due was kept.
pub(crate) fn succeeded(cx: &mut Cx, no: RunNo) {
    let Some(end) = cx.run(no).and_then(|run| run.row.end_date) else {
        return;
    };
    for deadline in of_run(cx.live, no) {
        if end <= deadline.due {
            forget(cx.live, (no, deadline.alert));
        }
    }
}

/// A run goes, and with it what was to be called.
pub(crate) fn deleted(live: &mut Live, no: RunNo) {
    for deadline in of_run(live, no) {
        forget(live, (no, deadline.alert));
    }
    live.dirty.deadlines.retain(|(run, _), _| *run != no);
}

fn forget(live: &mut Live, key: (RunNo, u32)) {
    if let Some(old) = live.deadlines.remove(&key) {
        live.timers
            .cancel(passes(old.due), Timer::Deadline(key.0, key.1));
        live.dirty.deadlines.insert(key, None);
    }
}

/// The timer fired: it is missed, and what is to be called is owed.
pub(crate) fn passed(cx: &mut Cx, run: RunNo, alert: u32) {
    let Some(deadline) = cx.live.deadlines.get(&(run, alert)).cloned() else {
        return;
    };
    if deadline.due >= cx.now {
        return;
    }
    let dag = cx.view.dag(deadline.dag, deadline.version);
    let alert = dag
        .as_ref()
        .and_then(|dag| dag.deadlines.get(deadline.alert as usize));
    if let Some(alert) = alert {
        let call = Call::Deadline {
            run,
            id: id(run, deadline.alert),
            name: alert.name.clone(),
            due: deadline.due,
            callback: alert.callback.clone(),
        };
        callbacks::owe(cx, call);
    }
    put(
        cx.live,
        Deadline {
            missed: true,
            ..deadline
        },
    );
}

/// A UUID of version 5: the same deadline has the same one.
fn id(run: RunNo, alert: u32) -> String {
    let name = format!("urn:orrery:deadline:{}:{alert}", run.0);
    let hex = sha1_smol::Sha1::from(name).digest().to_string();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let (a, b, c, d, e) = (
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32),
    );
    format!("{a}-{b}-5{c}-8{d}-{e}")
}
