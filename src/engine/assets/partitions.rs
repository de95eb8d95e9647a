//! Runs for partitions: an event with a key asks for runs with the keys that the dag's mapper makes
//! of it, and each is made once all that it waits for has come.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{
    AssetEventNo, AssetNo, DagNo, Json, Timestamp,
    asset::{DagAssets, EventSource, PendingRun},
    limits::PARTITION_KEYS_MAX_DEFAULT,
    schedule::Schedule,
};

use super::{asked, due};
use crate::{
    audit,
    live::Cx,
    partition::{Mapper, Partitioned, Status, Unmapped, partition_date},
    plan::Plan,
};

/// An event that asks for runs.
pub(crate) struct Asks<'a> {
    pub event: AssetEventNo,
    pub asset: AssetNo,
    pub key: Option<&'a str>,
    pub date: Option<Timestamp>,
    /// The task that said it.
    pub source: Option<&'a EventSource>,
}

/// A key that a mapper cannot map.
pub(super) const FAILED: &str = "failed to map partition_key";
/// A key that gives too many.
pub(super) const EXCEEDED: &str = "partition fan-out exceeded";

/// The mappers of a dag that waits for partitions.
pub(crate) fn mappers(schedule: &Schedule) -> Option<Result<Partitioned, String>> {
    let Schedule::PartitionedAsset { data } = schedule else {
        return None;
    };
    Some(Partitioned::decode(data).map_err(|error| error.to_string()))
}

/// Takes note of what an event asks for. What goes wrong with one dag stops no other.
pub(crate) fn ask(cx: &mut Cx, dags: &BTreeSet<DagNo>, asks: &Asks<'_>) {
    if dags.is_empty() {
        return;
    }
    let Some(key) = asks.key else {
        return without_key(cx, dags, asks);
    };
    for dag in dags {
        if let Err((event, text)) = ask_one(cx, *dag, key, asks) {
            audit::of_source(cx, asks.source, event, text);
        }
    }
}

fn without_key(cx: &mut Cx, dags: &BTreeSet<DagNo>, asks: &Asks<'_>) {
    let names = dags.iter().filter_map(|dag| cx.live.dags.get(dag));
    let names: Vec<String> = names.map(|dag| dag.row.dag_id.to_string()).collect();
    let name = cx.live.assets.rows.get(&asks.asset);
    let text = format!(
        "asset `{}` was updated by {} without a partition, and these dags wait for partitions of \
         it: {}",
        name.map_or("", |row| &row.name),
        by(asks.source),
        names.join(", ")
    );
    audit::of_source(cx, asks.source, "missing partition key", text);
}

fn by(source: Option<&EventSource>) -> String {
    source.map_or("somebody".to_owned(), |by| {
        format!(
            "task `{}` of run `{}` of dag `{}`",
            by.task_id, by.run_id, by.dag_id
        )
    })
}

fn ask_one(
    cx: &mut Cx,
    dag: DagNo,
    key: &str,
    asks: &Asks<'_>,
) -> Result<(), (&'static str, String)> {
    let (Some(plan), Some(row)) = (
        cx.live.latest(dag, cx.view),
        cx.live.assets.rows.get(&asks.asset),
    ) else {
        return Ok(());
    };
    let name = row.name.clone();
    let told = |problem: &dyn std::fmt::Display| {
        let dag = &plan.dag.dag_id;
        format!("partition `{key}` of asset `{name}` for dag `{dag}`: {problem}")
    };
    let mapper = match &plan.partitioned {
        Some(Ok(partitioned)) => partitioned.mapper(&row.name, &row.uri),
        Some(Err(problem)) => return Err((FAILED, told(problem))),
        None => return Ok(()),
    };
    if let Some(asked) = mapper.asked() {
        asked::put(cx, &plan, (asks, key), asked.clone());
        return Ok(());
    }
    let keys = match mapper.map(key, PARTITION_KEYS_MAX_DEFAULT) {
        Ok(keys) => keys,
        Err(Unmapped::Failed(error)) => return Err((FAILED, told(&error))),
        Err(Unmapped::TooMany(error)) => {
            return Err((EXCEEDED, told(&error)));
        }
    };
    let date = asks.date.filter(|_| mapper.carries_partition_date());
    let Some(row) = cx.live.assets.dags.get(&dag) else {
        return Ok(());
    };
    let mappers = fingerprint(&plan, row);
    for wanted in keys {
        note(
            cx,
            dag,
            wanted,
            ((asks.event, asks.asset, key), date),
            &mappers,
        );
    }
    cx.live.promote.insert(dag);
    Ok(())
}

/// One pending run for each key. Dates that contradict each other count as none.
pub(super) fn note(
    cx: &mut Cx,
    dag: DagNo,
    wanted: String,
    ((event, asset, key), date): ((AssetEventNo, AssetNo, &str), Option<Timestamp>),
    mappers: &str,
) {
    let mark = (dag, wanted.clone());
    let pending = cx.live.assets.pending.entry(dag).or_default();
    let run = pending.entry(wanted.clone()).or_insert_with(|| PendingRun {
        dag,
        key: wanted,
        since: event,
        date,
        mappers: mappers.to_owned(),
        events: Vec::new(),
        is_question: false,
        needs: Vec::new(),
    });
    match (run.date, date) {
        (None, Some(date)) => run.date = Some(date),
        (Some(known), Some(date)) if known != date => run.date = None,
        (_, _) => {}
    }
    run.events.push((event, asset, key.to_owned()));
    cx.live.assets.pending_due.insert(mark.clone());
    cx.live.dirty.assets.pending.insert(mark);
}

/// What pending runs of a dag rest on: its mappers, and which assets it waits for.
pub(super) fn fingerprint(plan: &Plan, row: &DagAssets) -> String {
    let Schedule::PartitionedAsset { data } = &plan.dag.schedule else {
        return String::new();
    };
    let part = |name: &str| data.get(name).map(Json::to_string).unwrap_or_default();
    let assets: Vec<String> = row.schedule.keys().map(|no| no.0.to_string()).collect();
    let text = [
        part("partition_mapper_config"),
        part("default_partition_mapper"),
        assets.join(","),
    ];
    // FNV-1a: it is in the book, so that it must stay the same in all versions of this program.
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.join("\n").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

/// Looks again at all that is pending of a dag: an asset became active, or the dag has changed.
pub(crate) fn look_again(cx: &mut Cx, dag: DagNo) {
    let pending = cx.live.assets.pending.get(&dag).into_iter().flatten();
    let marks: Vec<_> = pending.map(|(key, _)| (dag, key.clone())).collect();
    if !marks.is_empty() {
        cx.live.assets.pending_due.extend(marks);
        cx.live.promote.insert(dag);
    }
}

/// Makes the runs of a dag that have all they wait for, those first that were asked for first. As
/// upstream has it, they are made though the dag has all its runs, and wait then as runs.
pub(crate) fn due(cx: &mut Cx, dag: DagNo) {
    let first = (dag, String::new());
    let due = cx.live.assets.pending_due.range(first..);
    let due: Vec<_> = due.take_while(|(of, _)| *of == dag).cloned().collect();
    let held = cx.live.dags.get(&dag).is_none_or(|dag| dag.row.is_stale);
    if due.is_empty() || held || cx.live.disk.is_some() {
        return;
    }
    let Some(plan) = cx.live.latest(dag, cx.view) else {
        return;
    };
    let mut found = BTreeMap::new();
    for mark in due {
        cx.live.assets.pending_due.remove(&mark);
        let pending = cx.live.assets.pending.get(&dag);
        if let Some(run) = pending.and_then(|pending| pending.get(&mark.1)) {
            found.insert((run.since, mark.1), run.clone());
        }
    }
    for run in found.into_values() {
        decide(cx, &plan, run);
    }
}

/// Makes a run, or leaves it pending; one of other mappers is forgotten.
fn decide(cx: &mut Cx, plan: &Arc<Plan>, run: PendingRun) {
    let Some(row) = cx.live.assets.dags.get(&run.dag) else {
        return;
    };
    let (Some(Ok(partitioned)), Some(condition)) = (&plan.partitioned, &row.condition) else {
        return;
    };
    if run.mappers != fingerprint(plan, row) {
        return forget(cx, &run);
    }
    if run.is_question {
        return;
    }
    let mut come: BTreeMap<AssetNo, BTreeSet<String>> = BTreeMap::new();
    for (_, asset, key) in &run.events {
        come.entry(*asset).or_default().insert(key.clone());
    }
    let mut met: BTreeMap<AssetNo, &Mapper> = BTreeMap::new();
    let mut mappers = Vec::new();
    for (asset, keys) in &come {
        // What nobody names any more makes no run.
        let asset_row = cx.live.assets.rows.get(asset);
        let Some(asset_row) = asset_row.filter(|row| row.is_active) else {
            continue;
        };
        let mapper = partitioned.mapper(&asset_row.name, &asset_row.uri);
        mappers.push(mapper);
        let needs = run.needs.iter().find(|(of, _)| of == asset);
        if is_met(
            mapper,
            &run.key,
            keys,
            needs.map(|(_, keys)| keys.as_slice()),
        ) {
            met.insert(*asset, mapper);
        }
    }
    if !cx
        .live
        .assets
        .holds(condition, &|asset| met.contains_key(&asset))
    {
        return;
    }
    let date = partition_date(mappers, &run.key, run.date);
    let now = cx.now;
    let no = due::create(cx, plan, now, (Some(run.key.clone()), date));
    let mut events: Vec<AssetEventNo> = run.events.iter().map(|(event, ..)| *event).collect();
    events.sort_unstable();
    events.dedup();
    cx.live.dirty.assets.consumed.insert(no, events);
    forget(cx, &run);
}

fn is_met(mapper: &Mapper, key: &str, come: &BTreeSet<String>, needs: Option<&[String]>) -> bool {
    if let Some(needs) = needs.filter(|_| mapper.asked().is_some()) {
        let needs = needs.iter().cloned().collect();
        return mapper.status_of(&needs, come) == Status::Satisfied;
    }
    let Some(rollup) = mapper.rollup() else {
        return true;
    };
    match rollup.status(key, come) {
        Ok(Status::Satisfied) => true,
        Ok(Status::Waiting { .. } | Status::Unreachable { .. }) | Err(_) => false,
    }
}

pub(super) fn forget(cx: &mut Cx, run: &PendingRun) {
    if let Some(pending) = cx.live.assets.pending.get_mut(&run.dag) {
        pending.remove(&run.key);
        if pending.is_empty() {
            cx.live.assets.pending.remove(&run.dag);
        }
    }
    let mark = (run.dag, run.key.clone());
    cx.live.dirty.assets.pending.insert(mark);
}
