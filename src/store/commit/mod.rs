//! Writes a batch of changes as one transaction.
//!
//! Changes are gathered by table first and put in the order of their keys: that costs the tree half
//! of what random order does, and a key that was changed twice is put once. A deletion of a run or
//! a dag writes out what came before it, so the order of the changes holds.

mod assets;
mod audit;
mod delete;
mod runs;
pub(crate) mod tally;
mod task_instances;
mod write;
mod xcoms;

use std::collections::BTreeMap;

use model::{
    DagNo, DeploymentId, RunNo, TiKey,
    backfill::Backfill,
    change::{Change, Counters, DagFile, DagRow, DagVersion, Kept, KeptValue, Pool},
    deadline::Deadline,
    run::DagRun,
    task_instance::TaskInstance,
};
use redb::{Database, ReadableDatabase, WriteTransaction};

use self::{assets::Assets, audit::Audit, tally::Tally, write::Rows, xcoms::XComs};
use crate::{
    error::Fault,
    records::{
        self, callback::CallbackRecord, connection::ConnectionRecord, counters::CountersRecord,
        dag::DagRecord, deadline::DeadlineRecord, human_input::HumanInputRecord, kept::KeptRecord,
        pool::PoolRecord, source, ti, variable::VariableRecord, version::VersionRecord,
    },
    tables::{self, key},
};

/// Writes `changes`, durably, all or none, as batch number `batch`.
pub(crate) fn commit(
    db: &Database,
    deployment: DeploymentId,
    changes: &[Change],
    batch: u64,
    quick_repair: bool,
) -> Result<(), Fault> {
    let mut txn = db.begin_write()?;
    txn.set_quick_repair(quick_repair);
    apply(&txn, deployment, changes)?;
    set_batch(&txn, batch)?;
    txn.commit()?;
    Ok(())
}

fn set_batch(txn: &WriteTransaction, batch: u64) -> Result<(), Fault> {
    let mut table = txn.open_table(tables::meta::TABLE)?;
    table.insert(tables::meta::BATCH, batch.to_be_bytes().as_slice())?;
    Ok(())
}

/// The number of the last batch in the book.
pub(crate) fn last_batch(db: &Database) -> Result<u64, Fault> {
    let txn = db.begin_read()?;
    let table = txn.open_table(tables::meta::TABLE)?;
    Ok(tables::meta::batch(&table)?)
}

fn apply(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    changes: &[Change],
) -> Result<(), Fault> {
    let mut tally = Tally::default();
    let mut batch = Batch::default();
    for change in changes {
        if let Change::DeleteRun { run } = change {
            std::mem::take(&mut batch).write(txn, deployment, &mut tally)?;
            delete::run(txn, deployment, *run, &mut tally)?;
        } else if let Change::DeleteDag { dag, dag_id } = change {
            std::mem::take(&mut batch).write(txn, deployment, &mut tally)?;
            delete::dag(txn, deployment, *dag, dag_id, &mut tally)?;
        } else {
            batch.add(deployment, change)?;
        }
    }
    batch.write(txn, deployment, &mut tally)?;
    tally.write(txn, deployment)
}

/// Changes by table, each key once.
#[derive(Default)]
struct Batch<'c> {
    counters: Rows<[u8; 4]>,
    dags: Rows<[u8; 8]>,
    dag_names: Rows<Vec<u8>>,
    task_names: Rows<[u8; 12]>,
    versions: Rows<[u8; 12]>,
    sources: Rows<[u8; 12]>,
    backfills: Rows<[u8; 12]>,
    deadlines: Rows<[u8; 16]>,
    runs: BTreeMap<RunNo, &'c DagRun>,
    task_instances: Vec<(DagNo, TiKey, Option<&'c TaskInstance>)>,
    tries: Rows<[u8; 24]>,
    xcoms: XComs,
    kept: Rows<Vec<u8>>,
    callbacks: Rows<[u8; 12]>,
    human_inputs: Rows<[u8; 24]>,
    connections: Rows<Vec<u8>>,
    pools: Rows<Vec<u8>>,
    variables: Rows<Vec<u8>>,
    files: Rows<Vec<u8>>,
    assets: Assets<'c>,
    audit: Audit<'c>,
}

impl<'c> Batch<'c> {
    #[allow(clippy::too_many_lines)] // A table: an arm for each change, and no logic.
    fn add(&mut self, deployment: DeploymentId, change: &'c Change) -> Result<(), Fault> {
        match change {
            Change::PutDag(row) => self.put_dag(deployment, row)?,
            Change::PutTaskName { dag, task, task_id } => {
                let key = tables::task_names::key(deployment, *dag, *task);
                self.task_names
                    .insert(key, Some(task_id.as_bytes().to_vec()));
            }
            Change::PutVersion(version) => self.put_version(deployment, version)?,
            Change::PutDeadline(row) => self.put_deadline(deployment, row)?,
            Change::DeleteDeadline { run, alert } => {
                let key = tables::deadlines::key(deployment, *run, *alert);
                self.deadlines.insert(key, None);
            }
            Change::PutBackfill(backfill) => self.put_backfill(deployment, backfill)?,
            Change::PutRun { run, was: _ } => {
                self.runs.insert(run.no, run);
            }
            Change::PutTaskInstance { dag, ti, was: _ } => {
                self.task_instances.push((*dag, ti.key, Some(ti)));
            }
            Change::DeleteTaskInstance { dag, key } => {
                self.task_instances.push((*dag, *key, None));
            }
            Change::ArchiveTry(ti) => self.archive(deployment, ti)?,
            Change::PutXCom {
                key,
                name,
                value,
                at,
            } => self.xcoms.put(deployment, *key, name, value, *at)?,
            Change::DeleteXCom { key, name } => {
                self.xcoms.delete(deployment, *key, name.as_deref());
            }
            Change::PutPool(pool) => self.put_pool(deployment, pool)?,
            Change::DeletePool { name } => {
                self.pools
                    .insert(tables::pools::key(deployment, name), None);
            }
            Change::PutKept { key, what, value } => {
                self.keep(deployment, *key, what, Some(value))?
            }
            Change::DeleteKept { key, what } => self.keep(deployment, *key, what, None)?,
            Change::PutCallback(owed) => {
                let key = tables::callbacks::key(deployment, owed.no);
                let record = records::encode(&CallbackRecord::from(owed))?;
                self.callbacks.insert(key, Some(record));
            }
            Change::DeleteCallback { no } => {
                let key = tables::callbacks::key(deployment, *no);
                self.callbacks.insert(key, None);
            }
            Change::PutHumanInput(input) => {
                let key = tables::human_inputs::key(deployment, input.key, input.try_number);
                let record = records::encode(&HumanInputRecord::from(&**input))?;
                self.human_inputs.insert(key, Some(record));
            }
            Change::PutConnection(connection) => {
                let key = tables::connections::key(deployment, &connection.conn_id);
                let record = records::encode(&ConnectionRecord::from(connection))?;
                self.connections.insert(key, Some(record));
            }
            Change::DeleteConnection { conn_id } => {
                let key = tables::connections::key(deployment, conn_id);
                self.connections.insert(key, None);
            }
            Change::PutVariable(variable) => {
                let key = tables::variables::key(deployment, &variable.key);
                let record = records::encode(&VariableRecord::from(variable))?;
                self.variables.insert(key, Some(record));
            }
            Change::DeleteVariable { key } => {
                self.variables
                    .insert(tables::variables::key(deployment, key), None);
            }
            Change::PutFile(file) => self.put_file(deployment, file)?,
            Change::DeleteFile { path } => {
                self.files
                    .insert(tables::files::key(deployment, path), None);
            }
            Change::PutCounters(counters) => self.put_counters(deployment, counters)?,
            Change::PutAudit { no, entry } => drop(self.audit.insert(*no, Some(entry))),
            Change::DeleteAudit { no } => drop(self.audit.insert(*no, None)),
            Change::PutAsset(_)
            | Change::PutAlias(_)
            | Change::PutDagAssets(_)
            | Change::DeleteDagAssets { .. }
            | Change::PutAssetEvent(_)
            | Change::DeleteAssetEvent { .. }
            | Change::PutQueuedAsset(_)
            | Change::DeleteQueuedAsset { .. }
            | Change::PutPendingRun(_)
            | Change::DeletePendingRun { .. }
            | Change::PutConsumed { .. }
            | Change::PutAssetState { .. }
            | Change::DeleteAssetState { .. } => self.assets.add(deployment, change)?,
            // Taken out before.
            Change::DeleteDag { .. } | Change::DeleteRun { .. } => {}
        }
        Ok(())
    }

    fn put_pool(&mut self, deployment: DeploymentId, pool: &Pool) -> Result<(), Fault> {
        let key = tables::pools::key(deployment, &pool.name);
        let record = records::encode(&PoolRecord::from(pool))?;
        self.pools.insert(key, Some(record));
        Ok(())
    }

    fn put_deadline(&mut self, deployment: DeploymentId, row: &Deadline) -> Result<(), Fault> {
        let key = tables::deadlines::key(deployment, row.run, row.alert);
        let record = records::encode(&DeadlineRecord::from(row))?;
        self.deadlines.insert(key, Some(record));
        Ok(())
    }

    fn put_backfill(&mut self, deployment: DeploymentId, row: &Backfill) -> Result<(), Fault> {
        let key = tables::backfills::key(deployment, row.no);
        let record = records::backfill::encode(row)?;
        self.backfills.insert(key, Some(record));
        Ok(())
    }

    fn keep(
        &mut self,
        deployment: DeploymentId,
        key: TiKey,
        what: &Kept,
        value: Option<&KeptValue>,
    ) -> Result<(), Fault> {
        let record = value.map(|value| records::encode(&KeptRecord::from(value)));
        let key = tables::kept::key(deployment, key, what);
        self.kept.insert(key, record.transpose()?);
        Ok(())
    }

    fn archive(&mut self, deployment: DeploymentId, ti: &TaskInstance) -> Result<(), Fault> {
        let key = tables::tries::key(deployment, ti.key, ti.try_number);
        let base = ti::first_time(ti).map_or(0, |at| at.as_micros());
        self.tries.insert(key, Some(ti::pack_alone(ti, base)?));
        Ok(())
    }

    fn put_file(&mut self, deployment: DeploymentId, file: &DagFile) -> Result<(), Fault> {
        let key = tables::files::key(deployment, &file.path);
        let record = records::file::encode(file)?;
        self.files.insert(key, Some(record));
        Ok(())
    }

    fn put_dag(&mut self, deployment: DeploymentId, row: &DagRow) -> Result<(), Fault> {
        let record = records::encode(&DagRecord::from(row))?;
        self.dags
            .insert(tables::dags::key(deployment, row.no), Some(record));
        let name = tables::dag_names::key(deployment, &row.dag_id);
        self.dag_names.insert(name, Some(key::b(row.no).to_vec()));
        Ok(())
    }

    fn put_version(&mut self, deployment: DeploymentId, version: &DagVersion) -> Result<(), Fault> {
        let key = tables::versions::key(deployment, version.dag, version.version);
        let record = records::encode(&VersionRecord::from(version))?;
        self.versions.insert(key, Some(record));
        self.sources
            .insert(key, Some(source::encode(&version.source)?));
        Ok(())
    }

    fn put_counters(&mut self, deployment: DeploymentId, next: &Counters) -> Result<(), Fault> {
        let record = records::encode(&CountersRecord::from(next))?;
        self.counters
            .insert(tables::counters::key(deployment), Some(record));
        Ok(())
    }

    fn write(
        self,
        txn: &WriteTransaction,
        deployment: DeploymentId,
        tally: &mut Tally,
    ) -> Result<(), Fault> {
        write::fixed(txn, tables::counters::TABLE, &self.counters)?;
        write::fixed(txn, tables::dags::TABLE, &self.dags)?;
        write::named(txn, tables::dag_names::TABLE, &self.dag_names)?;
        write::fixed(txn, tables::task_names::TABLE, &self.task_names)?;
        write::fixed(txn, tables::versions::TABLE, &self.versions)?;
        write::fixed(txn, tables::sources::TABLE, &self.sources)?;
        write::fixed(txn, tables::backfills::TABLE, &self.backfills)?;
        write::fixed(txn, tables::deadlines::TABLE, &self.deadlines)?;
        runs::write(txn, deployment, &self.runs, tally)?;
        task_instances::write(txn, deployment, &self.task_instances, tally)?;
        write::fixed(txn, tables::tries::TABLE, &self.tries)?;
        self.xcoms.write(txn)?;
        write::named(txn, tables::kept::TABLE, &self.kept)?;
        write::fixed(txn, tables::callbacks::TABLE, &self.callbacks)?;
        write::fixed(txn, tables::human_inputs::TABLE, &self.human_inputs)?;
        write::named(txn, tables::connections::TABLE, &self.connections)?;
        write::named(txn, tables::pools::TABLE, &self.pools)?;
        write::named(txn, tables::variables::TABLE, &self.variables)?;
        write::named(txn, tables::files::TABLE, &self.files)?;
        audit::write(txn, deployment, &self.audit)?;
        self.assets.write(txn, deployment)
    }
}
