//! Which assets are active: those that a dag or an alias names, of each name and of each URI one.

use std::collections::BTreeSet;

use model::{AssetNo, DagNo};

use super::{partitions, watch};
use crate::live::{
    Cx,
    assets::{Leaf, States},
};

/// Looks again at assets that are named by others than before.
pub(crate) fn refresh(cx: &mut Cx, touched: &BTreeSet<AssetNo>) {
    let mut freed = BTreeSet::new();
    for no in touched {
        if !is_named(cx, *no)
            && let Some(others) = retire(cx, *no)
        {
            freed.extend(others);
        }
    }
    for no in touched.iter().chain(&freed) {
        activate(cx, *no);
    }
    watch::refresh(cx, touched);
}

/// After loading: those that could not be active then cannot be now.
pub(crate) fn recover(cx: &mut Cx) {
    let rows = cx.live.assets.rows.values();
    let inactive = rows.filter(|row| !row.is_active && is_named(cx, row.no));
    cx.live.assets.crowded = inactive.map(|row| row.no).collect();
}

fn is_named(cx: &Cx, no: AssetNo) -> bool {
    cx.live.assets.n_names.get(&no).is_some_and(|n| *n > 0)
}

/// Nobody names it any more: what it keeps goes, and others may take its name or its URI. Gives
/// those that want to.
fn retire(cx: &mut Cx, no: AssetNo) -> Option<Vec<AssetNo>> {
    let assets = &mut cx.live.assets;
    let row = assets.rows.get_mut(&no).filter(|row| row.is_active)?;
    row.is_active = false;
    assets.by_name.remove(&row.name);
    assets.by_uri.remove(&row.uri);
    let states = States {
        cleared: true,
        ..States::default()
    };
    cx.live.dirty.assets.rows.insert(no);
    cx.live.dirty.assets.states.insert(no, states);
    let assets = &cx.live.assets;
    let row = assets.rows.get(&no)?;
    let wants = |other: &&AssetNo| {
        let other = assets.rows.get(other);
        other.is_some_and(|other| other.name == row.name || other.uri == row.uri)
    };
    Some(assets.crowded.iter().filter(wants).copied().collect())
}

/// Makes an asset active where somebody names it and its name and URI are free.
fn activate(cx: &mut Cx, no: AssetNo) {
    let is_named = is_named(cx, no);
    let assets = &mut cx.live.assets;
    assets.crowded.remove(&no);
    let Some(row) = assets.rows.get_mut(&no) else {
        return;
    };
    if row.is_active || !is_named {
        return;
    }
    if assets.by_name.contains_key(&row.name) || assets.by_uri.contains_key(&row.uri) {
        assets.crowded.insert(no);
        return;
    }
    row.is_active = true;
    let leaf = Leaf::Asset(no);
    let dags: Vec<DagNo> = assets.waiting_for(&leaf).collect();
    let Some(row) = assets.rows.get(&no) else {
        return;
    };
    assets.by_name.insert(row.name.clone(), no);
    assets.by_uri.insert(row.uri.clone(), no);
    cx.live.dirty.assets.rows.insert(no);
    for dag in dags {
        partitions::look_again(cx, dag);
    }
}
