//! Task instances into their chunks, and the counts of their runs.

use std::collections::BTreeMap;

use model::{
    DagNo, DeploymentId, RunNo, TiKey, state::TaskInstanceState, task_instance::TaskInstance,
};
use redb::{ReadableTable, WriteTransaction};

use super::{
    tally::{TI_STATES, Tally, bump},
    write::{self, Rows},
};
use crate::{
    error::Fault,
    records::{
        chunk::{self, Put},
        counts::{self, Counts},
    },
    tables::{
        self, key, runs_by_ti_state,
        task_instances::{Place, place},
    },
};

/// What a batch changes of the counts of each run.
type Deltas = BTreeMap<RunNo, (DagNo, [i64; TI_STATES])>;

pub(super) fn write(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    changes: &[(DagNo, TiKey, Option<&TaskInstance>)],
    tally: &mut Tally,
) -> Result<(), Fault> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut sorted: Vec<(Place, DagNo, Option<&TaskInstance>)> = changes
        .iter()
        .map(|(dag, key, ti)| (place(*key), *dag, *ti))
        .collect();
    // Stable, so the last change of a task instance is the last of its equals.
    sorted.sort_by_key(|(place, ..)| *place);
    let mut deltas = Deltas::new();
    let mut details = Rows::new();
    write_chunks(txn, deployment, &sorted, &mut deltas, &mut details)?;
    write::fixed(txn, tables::ti_details::TABLE, &details)?;
    write_counts(txn, deployment, &deltas, tally)
}

fn write_chunks(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    sorted: &[(Place, DagNo, Option<&TaskInstance>)],
    deltas: &mut Deltas,
    details: &mut Rows<[u8; 20]>,
) -> Result<(), Fault> {
    let mut table = txn.open_table(tables::task_instances::TABLE)?;
    let last = table.last()?.map(|(key, _)| *key.value());
    let same_chunk = |(a, ..): &(Place, _, _), (b, ..): &(Place, _, _)| {
        (a.run, a.row, a.column) == (b.run, b.row, b.column)
    };
    let mut new: Vec<(u8, Option<&TaskInstance>)> = Vec::with_capacity(64);
    let mut out = Vec::with_capacity(4096);
    for group in sorted.chunk_by(same_chunk) {
        let Some(&(chunk_place, dag, _)) = group.first() else {
            continue;
        };
        new.clear();
        for &(place, _, ti) in group {
            match new.last_mut() {
                Some((slot, last)) if *slot == place.slot => *last = ti,
                Some(_) | None => new.push((place.slot, ti)),
            }
        }
        let key = tables::task_instances::key(deployment, chunk_place);
        let (_, delta) = deltas
            .entry(chunk_place.run)
            .or_insert((dag, [0; TI_STATES]));
        // Most chunks are written for the first time, beyond the end.
        let old = match last {
            Some(last) if key <= last => table.get(&key)?,
            Some(_) | None => None,
        };
        let n_left = chunk::merge(old.as_ref().map(|row| row.value()), &new, &mut out, |put| {
            let Put {
                slot,
                was,
                is,
                had_apart,
                apart,
            } = put;
            if let Some(was) = was {
                bump(delta, was, -1);
            }
            if let Some(is) = is {
                bump(delta, is, 1);
            }
            if had_apart || apart.is_some() {
                let ti = Place {
                    slot,
                    ..chunk_place
                };
                details.insert(tables::ti_details::key(deployment, ti.ti()), apart);
            }
            Ok(())
        })?;
        drop(old);
        if n_left == 0 {
            table.remove(&key)?;
        } else {
            table.insert(&key, out.as_slice())?;
        }
    }
    Ok(())
}

fn write_counts(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    deltas: &Deltas,
    tally: &mut Tally,
) -> Result<(), Fault> {
    let mut by_state = Rows::new();
    let mut table = txn.open_table(tables::run_tallies::TABLE)?;
    for (&run, (dag, delta)) in deltas {
        if delta.iter().all(|&n| n == 0) {
            continue;
        }
        let key = tables::run_tallies::key(deployment, run);
        let before = match table.get(&key)? {
            Some(row) => counts::decode(row.value().get(4..).unwrap_or_default()),
            None => [0; TI_STATES],
        };
        let mut after = before;
        counts::add(&mut after, delta);
        let mut value = key::b(*dag).to_vec();
        counts::encode(&after, &mut value);
        table.insert(&key, value.as_slice())?;
        for (code, states) in runs_by_ti_state::CODES {
            let any = |counts: &Counts<TI_STATES>| {
                let mut each = TaskInstanceState::ALL.iter().zip(counts);
                each.any(|(state, &n)| n > 0 && states(*state))
            };
            let has = any(&after);
            if any(&before) != has {
                let key = runs_by_ti_state::key(deployment, code, run);
                by_state.insert(key, has.then(Vec::new));
            }
        }
        tally.task_instances(*dag, delta);
    }
    drop(table);
    write::fixed(txn, tables::runs_by_ti_state::TABLE, &by_state)
}
