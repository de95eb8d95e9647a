//! What must hold of assets: the indexes say what the rows say, and nobody waits in vain.

use std::collections::{BTreeMap, BTreeSet};

use model::{AssetNo, DagNo};

use super::same;
use crate::live::{
    Live,
    assets::{Assets, Leaf},
};

pub(super) fn check(live: &Live) -> Result<(), String> {
    let assets = &live.assets;
    active(assets)?;
    names(assets)?;
    for (dag, queue) in &assets.queue {
        if queue.is_empty() {
            return Err(format!("an empty queue is kept for dag {dag}"));
        }
        due(live, *dag)?;
    }
    for (dag, pending) in &assets.pending {
        let row = assets.dags.get(dag);
        if pending.is_empty() || !row.is_some_and(|row| row.is_partitioned) {
            return Err(format!("runs for partitions are pending for dag {dag}"));
        }
    }
    Ok(())
}

/// Of each name and each URI one asset is active, and every one that could be is.
fn active(assets: &Assets) -> Result<(), String> {
    let (mut by_name, mut by_uri) = (BTreeMap::new(), BTreeMap::new());
    for row in assets.rows.values().filter(|row| row.is_active) {
        by_name.insert(row.name.clone(), row.no);
        by_uri.insert(row.uri.clone(), row.no);
    }
    let known = assets.by_name.clone().into_iter().collect();
    same("active assets by name", &known, &by_name)?;
    let known = assets.by_uri.clone().into_iter().collect();
    same("active assets by uri", &known, &by_uri)?;
    for row in assets.rows.values() {
        let is_named = assets.n_names.get(&row.no).is_some_and(|n| *n > 0);
        let is_taken = by_name.contains_key(&row.name) || by_uri.contains_key(&row.uri);
        if row.is_active && !is_named || is_named && !row.is_active && !is_taken {
            return Err(format!(
                "asset {} is active: {}, and named: {is_named}",
                row.name, row.is_active
            ));
        }
        let is_crowded = is_named && !row.is_active;
        same("crowded", assets.crowded.contains(&row.no), is_crowded)?;
    }
    Ok(())
}

/// Who names an asset, and who waits for one.
fn names(assets: &Assets) -> Result<(), String> {
    let mut n_names: BTreeMap<AssetNo, u32> = BTreeMap::new();
    let mut consumers: BTreeMap<Leaf, BTreeSet<DagNo>> = BTreeMap::new();
    for (dag, row) in &assets.dags {
        for asset in Assets::named_by(row) {
            *n_names.entry(asset).or_default() += 1;
        }
        for leaf in Leaf::of(row.condition.as_ref()) {
            consumers.entry(leaf).or_default().insert(*dag);
        }
    }
    for asset in assets.aliases.values().flat_map(|alias| &alias.assets) {
        *n_names.entry(*asset).or_default() += 1;
    }
    let known = assets.n_names.iter().filter(|(_, n)| **n > 0);
    let known: BTreeMap<_, _> = known.map(|(no, n)| (*no, *n)).collect();
    same("who names assets", &known, &n_names)?;
    let known = assets.consumers.iter().filter(|(_, dags)| !dags.is_empty());
    let known: BTreeMap<_, _> = known
        .map(|(leaf, dags)| (leaf.clone(), dags.clone()))
        .collect();
    same("who waits for assets", &known, &consumers)
}

/// A dag whose condition holds has its run, unless something holds it up.
fn due(live: &Live, no: DagNo) -> Result<(), String> {
    let assets = &live.assets;
    let (Some(dag), Some(queue)) = (live.dags.get(&no), assets.queue.get(&no)) else {
        return Err(format!("events wait for dag {no}, which is not there"));
    };
    let row = assets.dags.get(&no).filter(|row| !row.is_partitioned);
    let Some(condition) = row.and_then(|row| row.condition.as_ref()) else {
        return Err(format!(
            "events wait for {}, which wants none",
            dag.row.dag_id
        ));
    };
    let holds = assets.holds(condition, &|asset| queue.contains_key(&asset));
    let full = dag.n_active() >= dag.row.summary.max_active_runs;
    let held_up = dag.is_held() || full || live.disk.is_some() || live.promote.contains(&no);
    if holds && !held_up {
        return Err(format!("{} has its assets and no run", dag.row.dag_id));
    }
    Ok(())
}
