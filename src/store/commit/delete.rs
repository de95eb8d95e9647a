//! Runs and dags with all that is theirs. The cost follows the run, not the book.

use model::{DagId, DagNo, DeploymentId, RunNo};
use redb::{ReadableTable, WriteTransaction};

use super::{
    assets,
    runs::Index,
    tally::{TI_STATES, Tally},
    write,
};
use crate::{
    error::Fault,
    records::{self, backfill, counts, run::RunRecord},
    tables::{self, key},
};

/// Runs of a dag that are looked up at a time.
const RUNS_AT_ONCE: usize = 256;

pub(super) fn run(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    run: RunNo,
    tally: &mut Tally,
) -> Result<(), Fault> {
    let record = {
        let mut table = txn.open_table(tables::runs::TABLE)?;
        let row = table.remove(&tables::runs::key(deployment, run))?;
        row.map(|row| records::decode::<RunRecord>(row.value()))
            .transpose()?
    };
    if let Some(record) = record {
        let record = record.into_run(run)?;
        let mut index = Index::default();
        index.remove(deployment, &record);
        index.write(txn)?;
        tally.run(record.dag, record.state, -1);
    }
    counts_of(txn, deployment, run, tally)?;
    assets::forget_consumed(txn, deployment, run)?;
    let (deployment, run) = (key::b(deployment), key::b(run));
    let of = [deployment.as_slice(), run.as_slice()];
    let (first, last) = (key::first(&of), key::last(&of));
    write::clear(txn, tables::task_instances::TABLE, first, last)?;
    write::clear(txn, tables::ti_details::TABLE, first, last)?;
    let (first, last) = (key::first(&of), key::last(&of));
    write::clear(txn, tables::tries::TABLE, first, last)?;
    write::clear(txn, tables::human_inputs::TABLE, first, last)?;
    let (first, last) = (key::first(&of), key::last(&of));
    write::clear(txn, tables::deadlines::TABLE, first, last)?;
    write::clear_named(txn, tables::kept::TABLE, &of.concat())?;
    write::clear_named(txn, tables::xcoms::TABLE, &of.concat())
}

fn counts_of(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    run: RunNo,
    tally: &mut Tally,
) -> Result<(), Fault> {
    let mut table = txn.open_table(tables::run_tallies::TABLE)?;
    let Some(row) = table.remove(&tables::run_tallies::key(deployment, run))? else {
        return Ok(());
    };
    let mut split = key::Split(row.value());
    let dag = split.dag();
    let counts: [u64; TI_STATES] = counts::decode(split.0);
    tally.task_instances(dag, &counts.map(|n| -n.cast_signed()));
    let mut by_state = write::Rows::new();
    for (code, _) in tables::runs_by_ti_state::CODES {
        by_state.insert(tables::runs_by_ti_state::key(deployment, code, run), None);
    }
    write::fixed(txn, tables::runs_by_ti_state::TABLE, &by_state)
}

pub(super) fn dag(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    dag: DagNo,
    dag_id: &DagId,
    tally: &mut Tally,
) -> Result<(), Fault> {
    loop {
        let runs = some_runs(txn, deployment, dag)?;
        if runs.is_empty() {
            break;
        }
        for no in runs {
            run(txn, deployment, no, tally)?;
        }
    }
    let (part, no) = (key::b(deployment), key::b(dag));
    let of = [part.as_slice(), no.as_slice()];
    let (first, last) = (key::first(&of), key::last(&of));
    write::clear(txn, tables::versions::TABLE, first, last)?;
    write::clear(txn, tables::sources::TABLE, first, last)?;
    write::clear(txn, tables::task_names::TABLE, first, last)?;
    backfills(txn, deployment, dag)?;
    let mut dags = txn.open_table(tables::dags::TABLE)?;
    dags.remove(&tables::dags::key(deployment, dag))?;
    let mut names = txn.open_table(tables::dag_names::TABLE)?;
    let name = tables::dag_names::key(deployment, dag_id);
    // The name may already be another dag's.
    let is_ours = names
        .get(name.as_slice())?
        .is_some_and(|row| row.value() == no);
    if is_ours {
        names.remove(name.as_slice())?;
    }
    Ok(())
}

/// They are few, and not found by their dag.
fn backfills(txn: &WriteTransaction, deployment: DeploymentId, dag: DagNo) -> Result<(), Fault> {
    let mut table = txn.open_table(tables::backfills::TABLE)?;
    let part = key::b(deployment);
    let of = [part.as_slice()];
    let (first, last): ([u8; 12], [u8; 12]) = (key::first(&of), key::last(&of));
    let mut gone = Vec::new();
    for row in table.range::<&[u8; 12]>(&first..=&last)? {
        let (key, value) = row?;
        if backfill::is_of(value.value(), dag)? {
            gone.push(*key.value());
        }
    }
    for key in gone {
        table.remove(&key)?;
    }
    Ok(())
}

fn some_runs(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    dag: DagNo,
) -> Result<Vec<RunNo>, Fault> {
    let table = txn.open_table(tables::runs_by_dag::TABLE)?;
    let (deployment, dag) = (key::b(deployment), key::b(dag));
    let of = [deployment.as_slice(), dag.as_slice()];
    let (first, last) = (key::first(&of), key::last(&of));
    let mut runs = Vec::new();
    for row in table.range::<&[u8; 24]>(&first..=&last)?.take(RUNS_AT_ONCE) {
        let (key, _) = row?;
        let mut split = key::Split(key.value());
        split.u32();
        split.dag();
        split.time();
        runs.push(split.run());
    }
    Ok(runs)
}
