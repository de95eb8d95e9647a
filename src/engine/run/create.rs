//! A run comes to be, with all its task instances.

use std::sync::Arc;

use model::{
    DagNo, Json, RunId, RunNo, Timestamp,
    change::NextRun,
    run::DagRun,
    schedule::DataInterval,
    state::{DagRunState, DagRunType, TaskInstanceState as State, TriggeredBy},
};

use crate::{
    deadlines,
    live::{Cx, run::LiveRun, timers::Timer},
    plan::Plan,
    rules::depends_on_past,
};

/// What a new run is given.
pub(crate) struct New {
    pub run_id: RunId,
    pub run_type: DagRunType,
    pub logical_date: Option<Timestamp>,
    pub data_interval: Option<DataInterval>,
    pub run_after: Timestamp,
    pub conf: Json,
    pub note: Option<String>,
    pub triggered_by: TriggeredBy,
    pub user: Option<String>,
    pub partition: (Option<String>, Option<Timestamp>),
    pub backfill: Option<(u64, u32)>,
}

/// Creates a queued run that follows `plan`. Its id and date must be free.
pub(crate) fn create(cx: &mut Cx, plan: Arc<Plan>, new: New) -> RunNo {
    let no = cx.live.new_run_no();
    let dag = plan.dag_no;
    let row = DagRun {
        no,
        dag,
        run_id: new.run_id,
        run_type: new.run_type,
        state: DagRunState::Queued,
        logical_date: new.logical_date,
        data_interval: new.data_interval,
        run_after: new.run_after,
        queued_at: Some(cx.now),
        start_date: None,
        end_date: None,
        last_scheduling_decision: None,
        conf: new.conf,
        note: new.note,
        triggered_by: new.triggered_by,
        triggering_user: new.user,
        version: plan.version,
        clear_number: 0,
        partition_key: new.partition.0,
        partition_date: new.partition.1,
        backfill: new.backfill,
        reason: None,
    };
    let mut run = LiveRun::new(row, plan, Vec::new());
    run.change_row(&mut cx.live.dirty);
    for (at, slot) in run.slots.iter_mut().enumerate() {
        if slot.ti.state == State::Removed {
            continue;
        }
        slot.dirty = true;
        run.dirty.push(crate::plan::position(at));
    }
    cx.live.insert_run(run);
    if let Some(dag) = cx.live.dags.get_mut(&dag) {
        dag.unused = false;
    }
    deadlines::create(cx, no);
    cx.live.promote.insert(dag);
    if new.run_after > cx.now {
        cx.live.timers.at(new.run_after, Timer::RunAfter(dag));
    }
    if let Some(date) = new.logical_date {
        depends_on_past::forget_after(cx.live, dag, date);
    }
    no
}

/// Creates the run that the timetable says; none when the book has one for that date already.
/// A custom timetable may give it an id of its own.
pub(crate) fn scheduled(
    cx: &mut Cx,
    dag: DagNo,
    plan: Arc<Plan>,
    (next, run_id): (NextRun, Option<RunId>),
) -> Option<RunNo> {
    let run_type = DagRunType::Scheduled;
    let by_date = || {
        let suffix = next.run_after.isoformat();
        RunId::from(format!("{}{suffix}", run_type.run_id_prefix()))
    };
    let run_id = run_id.unwrap_or_else(by_date);
    let taken = next.logical_date.and_then(|at| run_of_date(cx, dag, at));
    if taken.or_else(|| run_of_id(cx, dag, &run_id)).is_some() {
        return None;
    }
    let conf = super::conf::given(Json::Null);
    let new = New {
        run_id,
        run_type,
        logical_date: next.logical_date,
        data_interval: next.data_interval,
        run_after: next.run_after,
        conf,
        note: None,
        triggered_by: TriggeredBy::Timetable,
        user: None,
        partition: (next.partition_key, next.partition_date),
        backfill: None,
    };
    Some(create(cx, plan, new))
}

/// The run of a dag with this id, this batch's included.
pub(crate) fn run_of_id(cx: &Cx, dag: DagNo, run_id: &str) -> Option<RunNo> {
    let live = cx.live.dags.get(&dag)?.by_run_id.get(run_id).copied();
    live.or_else(|| cx.view.run_no(dag, run_id).filter(|no| exists(cx, *no)))
}

/// The run of a dag with this logical date, this batch's included.
pub(crate) fn run_of_date(cx: &Cx, dag: DagNo, at: Timestamp) -> Option<RunNo> {
    let live = cx.live.dags.get(&dag)?.by_date.get(&at).copied();
    live.or_else(|| {
        cx.view
            .run_no_by_logical_date(dag, at)
            .filter(|no| exists(cx, *no))
    })
}

fn exists(cx: &Cx, no: RunNo) -> bool {
    !cx.live.dirty.deleted_runs.contains_key(&no)
}
