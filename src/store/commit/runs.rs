//! Runs with the rows by which they are found.

use std::collections::BTreeMap;

use model::{DeploymentId, RunNo, run::DagRun};
use redb::{ReadableTable, WriteTransaction};

use super::{
    tally::Tally,
    write::{self, Rows},
};
use crate::{
    error::Fault,
    records::{self, run::RunRecord, word::Word},
    tables::{self, key},
};

/// The rows of other tables that lead to runs.
#[derive(Default)]
pub(super) struct Index {
    run_ids: Rows<Vec<u8>>,
    by_dag: Rows<[u8; 24]>,
    by_time: Rows<[u8; 20]>,
    by_logical: Rows<[u8; 16]>,
    live: Rows<[u8; 12]>,
}

pub(super) fn write(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    runs: &BTreeMap<RunNo, &DagRun>,
    tally: &mut Tally,
) -> Result<(), Fault> {
    if runs.is_empty() {
        return Ok(());
    }
    let mut index = Index::default();
    let mut table = txn.open_table(tables::runs::TABLE)?;
    let last = table.last()?.map(|(key, _)| *key.value());
    for run in runs.values() {
        let key = tables::runs::key(deployment, run.no);
        // Most runs are written for the first time, beyond the end.
        let old = match last {
            Some(last) if key <= last => read(&table, &key, run.no)?,
            Some(_) | None => None,
        };
        let record = records::encode(&RunRecord::from(*run))?;
        table.insert(&key, record.as_slice())?;
        index.change(deployment, old.as_ref(), run);
        if let Some(old) = old {
            tally.run(old.dag, old.state, -1);
        }
        tally.run(run.dag, run.state, 1);
    }
    index.write(txn)
}

fn read(
    table: &impl ReadableTable<&'static [u8; 12], &'static [u8]>,
    key: &[u8; 12],
    run: RunNo,
) -> Result<Option<DagRun>, Fault> {
    match table.get(key)? {
        Some(row) => Ok(Some(
            records::decode::<RunRecord>(row.value())?.into_run(run)?,
        )),
        None => Ok(None),
    }
}

impl Index {
    fn change(&mut self, deployment: DeploymentId, old: Option<&DagRun>, new: &DagRun) {
        let Some(old) = old else {
            self.put_names(deployment, new);
            self.put_states(deployment, new);
            if !new.state.is_finished() {
                self.put_live(deployment, new);
            }
            return;
        };
        let stays = old.dag == new.dag
            && old.run_id == new.run_id
            && old.run_after == new.run_after
            && old.logical_date == new.logical_date;
        if !stays {
            self.remove(deployment, old);
            self.put_names(deployment, new);
            self.put_live(deployment, new);
        }
        if !stays || old.state != new.state || old.run_type != new.run_type {
            self.put_states(deployment, new);
        }
        if old.state.is_finished() != new.state.is_finished() {
            self.put_live(deployment, new);
        }
    }

    fn put_names(&mut self, deployment: DeploymentId, run: &DagRun) {
        let id = tables::run_ids::key(deployment, run.dag, &run.run_id);
        self.run_ids.insert(id, Some(key::b(run.no).to_vec()));
    }

    fn put_live(&mut self, deployment: DeploymentId, run: &DagRun) {
        let live = tables::runs_live::key(deployment, run.no);
        let value = (!run.state.is_finished()).then(Vec::new);
        self.live.insert(live, value);
    }

    /// The rows that tell the run's state, too.
    fn put_states(&mut self, deployment: DeploymentId, run: &DagRun) {
        let (state, run_type) = (run.state.code(), run.run_type.code());
        let by_dag = tables::runs_by_dag::key(deployment, run.dag, run.run_after, run.no);
        self.by_dag.insert(by_dag, Some(vec![state, run_type]));
        let by_time = tables::runs_by_time::key(deployment, run.run_after, run.no);
        let mut value = vec![state, run_type];
        value.extend_from_slice(&key::b(run.dag));
        self.by_time.insert(by_time, Some(value));
        if let Some(at) = run.logical_date {
            let by_logical = tables::runs_by_logical::key(deployment, run.dag, at);
            let mut value = key::b(run.no).to_vec();
            value.extend_from_slice(&[state, run_type]);
            self.by_logical.insert(by_logical, Some(value));
        }
    }

    /// Does not undo what another run of the batch has put in the same place.
    pub(super) fn remove(&mut self, deployment: DeploymentId, run: &DagRun) {
        let id = tables::run_ids::key(deployment, run.dag, &run.run_id);
        self.run_ids.entry(id).or_insert(None);
        let by_dag = tables::runs_by_dag::key(deployment, run.dag, run.run_after, run.no);
        self.by_dag.entry(by_dag).or_insert(None);
        let by_time = tables::runs_by_time::key(deployment, run.run_after, run.no);
        self.by_time.entry(by_time).or_insert(None);
        if let Some(at) = run.logical_date {
            let by_logical = tables::runs_by_logical::key(deployment, run.dag, at);
            self.by_logical.entry(by_logical).or_insert(None);
        }
        let live = tables::runs_live::key(deployment, run.no);
        self.live.entry(live).or_insert(None);
    }

    pub(super) fn write(&self, txn: &WriteTransaction) -> Result<(), Fault> {
        write::named(txn, tables::run_ids::TABLE, &self.run_ids)?;
        write::fixed(txn, tables::runs_by_dag::TABLE, &self.by_dag)?;
        write::fixed(txn, tables::runs_by_time::TABLE, &self.by_time)?;
        write::fixed(txn, tables::runs_by_logical::TABLE, &self.by_logical)?;
        write::fixed(txn, tables::runs_live::TABLE, &self.live)
    }
}
