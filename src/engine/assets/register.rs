//! What a dag says of assets becomes rows and indexes.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    AliasNo, AssetEventNo, AssetNo, DagNo, JsonMap, TaskNo, Timestamp,
    asset::{AliasRow, AssetRow, Condition, DagAssets},
    dag::{Asset, AssetCondition, AssetLike, Dag},
    schedule::Schedule,
};

use super::{activity, partitions, watch};
use crate::live::{Cx, assets::Assets};

/// Takes in what the present version of a dag says of assets.
pub(crate) fn register(cx: &mut Cx, no: DagNo, dag: &Dag) {
    let old = cx.live.assets.dags.get(&no).cloned();
    let Some(new) = read(cx, no, dag, old.as_ref()) else {
        return forget(cx, no);
    };
    if old.as_ref() != Some(&new) {
        let assets = &mut cx.live.assets;
        let mut touched = Assets::named_by(&new);
        if let Some(old) = &old {
            touched.extend(Assets::named_by(old));
            assets.index(old, false);
        }
        assets.index(&new, true);
        // What comes later in the same batch comes after the dag began to wait for it.
        assets.last_event = assets.last_event.max(AssetEventNo::first_at(cx.now));
        let drops_queue = new.condition.is_none() || new.is_partitioned;
        let unwanted = old.iter().flat_map(|old| old.schedule.keys());
        let unwanted = unwanted.filter(|asset| !new.schedule.contains_key(asset));
        let unwanted: Vec<AssetNo> = unwanted.copied().collect();
        let drops_pending = !new.is_partitioned;
        assets.dags.insert(no, new);
        cx.live.dirty.assets.dags.insert(no);
        if drops_queue {
            drop_queue(cx, no);
        }
        for asset in unwanted {
            unqueue(cx, no, asset);
        }
        if drops_pending {
            drop_pending(cx, no);
        }
        activity::refresh(cx, &touched);
        cx.live.promote.insert(no);
    }
    partitions::look_again(cx, no);
    watch::set(cx, no, dag);
}

/// A dag says nothing any more: its file is gone, or it was deleted.
pub(crate) fn forget(cx: &mut Cx, no: DagNo) {
    drop_queue(cx, no);
    drop_pending(cx, no);
    let assets = &mut cx.live.assets;
    let Some(old) = assets.dags.remove(&no) else {
        return;
    };
    assets.index(&old, false);
    cx.live.dirty.assets.dags.insert(no);
    activity::refresh(cx, &Assets::named_by(&old));
}

fn drop_queue(cx: &mut Cx, no: DagNo) {
    let queue = cx.live.assets.queue.remove(&no).unwrap_or_default();
    let marks = queue.into_keys().map(|asset| (no, asset));
    cx.live.dirty.assets.queue.extend(marks);
}

/// A dag does not wait for an asset any more: that it has changed counts for nothing, also when
/// the dag waits for it again later.
fn unqueue(cx: &mut Cx, no: DagNo, asset: AssetNo) {
    let Some(queue) = cx.live.assets.queue.get_mut(&no) else {
        return;
    };
    if queue.remove(&asset).is_some() {
        cx.live.dirty.assets.queue.insert((no, asset));
    }
    if queue.is_empty() {
        cx.live.assets.queue.remove(&no);
    }
}

fn drop_pending(cx: &mut Cx, no: DagNo) {
    let pending = cx.live.assets.pending.remove(&no).unwrap_or_default();
    let marks = pending.into_keys().map(|key| (no, key));
    let marks: Vec<_> = marks.collect();
    for mark in &marks {
        cx.live.assets.pending_due.remove(mark);
    }
    cx.live.dirty.assets.pending.extend(marks);
}

/// The dag's row; none when it has nothing to do with assets.
fn read(cx: &mut Cx, no: DagNo, dag: &Dag, old: Option<&DagAssets>) -> Option<DagAssets> {
    let mut row = DagAssets {
        dag: no,
        condition: None,
        is_partitioned: matches!(dag.schedule, Schedule::PartitionedAsset { .. }),
        schedule: BTreeMap::new(),
        aliases: BTreeSet::new(),
        inlets: BTreeMap::new(),
        outlets: BTreeMap::new(),
    };
    if let Some(tree) = &dag.asset_condition {
        row.condition = Some(condition(cx, tree, old, &mut row));
    }
    for task in &dag.tasks {
        if task.inlets.is_empty() && task.outlets.is_empty() {
            continue;
        }
        let tasks = cx.live.dags.get(&no).map(|dag| &dag.tasks);
        let Some(task_no) = tasks.and_then(|tasks| tasks.get(&task.task_id).copied()) else {
            continue;
        };
        row.inlets
            .extend(named(cx, &task.inlets, task_no, old.map(|old| &old.inlets)));
        row.outlets.extend(named(
            cx,
            &task.outlets,
            task_no,
            old.map(|old| &old.outlets),
        ));
    }
    let is_empty = row.condition.is_none() && row.inlets.is_empty() && row.outlets.is_empty();
    (!is_empty).then_some(row)
}

fn condition(
    cx: &mut Cx,
    tree: &AssetCondition,
    old: Option<&DagAssets>,
    row: &mut DagAssets,
) -> Condition {
    let mut all = |cx: &mut Cx, parts: &[AssetCondition]| {
        let parts = parts.iter().map(|part| condition(cx, part, old, row));
        parts.collect()
    };
    match tree {
        AssetCondition::All(parts) => Condition::All(all(cx, parts)),
        AssetCondition::Any(parts) => Condition::Any(all(cx, parts)),
        AssetCondition::One(leaf) => match leaf {
            AssetLike::Asset(asset) => {
                let no = put(cx, asset);
                let since = old.and_then(|old| old.schedule.get(&no).copied());
                row.schedule.insert(no, since.unwrap_or(cx.now));
                Condition::Asset(no)
            }
            AssetLike::Alias { name, group } => {
                let no = alias(cx, name, group);
                row.aliases.insert(no);
                Condition::Alias(no)
            }
            AssetLike::Named(name) => Condition::Named(name.clone()),
            AssetLike::At(uri) => Condition::At(uri.clone()),
            // Nothing that could ever happen.
            AssetLike::Other(_) => Condition::Any(Vec::new()),
        },
    }
}

type Named = BTreeMap<(AssetNo, TaskNo), Timestamp>;

/// The assets among what a task names. Aliases become known, and count for nothing yet.
fn named(cx: &mut Cx, names: &[AssetLike], task: TaskNo, old: Option<&Named>) -> Named {
    let mut found = Named::new();
    for name in names {
        match name {
            AssetLike::Asset(asset) => {
                let key = (put(cx, asset), task);
                let since = old.and_then(|old| old.get(&key).copied());
                found.insert(key, since.unwrap_or(cx.now));
            }
            AssetLike::Alias { name, group } => drop(alias(cx, name, group)),
            AssetLike::Named(_) | AssetLike::At(_) | AssetLike::Other(_) => {}
        }
    }
    found
}

/// The asset as a dag describes it.
fn put(cx: &mut Cx, asset: &Asset) -> AssetNo {
    let no = known(cx, &asset.name, &asset.uri, &asset.group, &asset.extra);
    let now = cx.now;
    let row = cx.live.assets.rows.get_mut(&no);
    if let Some(row) = row.filter(|row| row.group != asset.group || row.extra != asset.extra) {
        row.group.clone_from(&asset.group);
        row.extra.clone_from(&asset.extra);
        row.updated_at = now;
        cx.live.dirty.assets.rows.insert(no);
    }
    no
}

/// The asset with a name and a URI; a new one is made of the other words.
pub(super) fn known(cx: &mut Cx, name: &str, uri: &str, group: &str, extra: &JsonMap) -> AssetNo {
    let assets = &mut cx.live.assets;
    let key = (name.to_owned(), uri.to_owned());
    if let Some(no) = assets.by_key.get(&key) {
        return *no;
    }
    let no = assets.new_no();
    let row = AssetRow {
        no,
        name: name.to_owned(),
        uri: uri.to_owned(),
        group: group.to_owned(),
        extra: extra.clone(),
        is_active: false,
        created_at: cx.now,
        updated_at: cx.now,
        watchers: Vec::new(),
    };
    assets.by_key.insert(key, no);
    assets.rows.insert(no, row);
    cx.live.dirty.assets.rows.insert(no);
    no
}

/// The alias with a name.
pub(super) fn alias(cx: &mut Cx, name: &str, group: &str) -> AliasNo {
    let assets = &mut cx.live.assets;
    if let Some(no) = assets.by_alias.get(name) {
        return *no;
    }
    let no = assets.new_alias_no();
    let row = AliasRow {
        no,
        name: name.to_owned(),
        group: group.to_owned(),
        assets: BTreeSet::new(),
    };
    assets.by_alias.insert(name.to_owned(), no);
    assets.aliases.insert(no, row);
    cx.live.dirty.assets.aliases.insert(no);
    no
}
