//! A dag whose assets have changed enough gets its run.

use std::collections::BTreeSet;

use model::{
    AssetEventNo, DagNo, Json, RunId, RunNo, Timestamp,
    asset::DagAssets,
    state::{DagRunType, TriggeredBy},
};

use crate::{
    live::Cx,
    plan::Plan,
    run::create::{self, New},
};

/// Creates the run of a dag whose condition holds; it waits while the dag has all its runs.
pub(crate) fn due(cx: &mut Cx, dag: DagNo) {
    let Some(at) = triggered(cx, dag) else {
        return;
    };
    let Some(plan) = cx.live.latest(dag, cx.view) else {
        return;
    };
    let events = consumed(cx, dag, &plan, at);
    let no = create(cx, &plan, at, (None, None));
    cx.live.dirty.assets.consumed.insert(no, events);
    let queue = cx.live.assets.queue.remove(&dag).unwrap_or_default();
    let marks = queue.into_keys().map(|asset| (dag, asset));
    cx.live.dirty.assets.queue.extend(marks);
}

/// The newest of the events that wait, when they are enough and the dag may have one more run.
fn triggered(cx: &Cx, dag: DagNo) -> Option<Timestamp> {
    let queue = cx.live.assets.queue.get(&dag)?;
    let at = *queue.values().max()?;
    let condition = cx.live.assets.dags.get(&dag)?.condition.as_ref()?;
    let holds = cx
        .live
        .assets
        .holds(condition, &|asset| queue.contains_key(&asset));
    (holds && has_room(cx, dag)).then_some(at)
}

/// Whether one more run of a dag may be made.
pub(crate) fn has_room(cx: &Cx, dag: DagNo) -> bool {
    let Some(dag) = cx.live.dags.get(&dag) else {
        return false;
    };
    let full = dag.n_active() >= dag.row.summary.max_active_runs;
    !(dag.is_held() || full || cx.live.disk.is_some())
}

/// Makes the run.
pub(crate) fn create(
    cx: &mut Cx,
    plan: &std::sync::Arc<Plan>,
    run_after: Timestamp,
    partition: (Option<String>, Option<Timestamp>),
) -> RunNo {
    let run_type = DagRunType::AssetTriggered;
    let id = format!("{}{}", run_type.run_id_prefix(), run_after.isoformat());
    let mut run_id = RunId::from(id.clone());
    // Upstream adds chance to each; a number is enough where two would be the same.
    let mut n = 1;
    while create::run_of_id(cx, plan.dag_no, &run_id).is_some() {
        n += 1;
        run_id = RunId::from(format!("{id}_{n}"));
    }
    let new = New {
        run_id,
        run_type,
        logical_date: None,
        data_interval: None,
        run_after,
        conf: crate::run::conf::given(Json::Null),
        note: None,
        triggered_by: TriggeredBy::Asset,
        user: None,
        partition,
        backfill: None,
    };
    create::create(cx, std::sync::Arc::clone(plan), new)
}

/// The events since the last run that assets made, in order. Before the first one, those since the
/// dag waits for its assets, or with catchup all that there are.
fn consumed(cx: &Cx, dag: DagNo, plan: &Plan, until: Timestamp) -> Vec<AssetEventNo> {
    let Some(row) = cx.live.assets.dags.get(&dag) else {
        return Vec::new();
    };
    let first = row.schedule.values().min().copied();
    let first = first.filter(|_| !plan.dag.catchup);
    let after = last_run(cx, dag, until).or(first);
    let mut events = BTreeSet::new();
    for asset in row.schedule.keys() {
        events.extend(cx.view.asset_events(*asset, after, until));
    }
    for alias in &row.aliases {
        events.extend(cx.view.alias_events(*alias, after, until));
    }
    for (no, event) in &cx.live.dirty.assets.events {
        let is_within = after.is_none_or(|after| no.at() > after) && no.at() <= until;
        match event {
            None => drop(events.remove(no)),
            Some(event) if is_within && is_wanted(row, event) => drop(events.insert(*no)),
            Some(_) => {}
        }
    }
    events.into_iter().collect()
}

fn is_wanted(row: &DagAssets, event: &model::asset::AssetEvent) -> bool {
    let mut aliases = event.aliases.iter();
    row.schedule.contains_key(&event.asset) || aliases.any(|alias| row.aliases.contains(alias))
}

/// The `run_after` of the last run that assets made, before this one.
fn last_run(cx: &Cx, dag: DagNo, before: Timestamp) -> Option<Timestamp> {
    let live = cx.live.dags.get(&dag)?.runs.iter();
    let live = live.filter_map(|no| cx.run(*no)).map(|run| &run.row);
    let live = live
        .filter(|row| row.run_type == DagRunType::AssetTriggered && row.run_after < before)
        .map(|row| row.run_after)
        .max();
    let deleted = &cx.live.dirty.deleted_runs;
    let is_there = |no: RunNo| !deleted.contains_key(&no);
    live.max(cx.view.last_asset_run(dag, before, &is_there))
}
