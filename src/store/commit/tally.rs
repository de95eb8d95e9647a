//! What a batch changes of the counts by dag.

use std::collections::BTreeMap;

use model::{
    DagNo, DeploymentId,
    state::{DagRunState, TaskInstanceState},
};
use redb::{ReadableTable, WriteTransaction};

use crate::{
    error::Fault,
    records::{
        counts::{self, Counts},
        word::Word,
    },
    tables::{
        self,
        tallies::{ALL_DAGS, OF_RUNS, OF_TASK_INSTANCES},
    },
};

/// How many states a task instance has.
pub(crate) const TI_STATES: usize = TaskInstanceState::ALL.len();
/// How many states a run has.
pub(crate) const RUN_STATES: usize = DagRunState::ALL.len();

/// Changes of counts, written once at the end of a batch.
#[derive(Default)]
pub(crate) struct Tally {
    task_instances: BTreeMap<DagNo, [i64; TI_STATES]>,
    runs: BTreeMap<DagNo, [i64; RUN_STATES]>,
}

/// Adds `n` to the count of `state`.
pub(crate) fn bump<const N: usize>(counts: &mut [i64; N], state: impl Word, n: i64) {
    if let Some(count) = counts.get_mut(usize::from(state.code())) {
        *count += n;
    }
}

fn sum<const N: usize>(to: &mut [i64; N], from: &[i64; N]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

impl Tally {
    pub(crate) fn run(&mut self, dag: DagNo, state: DagRunState, n: i64) {
        bump(self.runs.entry(dag).or_insert([0; RUN_STATES]), state, n);
    }
    pub(crate) fn task_instances(&mut self, dag: DagNo, delta: &[i64; TI_STATES]) {
        sum(
            self.task_instances.entry(dag).or_insert([0; TI_STATES]),
            delta,
        );
    }
    pub(crate) fn write(
        self,
        txn: &WriteTransaction,
        deployment: DeploymentId,
    ) -> Result<(), Fault> {
        write(txn, deployment, OF_TASK_INSTANCES, self.task_instances)?;
        write(txn, deployment, OF_RUNS, self.runs)
    }
}

fn write<const N: usize>(
    txn: &WriteTransaction,
    deployment: DeploymentId,
    kind: u8,
    mut deltas: BTreeMap<DagNo, [i64; N]>,
) -> Result<(), Fault> {
    deltas.retain(|_, delta| delta.iter().any(|&n| n != 0));
    let mut all = [0; N];
    for delta in deltas.values() {
        sum(&mut all, delta);
    }
    if all.iter().any(|&n| n != 0) {
        deltas.insert(ALL_DAGS, all);
    }
    if deltas.is_empty() {
        return Ok(());
    }
    let mut table = txn.open_table(tables::tallies::TABLE)?;
    for (dag, delta) in deltas {
        let key = tables::tallies::key(deployment, dag, kind);
        let mut counts: Counts<N> = match table.get(&key)? {
            Some(row) => counts::decode(row.value()),
            None => [0; N],
        };
        counts::add(&mut counts, &delta);
        let mut bytes = Vec::with_capacity(2 * N);
        counts::encode(&counts, &mut bytes);
        if bytes.is_empty() {
            table.remove(&key)?;
        } else {
            table.insert(&key, bytes.as_slice())?;
        }
    }
    Ok(())
}
