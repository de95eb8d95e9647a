//! `depends_on_past` and `wait_for_downstream`: the same task of the run before must have ended
//! well.

use std::collections::BTreeMap;

use model::{
    RunId, RunNo, TaskNo, Timestamp,
    dag::Task,
    state::{DagRunType, TaskInstanceState as State},
};

use crate::{
    attempt::At,
    live::{Cx, Live, run::Past},
};

/// Runs that are looked through for an earlier instance of a task that the run before lacks.
const RUNS_LOOKED_THROUGH_MAX: usize = 100;

/// The run that an instance waits for; none when nothing in the past holds it back.
pub(crate) fn blocked(cx: &mut Cx, place: At) -> Option<RunId> {
    let run = cx.run(place.run)?;
    let plan = std::sync::Arc::clone(&run.plan);
    let task = plan.task(place.at)?;
    if !(task.depends_on_past || task.wait_for_downstream) || run.row.backfill.is_some_and(is_first)
    {
        return None;
    }
    let date = run.row.logical_date?;
    let past = match run.past.clone() {
        Some(past) => past,
        None => find(cx, place.run, date),
    };
    let (run_id, state) = match &past {
        Past::None => return None,
        Past::Live(no) => {
            let before = cx.run(*no)?;
            let state = |no| before.plan.position(no).and_then(|at| before.state(at));
            (
                before.row.run_id.clone(),
                states(task, &plan, place.at, state),
            )
        }
        Past::Book(run_id, known) => {
            let state = |no| known.get(&no).copied();
            (run_id.clone(), states(task, &plan, place.at, state))
        }
    };
    let no = plan.plan(place.at)?.no;
    match state {
        Lookback::Good => None,
        Lookback::Missing if task.ignore_first_depends_on_past && !has_earlier(cx, place, no) => {
            None
        }
        Lookback::Missing | Lookback::Bad => Some(run_id),
    }
}

const fn is_first(backfill: (u64, u32)) -> bool {
    backfill.1 <= 1
}

enum Lookback {
    Good,
    Bad,
    Missing,
}

fn states(
    task: &Task,
    plan: &crate::plan::Plan,
    at: u32,
    state: impl Fn(TaskNo) -> Option<State>,
) -> Lookback {
    let is_good = |state: State| matches!(state, State::Success | State::Skipped);
    match plan.plan(at).and_then(|task| state(task.no)) {
        None | Some(State::Removed) => return Lookback::Missing,
        Some(found) if !is_good(found) => return Lookback::Bad,
        Some(_) => {}
    }
    let mut below = task.downstream.iter().filter_map(|&at| plan.tasks.get(at));
    let bad = |task: &crate::plan::PlanTask| state(task.no).is_some_and(|found| !is_good(found));
    if task.wait_for_downstream && below.any(bad) {
        Lookback::Bad
    } else {
        Lookback::Good
    }
}

/// Finds the run before, and has it tell when its tasks end.
fn find(cx: &mut Cx, no: RunNo, date: Timestamp) -> Past {
    let found = previous(cx, no, date);
    let past = match found {
        None => Past::None,
        Some(before) => match cx.live.runs.get_mut(&before) {
            Some(run) => {
                run.followers.push(no);
                Past::Live(before)
            }
            None => match cx.view.run(before) {
                Some(row) => Past::Book(row.run_id, states_of(cx, before)),
                None => Past::None,
            },
        },
    };
    if let Some(run) = cx.live.runs.get_mut(&no) {
        run.past = Some(past.clone());
    }
    past
}

fn states_of(cx: &Cx, run: RunNo) -> BTreeMap<TaskNo, State> {
    let tis = cx.view.task_instances(run);
    tis.into_iter().map(|ti| (ti.key.task, ti.state)).collect()
}

/// The run with the greatest date before `date`: a scheduled one where the dag catches up.
fn previous(cx: &Cx, no: RunNo, date: Timestamp) -> Option<RunNo> {
    let run = cx.run(no)?;
    let scheduled_only = run.plan.dag.catchup;
    let dag = cx.live.dags.get(&run.row.dag)?;
    let counts = |no: RunNo| {
        cx.run(no)
            .is_some_and(|run| !scheduled_only || run.row.run_type == DagRunType::Scheduled)
    };
    let live = dag.by_date.range(..date).rev().find(|(_, no)| counts(**no));
    let mut before = date;
    let book = loop {
        let Some(found) = cx.view.previous_run(run.row.dag, before, scheduled_only) else {
            break None;
        };
        let at = cx.view.run(found).and_then(|row| row.logical_date);
        if !cx.live.dirty.deleted_runs.contains_key(&found) {
            break at.map(|at| (at, found));
        }
        match at {
            Some(at) if at < before => before = at,
            Some(_) | None => break None,
        }
    };
    live.map(|(at, no)| (*at, *no)).max(book).map(|(_, no)| no)
}

/// Whether any earlier run has an instance of the task.
fn has_earlier(cx: &Cx, place: At, task: TaskNo) -> bool {
    let Some(run) = cx.run(place.run) else {
        return false;
    };
    let Some(mut before) = run.row.logical_date else {
        return false;
    };
    for _ in 0..RUNS_LOOKED_THROUGH_MAX {
        let Some(no) = cx.view.previous_run(run.row.dag, before, false) else {
            return false;
        };
        let key = model::TiKey {
            run: no,
            task,
            map: model::MapIndex::NONE,
        };
        if cx.view.task_instance(key).is_some() {
            return true;
        }
        match cx.view.run(no).and_then(|row| row.logical_date) {
            Some(at) if at < before => before = at,
            Some(_) | None => return false,
        }
    }
    true
}

/// Has all runs of a dag look for the run before again: a run came, went or came back.
pub(crate) fn forget(live: &mut Live, dag: model::DagNo) {
    let runs = live
        .dags
        .get(&dag)
        .map(|dag| dag.live_runs())
        .unwrap_or_default();
    for no in runs {
        let Some(run) = live.runs.get_mut(&no).filter(|run| run.plan.looks_back) else {
            continue;
        };
        run.past = None;
        run.followers.clear();
        for at in 0..crate::plan::position(run.slots.len()) {
            let looks_back = run
                .plan
                .task(at)
                .is_some_and(|task| task.depends_on_past || task.wait_for_downstream);
            if looks_back && run.state(at).is_some_and(State::is_schedulable) {
                run.push_work(&mut live.work, at);
            }
        }
    }
}

/// Puts the instances on the list of those to examine that looked at `task` of the run before.
pub(crate) fn follow(live: &mut Live, no: RunNo, task: TaskNo) {
    let Some(run) = live.runs.get_mut(&no) else {
        return;
    };
    let Some(at) = run.plan.position(task) else {
        return;
    };
    let plan = std::sync::Arc::clone(&run.plan);
    let above = plan
        .task(at)
        .map(|task| task.upstream.clone())
        .unwrap_or_default();
    run.push_work(&mut live.work, at);
    for at in above {
        if plan
            .dag
            .tasks
            .get(at)
            .is_some_and(|task| task.wait_for_downstream)
        {
            run.push_work(&mut live.work, crate::plan::position(at));
        }
    }
}
