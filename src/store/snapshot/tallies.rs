//! How many are in each state, without counting.

use model::{
    DagNo, RunNo,
    state::{DagRunState, TaskInstanceState},
};

use super::Snapshot;
use crate::{
    commit::tally::{RUN_STATES, TI_STATES},
    error::ReadError,
    records::counts::{self, Counts},
    tables::{
        self, key,
        tallies::{ALL_DAGS, OF_RUNS, OF_TASK_INSTANCES},
    },
};

/// Task instances by state, in the order of `TaskInstanceState::ALL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TiCounts(pub [u64; TI_STATES]);

/// Runs by state, in the order of `DagRunState::ALL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RunCounts(pub [u64; RUN_STATES]);

/// A run's dag, and how many of its task instances are in each state.
pub(super) type Tally = (DagNo, Counts<TI_STATES>);

impl TiCounts {
    /// Of one state.
    #[must_use]
    pub fn of(&self, state: TaskInstanceState) -> u64 {
        self.0.get(state as usize).copied().unwrap_or(0)
    }
    /// Of all states.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
    /// Each state with its count.
    pub fn iter(&self) -> impl Iterator<Item = (TaskInstanceState, u64)> {
        TaskInstanceState::ALL.iter().copied().zip(self.0)
    }
}

impl RunCounts {
    /// Of one state.
    #[must_use]
    pub fn of(&self, state: DagRunState) -> u64 {
        self.0.get(state as usize).copied().unwrap_or(0)
    }
    /// Of all states.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
    /// Each state with its count.
    pub fn iter(&self) -> impl Iterator<Item = (DagRunState, u64)> {
        DagRunState::ALL.iter().copied().zip(self.0)
    }
}

impl Snapshot {
    /// Task instances by state, of a dag or of all.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn ti_counts(&self, dag: Option<DagNo>) -> Result<TiCounts, ReadError> {
        Ok(TiCounts(self.counts(dag, OF_TASK_INSTANCES)?))
    }
    /// Runs by state, of a dag or of all.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn run_counts(&self, dag: Option<DagNo>) -> Result<RunCounts, ReadError> {
        Ok(RunCounts(self.counts(dag, OF_RUNS)?))
    }
    /// Task instances of a run by state.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn ti_counts_of_run(&self, run: RunNo) -> Result<TiCounts, ReadError> {
        Ok(TiCounts(
            self.run_tally(run)?.map_or([0; TI_STATES], |it| it.1),
        ))
    }
    pub(super) fn run_tally(&self, run: RunNo) -> Result<Option<Tally>, ReadError> {
        let key = tables::run_tallies::key(self.deployment, run);
        self.get_fixed(tables::run_tallies::TABLE, &key, |value| {
            Ok(split_tally(value))
        })
    }
    fn counts<const N: usize>(&self, dag: Option<DagNo>, kind: u8) -> Result<[u64; N], ReadError> {
        let key = tables::tallies::key(self.deployment, dag.unwrap_or(ALL_DAGS), kind);
        let found = self.get_fixed(tables::tallies::TABLE, &key, |value| {
            Ok(counts::decode(value))
        })?;
        Ok(found.unwrap_or([0; N]))
    }
}

/// A value of `run_tallies`.
pub(super) fn split_tally(value: &[u8]) -> Tally {
    let mut split = key::Split(value);
    let dag = split.dag();
    (dag, counts::decode(split.0))
}
