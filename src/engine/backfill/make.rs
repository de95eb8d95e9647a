//! The runs of a backfill come to be, some in each step.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    DagNo, Json, RunId, RunNo, Timestamp,
    backfill::{Backfill, Reprocess},
    change::NextRun,
    limits::BACKFILL_TASKS_PER_STEP_MAX,
    run::DagRun,
    schedule::Schedule,
    state::{DagRunState, DagRunType, TriggeredBy},
};

use super::put;
use crate::{
    View,
    attempt::At,
    live::{Cx, Live, backfills::LiveBackfill},
    plan::{Plan, position},
    run::{clear, conf, create, follow},
};

/// Makes some runs of the first backfill that lacks any.
pub(crate) fn some(cx: &mut Cx) {
    let first = cx.live.making.first().copied();
    let Some((no, dag)) = first.filter(|_| cx.live.disk.is_none()) else {
        return;
    };
    let plan = cx.live.latest(dag, cx.view);
    let Some(backfill) = backfill(cx.live, dag, no) else {
        cx.live.making.remove(&(no, dag));
        return;
    };
    if plan.is_none() || backfill.todo.is_empty() {
        // Nobody can tell the dates any more.
        backfill.todo.clear();
        backfill.row.n_dates = backfill.row.n_done;
    }
    if let Some(plan) = plan {
        dates(cx, &plan, no);
    }
    let now = cx.now;
    let Some(backfill) = self::backfill(cx.live, dag, no) else {
        return;
    };
    let is_done = backfill.todo.is_empty();
    if is_done {
        backfill.row.dates.clear();
    }
    backfill.row.updated_at = now;
    let row = backfill.row.clone();
    put(cx.live, &row);
    if is_done {
        cx.live.making.remove(&(no, dag));
    }
    cx.live.promote.insert(dag);
}

fn backfill(live: &mut Live, dag: DagNo, no: u64) -> Option<&mut LiveBackfill> {
    live.dags.get_mut(&dag)?.backfills.get_mut(&no)
}

fn dates(cx: &mut Cx, plan: &Arc<Plan>, no: u64) {
    let dag = plan.dag_no;
    let existing = Existing::new(cx.live, cx.view, dag, &plan.dag.schedule);
    let mut budget = BACKFILL_TASKS_PER_STEP_MAX;
    while budget > 0 {
        let Some(backfill) = backfill(cx.live, dag, no) else {
            return;
        };
        let Some(next) = backfill.todo.pop() else {
            return;
        };
        backfill.row.n_done += 1;
        let row = backfill.row.clone();
        let found = existing.find(cx.live, cx.view, &next, row.reprocess);
        let run = match found {
            Found::InFlight | Found::Stays => None,
            Found::Again(run) if next.partition_date.is_none() => again(cx, &row, run),
            Found::Nothing | Found::Again(_) => Some(new(cx, plan, &row, next)),
        };
        let in_flight = found == Found::InFlight;
        if let Some(backfill) = self::backfill(cx.live, dag, no).filter(|_| run.is_none()) {
            backfill.row.n_in_flight += u32::from(in_flight);
            backfill.row.n_existing += u32::from(!in_flight);
        }
        let slots = run
            .and_then(|run| cx.run(run))
            .map_or(0, |run| run.slots.len());
        budget = budget.saturating_sub(slots.max(1));
    }
}

fn new(cx: &mut Cx, plan: &Arc<Plan>, backfill: &Backfill, next: NextRun) -> RunNo {
    let run_type = DagRunType::Backfill;
    let mut run_id = format!("{}{}", run_type.run_id_prefix(), next.run_after.isoformat());
    if let Some(key) = &next.partition_key {
        // A partition may have several runs; upstream ends their ids with a word of chance.
        run_id += &format!("__{key}__{:08x}", cx.live.counters.run.0);
    }
    let mut run_id = RunId::from(run_id);
    if create::run_of_id(cx, plan.dag_no, &run_id).is_some() {
        run_id = RunId::from(format!("{run_id}__{:08x}", cx.live.counters.run.0));
    }
    let conf = backfill.conf.clone().unwrap_or(Json::Null);
    let new = create::New {
        run_id,
        run_type,
        logical_date: next.logical_date,
        data_interval: next.data_interval,
        run_after: next.run_after,
        conf: conf::given(conf),
        note: None,
        triggered_by: TriggeredBy::Backfill,
        user: backfill.user.clone(),
        partition: (next.partition_key, next.partition_date),
        backfill: Some((backfill.no, backfill.n_done)),
    };
    create::create(cx, Arc::clone(plan), new)
}

/// Clears a run that has ended and makes it one of the backfill.
fn again(cx: &mut Cx, backfill: &Backfill, no: RunNo) -> Option<RunNo> {
    if !cx.wake_run(no) {
        return None;
    }
    if backfill.latest_version && !follow::latest(cx, no) {
        return None;
    }
    let n_slots = position(cx.run(no)?.slots.len());
    let is_there = |at: &u32| cx.run(no).is_some_and(|run| !run.is_absent(*at));
    let places = (0..n_slots).filter(is_there);
    let places: Vec<At> = places.map(|at| At { run: no, at }).collect();
    clear::instances(cx, &places, None);
    let run = cx.live.runs.get_mut(&no)?;
    let conf = backfill.conf.clone();
    let conf = conf.map(conf::given);
    let row = run.change_row(&mut cx.live.dirty);
    row.backfill = Some((backfill.no, backfill.n_done));
    row.run_type = DagRunType::Backfill;
    row.triggered_by = TriggeredBy::Backfill;
    if let Some(conf) = conf {
        row.conf = conf;
    }
    clear::requeue(cx, no);
    Some(no)
}

/// What there is for a date.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    Nothing,
    /// A run that has not ended.
    InFlight,
    /// A run that is not to be made again.
    Stays,
    /// A run that is to be made again.
    Again(RunNo),
}

/// The runs that a dag has already.
pub(super) struct Existing {
    dag: DagNo,
    /// For partitions, of which there is no index: the run that started last for each.
    by_partition: BTreeMap<Timestamp, (Option<Timestamp>, RunNo)>,
}

impl Existing {
    pub fn new(live: &Live, view: &dyn View, dag: DagNo, schedule: &Schedule) -> Self {
        let mut by_partition = BTreeMap::new();
        if matches!(schedule, Schedule::CronPartition { .. }) {
            let mut add = |row: &DagRun| {
                if let Some(date) = row.partition_date {
                    let found = by_partition.entry(date).or_insert((row.start_date, row.no));
                    *found = (*found).max((row.start_date, row.no));
                }
            };
            let runs = view.last_runs(dag, usize::MAX).into_iter();
            runs.filter_map(|no| view.run(no)).for_each(|row| add(&row));
            let known = live.runs.values().filter(|run| run.row.dag == dag);
            known.for_each(|run| add(&run.row));
        }
        Self { dag, by_partition }
    }

    pub fn find(&self, live: &Live, view: &dyn View, next: &NextRun, how: Reprocess) -> Found {
        let of_date = next.logical_date.and_then(|at| {
            let dag = live.dags.get(&self.dag)?;
            let known = dag.by_date.get(&at).copied();
            known.or_else(|| view.run_no_by_logical_date(self.dag, at))
        });
        let of_partition = next.partition_date.and_then(|at| {
            let found = self.by_partition.get(&at)?;
            Some(found.1)
        });
        let found = of_date.or(of_partition);
        let found = found.filter(|no| !live.dirty.deleted_runs.contains_key(no));
        let Some(no) = found else {
            return Found::Nothing;
        };
        let known = live.runs.get(&no).map(|run| run.row.state);
        let known = known.or_else(|| live.dirty.waiting.get(&no).map(|row| row.state));
        match known.or_else(|| view.run(no).map(|row| row.state)) {
            None => Found::Nothing,
            Some(DagRunState::Queued | DagRunState::Running) => Found::InFlight,
            Some(DagRunState::Failed) if how != Reprocess::None => Found::Again(no),
            Some(DagRunState::Success) if how == Reprocess::Completed => Found::Again(no),
            Some(DagRunState::Failed | DagRunState::Success) => Found::Stays,
        }
    }
}
