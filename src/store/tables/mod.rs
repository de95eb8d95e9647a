//! The tables of the book, one file each with its keys byte by byte.
//!
//! All numbers in keys are big-endian, so that bytes sort as the numbers do; signed ones have their
//! sign bit flipped for the same reason. The first four bytes are the deployment.

pub(crate) mod asset_aliases;
pub(crate) mod asset_events;
pub(crate) mod asset_events_by;
pub(crate) mod asset_names;
pub(crate) mod asset_pending;
pub(crate) mod asset_queue;
pub(crate) mod asset_refs;
pub(crate) mod asset_runs;
pub(crate) mod asset_states;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod audit_by;
pub(crate) mod backfills;
pub(crate) mod callbacks;
pub(crate) mod connections;
pub(crate) mod consumed;
pub(crate) mod counters;
pub(crate) mod dag_assets;
pub(crate) mod dag_names;
pub(crate) mod dags;
pub(crate) mod deadlines;
pub(crate) mod files;
pub(crate) mod human_inputs;
pub(crate) mod kept;
pub(crate) mod key;
pub(crate) mod meta;
pub(crate) mod pools;
pub(crate) mod run_ids;
pub(crate) mod run_tallies;
pub(crate) mod runs;
pub(crate) mod runs_by_dag;
pub(crate) mod runs_by_logical;
pub(crate) mod runs_by_ti_state;
pub(crate) mod runs_by_time;
pub(crate) mod runs_live;
pub(crate) mod sources;
pub(crate) mod tallies;
pub(crate) mod task_instances;
pub(crate) mod task_names;
pub(crate) mod ti_details;
pub(crate) mod tries;
pub(crate) mod variables;
pub(crate) mod versions;
pub(crate) mod xcoms;

use redb::WriteTransaction;

use crate::error::Fault;

/// A table whose keys all have `N` bytes.
pub(crate) type Fixed<const N: usize> =
    redb::TableDefinition<'static, &'static [u8; N], &'static [u8]>;
/// A table whose keys end in a name.
pub(crate) type Named = redb::TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Makes the tables that a new book lacks, so that no reader meets a missing one.
pub(crate) fn create_all(txn: &WriteTransaction) -> Result<(), Fault> {
    txn.open_table(asset_aliases::TABLE)?;
    txn.open_table(asset_events::TABLE)?;
    txn.open_table(asset_events_by::TABLE)?;
    txn.open_table(asset_names::TABLE)?;
    txn.open_table(asset_pending::TABLE)?;
    txn.open_table(asset_queue::TABLE)?;
    txn.open_table(asset_refs::TABLE)?;
    txn.open_table(asset_runs::TABLE)?;
    txn.open_table(asset_states::TABLE)?;
    txn.open_table(assets::TABLE)?;
    txn.open_table(audit::TABLE)?;
    txn.open_table(audit_by::TABLE)?;
    txn.open_table(backfills::TABLE)?;
    txn.open_table(callbacks::TABLE)?;
    txn.open_table(connections::TABLE)?;
    txn.open_table(consumed::TABLE)?;
    txn.open_table(counters::TABLE)?;
    txn.open_table(dag_assets::TABLE)?;
    txn.open_table(dag_names::TABLE)?;
    txn.open_table(dags::TABLE)?;
    txn.open_table(deadlines::TABLE)?;
    txn.open_table(files::TABLE)?;
    txn.open_table(human_inputs::TABLE)?;
    txn.open_table(kept::TABLE)?;
    txn.open_table(meta::TABLE)?;
    txn.open_table(pools::TABLE)?;
    txn.open_table(run_ids::TABLE)?;
    txn.open_table(run_tallies::TABLE)?;
    txn.open_table(runs::TABLE)?;
    txn.open_table(runs_by_dag::TABLE)?;
    txn.open_table(runs_by_logical::TABLE)?;
    txn.open_table(runs_by_ti_state::TABLE)?;
    txn.open_table(runs_by_time::TABLE)?;
    txn.open_table(runs_live::TABLE)?;
    txn.open_table(sources::TABLE)?;
    txn.open_table(tallies::TABLE)?;
    txn.open_table(task_instances::TABLE)?;
    txn.open_table(task_names::TABLE)?;
    txn.open_table(ti_details::TABLE)?;
    txn.open_table(tries::TABLE)?;
    txn.open_table(variables::TABLE)?;
    txn.open_table(versions::TABLE)?;
    txn.open_table(xcoms::TABLE)?;
    Ok(())
}
