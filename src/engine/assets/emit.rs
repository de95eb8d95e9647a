//! Word that an asset has changed: an event in the book, and dags that may be due.

use std::collections::BTreeSet;

use model::{
    AliasNo, AssetEventNo, AssetNo, DagNo, JsonMap, Timestamp,
    asset::{AssetEvent, EventSource},
};

use super::{
    activity,
    partitions::{self, Asks},
};
use crate::live::{Cx, assets::Leaf};

/// What is said of a change.
#[derive(Clone, Default)]
pub(crate) struct Word {
    pub extra: JsonMap,
    pub source: Option<EventSource>,
    pub aliases: Vec<AliasNo>,
    pub partition_key: Option<String>,
    /// The date of that partition, where it is known.
    pub partition_date: Option<Timestamp>,
}

/// Keeps the event, and queues who waits for it and is not paused.
pub(crate) fn emit(cx: &mut Cx, asset: AssetNo, word: Word) -> AssetEventNo {
    let no = number(cx);
    associate(cx, asset, &word.aliases);
    let waiting = waiting(cx, asset, &word.aliases);
    let Word {
        extra,
        source,
        aliases,
        partition_key,
        partition_date: date,
    } = word;
    let event = AssetEvent {
        no,
        asset,
        extra,
        source,
        aliases,
        partition_key,
    };
    let key = event.partition_key.clone();
    let source = event.source.clone();
    cx.live.dirty.assets.events.insert(no, Some(event));
    let dags = &cx.live.assets.dags;
    let is_partitioned = |dag: &DagNo| dags.get(dag).is_some_and(|row| row.is_partitioned);
    let (of_partitions, others): (BTreeSet<DagNo>, BTreeSet<DagNo>) =
        waiting.into_iter().partition(is_partitioned);
    let asks = Asks {
        event: no,
        asset,
        key: key.as_deref(),
        date,
        source: source.as_ref(),
    };
    partitions::ask(cx, &of_partitions, &asks);
    for dag in others {
        if key.is_none() {
            queue(cx, dag, asset, no);
        }
    }
    no
}

/// The event's number: its time, or the next that is free.
fn number(cx: &mut Cx) -> AssetEventNo {
    let last = &mut cx.live.assets.last_event;
    *last = AssetEventNo::first_at(cx.now).max(last.next());
    *last
}

/// The aliases lead to the asset from now on.
fn associate(cx: &mut Cx, asset: AssetNo, aliases: &[AliasNo]) {
    let mut is_new = false;
    for alias in aliases {
        let Some(row) = cx.live.assets.aliases.get_mut(alias) else {
            continue;
        };
        if row.assets.insert(asset) {
            is_new = true;
            cx.live.assets.count(asset, true);
            cx.live.dirty.assets.aliases.insert(*alias);
        }
    }
    if is_new {
        activity::refresh(cx, &BTreeSet::from([asset]));
    }
}

/// Who waits for the asset, by itself, by an alias or by a name, and is not paused.
fn waiting(cx: &Cx, asset: AssetNo, aliases: &[AliasNo]) -> BTreeSet<DagNo> {
    let assets = &cx.live.assets;
    let mut dags: BTreeSet<DagNo> = assets.waiting_for(&Leaf::Asset(asset)).collect();
    if let Some(row) = assets.rows.get(&asset) {
        dags.extend(assets.waiting_for(&Leaf::Named(row.name.clone())));
        dags.extend(assets.waiting_for(&Leaf::At(row.uri.clone())));
    }
    for alias in aliases {
        dags.extend(assets.waiting_for(&Leaf::Alias(*alias)));
    }
    let is_paused = |dag: &DagNo| cx.live.dags.get(dag).is_none_or(|dag| dag.row.is_paused);
    dags.retain(|dag| !is_paused(dag));
    dags
}

/// The first event since the last run counts; later ones are among what the run consumes.
fn queue(cx: &mut Cx, dag: DagNo, asset: AssetNo, event: AssetEventNo) {
    let queue = cx.live.assets.queue.entry(dag).or_default();
    queue.entry(asset).or_insert_with(|| {
        cx.live.dirty.assets.queue.insert((dag, asset));
        event.at()
    });
    cx.live.promote.insert(dag);
}
