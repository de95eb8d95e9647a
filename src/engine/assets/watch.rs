//! Triggers that watch for changes of assets: those of active assets that the schedule of a dag
//! waits for which is not paused.

use std::collections::BTreeSet;

use model::{
    AssetNo, DagNo, Fence, Json, JsonMap,
    asset::Watcher,
    dag::{AssetLike, Dag},
    effect::Effect,
};

use super::emit::{self, Word};
use crate::live::{Cx, Live, assets::Leaf};

/// Takes in the watchers that a dag's schedule gives its assets.
pub(crate) fn set(cx: &mut Cx, dag: DagNo, read: &Dag) {
    let Some(condition) = &read.asset_condition else {
        return;
    };
    for leaf in condition.leaves() {
        let AssetLike::Asset(asset) = leaf else {
            continue;
        };
        let key = (asset.name.clone(), asset.uri.clone());
        let Some(no) = cx.live.assets.by_key.get(&key).copied() else {
            continue;
        };
        let wanted: Vec<_> = asset
            .watchers
            .iter()
            .map(|watcher| (&watcher.name, &watcher.classpath, &watcher.kwargs))
            .collect();
        let row = cx.live.assets.rows.get(&no);
        let found: Vec<_> = row
            .iter()
            .flat_map(|row| &row.watchers)
            .map(|watcher| (&watcher.name, &watcher.classpath, &watcher.kwargs))
            .collect();
        if wanted == found {
            continue;
        }
        let mut watchers = Vec::new();
        for watcher in &asset.watchers {
            let trigger = same(cx.live, &watcher.classpath, &watcher.kwargs);
            let trigger = trigger.unwrap_or_else(|| cx.live.new_fence());
            watchers.push(Watcher {
                name: watcher.name.clone(),
                classpath: watcher.classpath.clone(),
                kwargs: watcher.kwargs.clone(),
                trigger,
                since: cx.now,
            });
        }
        put(cx, no, watchers);
    }
    refresh_dag(cx, dag);
}

/// A trigger that is known already and does the same.
fn same(live: &Live, classpath: &str, kwargs: &JsonMap) -> Option<Fence> {
    let watchers = live.assets.rows.values().flat_map(|row| &row.watchers);
    let mut same = watchers.filter(|it| it.classpath == classpath && it.kwargs == *kwargs);
    same.next().map(|watcher| watcher.trigger)
}

fn put(cx: &mut Cx, no: AssetNo, watchers: Vec<Watcher>) {
    let kept: BTreeSet<Fence> = watchers.iter().map(|watcher| watcher.trigger).collect();
    let Some(row) = cx.live.assets.rows.get_mut(&no) else {
        return;
    };
    let old = std::mem::replace(&mut row.watchers, watchers);
    cx.live.dirty.assets.rows.insert(no);
    for watcher in old {
        if !kept.contains(&watcher.trigger) {
            unwatch(cx.live, watcher.trigger, no);
        }
    }
}

/// Looks again whether the triggers of assets are to watch.
pub(crate) fn refresh(cx: &mut Cx, touched: &BTreeSet<AssetNo>) {
    for no in touched {
        let Some(row) = cx.live.assets.rows.get(no) else {
            continue;
        };
        if row.watchers.is_empty() {
            continue;
        }
        let (is_active, watchers) = (row.is_active, row.watchers.clone());
        let dags = &cx.live.dags;
        let goes_on = |dag| dags.get(&dag).is_some_and(|dag| !dag.is_held());
        let leaf = Leaf::Asset(*no);
        let has_consumer = cx.live.assets.waiting_for(&leaf).any(goes_on);
        let is_watched = is_active && has_consumer;
        for watcher in watchers {
            if is_watched {
                watch(cx.live, &watcher, *no);
            } else {
                unwatch(cx.live, watcher.trigger, *no);
            }
        }
    }
}

/// The assets of a dag whose triggers may begin or end to watch, since it was paused or unpaused.
pub(crate) fn refresh_dag(cx: &mut Cx, dag: DagNo) {
    let schedule = cx
        .live
        .assets
        .dags
        .get(&dag)
        .map(|row| row.schedule.clone());
    if let Some(schedule) = schedule {
        refresh(cx, &schedule.into_keys().collect());
    }
}

fn watch(live: &mut Live, watcher: &Watcher, asset: AssetNo) {
    let assets = live.assets.watched.entry(watcher.trigger).or_default();
    let is_first = assets.is_empty();
    assets.insert(asset);
    if is_first {
        live.dirty.effects.push(Effect::Watch {
            trigger: watcher.trigger,
            classpath: watcher.classpath.clone(),
            kwargs: watcher.kwargs.clone(),
        });
    }
}

fn unwatch(live: &mut Live, trigger: Fence, asset: AssetNo) {
    let Some(assets) = live.assets.watched.get_mut(&trigger) else {
        return;
    };
    assets.remove(&asset);
    if assets.is_empty() {
        live.assets.watched.remove(&trigger);
        live.dirty.effects.push(Effect::Unwatch { trigger });
    }
}

/// After loading: all that watch do so again.
pub(crate) fn recover(cx: &mut Cx) {
    cx.live.assets.watched.clear();
    refresh(cx, &cx.live.assets.rows.keys().copied().collect());
}

/// A trigger has fired: each of its assets has changed.
pub(crate) fn fired(cx: &mut Cx, trigger: Fence, payload: &Json) {
    let assets = cx.live.assets.watched.get(&trigger).cloned();
    for asset in assets.unwrap_or_default() {
        let extra = [
            ("from_trigger".to_owned(), Json::Bool(true)),
            ("payload".to_owned(), payload.clone()),
        ];
        let word = Word {
            extra: extra.into_iter().collect(),
            ..Word::default()
        };
        emit::emit(cx, asset, word);
    }
}
