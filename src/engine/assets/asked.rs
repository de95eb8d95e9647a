//! Mappers of partitions that only Python knows: what an event is for is asked outside. The
//! question is kept among the pending runs until its answer comes, so that a restart asks again.

use std::sync::Arc;

use model::{
    DagNo, Fence, Json,
    asset::PendingRun,
    evaluation::{PartitionAsked, Question},
    limits::PARTITION_KEYS_MAX_DEFAULT,
};

use super::partitions::{Asks, EXCEEDED, FAILED, fingerprint, forget, note};
use crate::{audit, evaluate, live::Cx, plan::Plan};

/// Keeps a question, and asks it.
pub(super) fn put(cx: &mut Cx, plan: &Plan, (asks, key): (&Asks<'_>, &str), mapper: Json) {
    let dag = plan.dag_no;
    let Some(row) = cx.live.assets.dags.get(&dag) else {
        return;
    };
    let run = PendingRun {
        dag,
        // No partition is called so.
        key: format!("\u{1}{}-{}", asks.event.0, asks.asset.0),
        since: asks.event,
        date: asks.date,
        mappers: fingerprint(plan, row),
        events: vec![(asks.event, asks.asset, key.to_owned())],
        is_question: true,
        needs: Vec::new(),
    };
    let mark = (dag, run.key.clone());
    let pending = cx.live.assets.pending.entry(dag).or_default();
    pending.insert(run.key.clone(), run.clone());
    cx.live.dirty.assets.pending.insert(mark);
    ask(cx, plan, &run, mapper);
}

fn ask(cx: &mut Cx, plan: &Plan, run: &PendingRun, mapper: Json) {
    let Some((_, _, key)) = run.events.first() else {
        return;
    };
    let question = Question::Partition {
        mapper,
        key: key.clone(),
        date: run.date,
        row: run.key.clone(),
    };
    // The answer names the row, so that it needs no number of its own.
    evaluate::ask(cx.live, Fence(run.since.0), plan, question);
}

/// After a restart: asks again what has no answer.
pub(crate) fn recover(cx: &mut Cx) {
    let all = cx.live.assets.pending.values().flat_map(|of| of.values());
    let open: Vec<PendingRun> = all.filter(|run| run.is_question).cloned().collect();
    for run in open {
        let Some(plan) = cx.live.latest(run.dag, cx.view) else {
            continue;
        };
        match mapper(cx, &plan, &run) {
            Some(asked) => ask(cx, &plan, &run, asked),
            None => forget(cx, &run),
        }
    }
}

/// The mapper that a question is to; none when another has taken its place.
fn mapper(cx: &Cx, plan: &Plan, run: &PendingRun) -> Option<Json> {
    let row = cx.live.assets.dags.get(&run.dag)?;
    let (_, asset, _) = run.events.first()?;
    let asset = cx.live.assets.rows.get(asset)?;
    let partitioned = plan.partitioned.as_ref()?.as_ref().ok()?;
    let found = partitioned.mapper(&asset.name, &asset.uri).asked()?;
    (run.mappers == fingerprint(plan, row)).then(|| found.clone())
}

/// An answer. One to a question that is not open any more is dropped.
pub(crate) fn answered(
    cx: &mut Cx,
    dag: DagNo,
    row: &str,
    asks: Result<Vec<PartitionAsked>, String>,
) {
    let pending = cx.live.assets.pending.get(&dag);
    let run = pending.and_then(|pending| pending.get(row)).cloned();
    let Some(run) = run.filter(|run| run.is_question) else {
        return;
    };
    forget(cx, &run);
    let Some(plan) = cx.live.latest(dag, cx.view) else {
        return;
    };
    if mapper(cx, &plan, &run).is_none() {
        return;
    }
    if let Err((event, problem)) = take(cx, &plan, &run, asks) {
        let key = run.events.first().map_or("", |(_, _, key)| key);
        let text = format!("partition `{key}` for dag `{}`: {problem}", plan.dag.dag_id);
        let said = run.events.first();
        let source = said.and_then(|(of, ..)| cx.view.asset_event_source(*of));
        audit::of_source(cx, source.as_ref(), event, text);
    }
}

fn take(
    cx: &mut Cx,
    plan: &Arc<Plan>,
    run: &PendingRun,
    asks: Result<Vec<PartitionAsked>, String>,
) -> Result<(), (&'static str, String)> {
    let asks = asks.map_err(|problem| (FAILED, problem))?;
    let (Some((event, asset, key)), Some(Ok(partitioned))) =
        (run.events.first(), &plan.partitioned)
    else {
        return Ok(());
    };
    if let Some(row) = cx.live.assets.rows.get(asset) {
        let mapper = partitioned.mapper(&row.name, &row.uri);
        let checked = mapper.check(asks.len(), PARTITION_KEYS_MAX_DEFAULT);
        checked.map_err(|error| (EXCEEDED, error.to_string()))?;
    }
    for PartitionAsked {
        key: wanted,
        date,
        needs,
    } in asks
    {
        let from = ((*event, *asset, key.as_str()), date);
        note(cx, run.dag, wanted.clone(), from, &run.mappers);
        let pending = cx.live.assets.pending.get_mut(&run.dag);
        let noted = pending.and_then(|pending| pending.get_mut(&wanted));
        if let (Some(noted), Some(needs)) = (noted, needs) {
            noted.needs.retain(|(of, _)| of != asset);
            noted.needs.push((*asset, needs));
        }
    }
    cx.live.promote.insert(run.dag);
    Ok(())
}
