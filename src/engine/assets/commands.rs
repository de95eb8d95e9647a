//! What people and running tasks may ask of assets.

use model::{
    AssetEventNo, AssetNo, DagNo, JsonMap, Timestamp,
    asset::AssetState,
    command::{Refusal, Reply},
};

use super::emit::{Word, emit};
use crate::{live::Cx, refusals};

/// Somebody says that an asset has changed.
pub(crate) fn add_event(
    cx: &mut Cx,
    asset: AssetNo,
    extra: JsonMap,
    partition_key: Option<String>,
) -> Result<Reply, Refusal> {
    known(cx, asset)?;
    let word = Word {
        extra,
        partition_key,
        ..Word::default()
    };
    Ok(Reply::AssetEvent(emit(cx, asset, word)))
}

/// Forgets events that wait for runs. Refused when there are none.
pub(crate) fn delete_queued(
    cx: &mut Cx,
    dag: Option<DagNo>,
    asset: Option<AssetNo>,
    before: Option<Timestamp>,
) -> Result<Reply, Refusal> {
    let mut found = Vec::new();
    for (of, queue) in &cx.live.assets.queue {
        if dag.is_some_and(|dag| dag != *of) {
            continue;
        }
        let queue = queue.iter().filter(|(no, at)| {
            asset.is_none_or(|asset| asset == **no) && before.is_none_or(|before| **at < before)
        });
        found.extend(queue.map(|(asset, _)| (*of, *asset)));
    }
    if found.is_empty() {
        return Err(refusals::nothing_queued());
    }
    for (dag, asset) in found {
        if let Some(queue) = cx.live.assets.queue.get_mut(&dag) {
            queue.remove(&asset);
            if queue.is_empty() {
                cx.live.assets.queue.remove(&dag);
            }
        }
        cx.live.dirty.assets.queue.insert((dag, asset));
    }
    Ok(Reply::Done)
}

/// Keeps a value with an asset, or no longer.
pub(crate) fn keep(
    cx: &mut Cx,
    asset: AssetNo,
    key: Option<String>,
    state: Option<Box<AssetState>>,
) -> Result<Reply, Refusal> {
    known(cx, asset)?;
    let states = cx.live.dirty.assets.states.entry(asset).or_default();
    match key {
        Some(key) => drop(states.values.insert(key, state.map(|state| *state))),
        None => {
            states.cleared = true;
            states.values.clear();
        }
    }
    Ok(Reply::Done)
}

/// Forgets old events.
pub(crate) fn prune(cx: &mut Cx, events: Vec<AssetEventNo>) -> Reply {
    let events = events.into_iter().map(|event| (event, None));
    cx.live.dirty.assets.events.extend(events);
    Reply::Done
}

fn known(cx: &Cx, asset: AssetNo) -> Result<(), Refusal> {
    let row = cx.live.assets.rows.get(&asset);
    row.map(|_| ()).ok_or_else(|| refusals::no_asset(asset.0))
}
