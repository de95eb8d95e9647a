//! `depends_on_past` and `wait_for_downstream`: the same task of the run before must have ended
//! well.

use std::{collections::BTreeMap, ops::Bound};

use model::{
    DagNo, MapIndex, RunId, RunNo, TaskNo, TiKey, Timestamp,
    dag::Task,
    state::{DagRunType, TaskInstanceState as State},
};

use crate::{
    View,
    attempt::At,
    live::{
        Cx, Live,
        dags::LiveDag,
        run::{LiveRun, Past},
        tally::Tally,
    },
};

/// Runs that are looked through for an earlier instance of a task that the run before lacks.
const RUNS_LOOKED_THROUGH_MAX: usize = 100;

/// The run that an instance waits for; none when nothing in the past holds it back.
pub(crate) fn blocked(cx: &mut Cx, place: At) -> Option<RunId> {
    let run = cx.run(place.run)?;
    let date = looks_back(run, place.at)?;
    let past = match run.past.clone() {
        Some(past) => past,
        None => find(cx, place.run, date),
    };
    holds_back(cx.live, cx.view, place, &past)
}

/// The same for who asks why, without taking note of anything.
pub(crate) fn asked(live: &Live, view: &dyn View, place: At) -> Option<RunId> {
    let run = live.runs.get(&place.run)?;
    let date = looks_back(run, place.at)?;
    let past = match run.past.clone() {
        Some(past) => past,
        None => look(live, view, place.run, date),
    };
    holds_back(live, view, place, &past)
}

/// The date of the run, where the task looks at the run before.
fn looks_back(run: &LiveRun, at: u32) -> Option<Timestamp> {
    let task = run.task(at)?;
    let looks = task.depends_on_past || task.wait_for_downstream;
    let is_free = !looks || run.row.backfill.is_some_and(is_first);
    run.row.logical_date.filter(|_| !is_free)
}

fn holds_back(live: &Live, view: &dyn View, place: At, past: &Past) -> Option<RunId> {
    let run = live.runs.get(&place.run)?;
    let (plan, at) = (&run.plan, run.slot(place.at)?.task);
    let task = plan.task(at)?;
    let (run_id, state) = match past {
        Past::None => return None,
        Past::Live(no) => {
            let before = live.runs.get(no)?;
            let state = |no| {
                before
                    .plan
                    .position(no)
                    .and_then(|at| before.task_state(at))
            };
            let run_id = before.row.run_id.clone();
            (run_id, states(task, plan, at, state))
        }
        Past::Book(run_id, known) => {
            let state = |no| known.get(&no).copied();
            (run_id.clone(), states(task, plan, at, state))
        }
    };
    let no = plan.plan(at)?.no;
    let is_first = || task.ignore_first_depends_on_past && !has_earlier(live, view, place, no);
    match state {
        Lookback::Good => None,
        Lookback::Missing if is_first() => None,
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
    let past = look(cx.live, cx.view, no, date);
    if let Past::Live(before) = &past
        && let Some(run) = cx.live.runs.get_mut(before)
        && !run.followers.contains(&no)
    {
        run.followers.push(no);
    }
    if let Some(run) = cx.live.runs.get_mut(&no) {
        run.past = Some(past.clone());
    }
    past
}

fn look(live: &Live, view: &dyn View, no: RunNo, date: Timestamp) -> Past {
    let Some(run) = live.runs.get(&no) else {
        return Past::None;
    };
    let found = previous(live, view, run.row.dag, date, run.plan.dag.catchup);
    let Some((_, before)) = found else {
        return Past::None;
    };
    if live.runs.contains_key(&before) {
        return Past::Live(before);
    }
    let Some(row) = view.run(before) else {
        return Past::None;
    };
    let tis = view.task_instances(before);
    let mut tallies: BTreeMap<TaskNo, Tally> = BTreeMap::new();
    for ti in tis {
        tallies.entry(ti.key.task).or_default().add(ti.state, false);
    }
    let states = tallies
        .into_iter()
        .map(|(task, tally)| (task, tally.state()));
    Past::Book(row.run_id, states.collect())
}

/// The run with the greatest date before `date`, this batch's included: none of a person's where
/// the dag catches up.
fn previous(
    live: &Live,
    view: &dyn View,
    dag_no: DagNo,
    date: Timestamp,
    scheduled_only: bool,
) -> Option<(Timestamp, RunNo)> {
    let dag = live.dags.get(&dag_no)?;
    let counts = |no: RunNo| {
        let run = live.runs.get(&no);
        run.is_some_and(|run| !scheduled_only || run.row.run_type != DagRunType::Manual)
    };
    let loaded = dag.by_date.range(..date).rev().find(|(_, no)| counts(**no));
    let mut before = date;
    let book = loop {
        let Some(found) = view.previous_run(dag_no, before, scheduled_only) else {
            break None;
        };
        let at = view.run(found).and_then(|row| row.logical_date);
        if !live.dirty.deleted_runs.contains_key(&found) {
            break at.map(|at| (at, found));
        }
        match at {
            Some(at) if at < before => before = at,
            Some(_) | None => break None,
        }
    };
    loaded.map(|(at, no)| (*at, *no)).max(book)
}

/// Whether any earlier run has an instance of the task.
fn has_earlier(live: &Live, view: &dyn View, place: At, task: TaskNo) -> bool {
    let Some(run) = live.runs.get(&place.run) else {
        return false;
    };
    let Some(mut before) = run.row.logical_date else {
        return false;
    };
    for _ in 0..RUNS_LOOKED_THROUGH_MAX {
        let Some((at, no)) = previous(live, view, run.row.dag, before, false) else {
            return false;
        };
        let mut keys = [MapIndex::NONE, MapIndex(0)]
            .map(|map| TiKey { run: no, task, map })
            .into_iter();
        let has = match live.runs.get(&no) {
            Some(run) => {
                let at = run.plan.position(task);
                at.is_some_and(|at| run.slots_of(at).any(|slot| !run.is_absent(slot)))
                    || keys.any(|key| run.removed.contains_key(&key))
            }
            None => keys.any(|key| view.task_instance(key).is_some()),
        };
        if has {
            return true;
        }
        before = at;
    }
    true
}

/// Has all runs of a dag look for the run before again: a run went or came back.
pub(crate) fn forget(live: &mut Live, dag: DagNo) {
    let dag = live.dags.get(&dag);
    let runs = dag.map(LiveDag::live_runs).unwrap_or_default();
    look_again(live, &runs);
}

/// The same for those after `date`, where a run came to be.
pub(crate) fn forget_after(live: &mut Live, dag: DagNo, date: Timestamp) {
    let Some(dag) = live.dags.get(&dag) else {
        return;
    };
    let after = (Bound::Excluded(date), Bound::Unbounded);
    let runs: Vec<RunNo> = dag.by_date.range(after).map(|(_, no)| *no).collect();
    look_again(live, &runs);
}

fn look_again(live: &mut Live, runs: &[RunNo]) {
    for no in runs {
        let Some(run) = live.runs.get_mut(no).filter(|run| run.plan.looks_back) else {
            continue;
        };
        run.past = None;
        for at in 0..crate::plan::position(run.slots.len()) {
            let looks_back = run
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
    let waits = |at: &usize| {
        plan.dag
            .tasks
            .get(*at)
            .is_some_and(|task| task.wait_for_downstream)
    };
    let above = above.into_iter().filter(waits).map(crate::plan::position);
    for task in std::iter::once(at).chain(above) {
        let slots: Vec<u32> = run.slots_of(task).collect();
        for at in slots {
            run.push_work(&mut live.work, at);
        }
    }
}
