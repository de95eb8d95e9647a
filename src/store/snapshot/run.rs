//! One run, and the runs of a dag by their dates.

use std::ops::ControlFlow;

use model::{
    DagNo, RunNo, Timestamp,
    run::DagRun,
    state::{DagRunState, DagRunType},
};

use super::{Snapshot, page::Order};
use crate::{
    error::ReadError,
    records::{self, run::RunRecord, word::word},
    tables::{self, key},
};

impl Snapshot {
    /// A run.
    ///
    /// # Errors
    /// When the book cannot be read; the same for all functions here.
    pub fn run(&self, run: RunNo) -> Result<Option<DagRun>, ReadError> {
        let key = tables::runs::key(self.deployment, run);
        self.get_fixed(tables::runs::TABLE, &key, |value| {
            records::decode::<RunRecord>(value)?.into_run(run)
        })
    }
    /// The number of the dag's run that has this id.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn run_no(&self, dag: DagNo, run_id: &str) -> Result<Option<RunNo>, ReadError> {
        let key = tables::run_ids::key(self.deployment, dag, run_id);
        self.get_named(tables::run_ids::TABLE, &key, |value| {
            Ok(key::Split(value).run())
        })
    }
    /// The number of the dag's run at this logical date.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn run_no_by_logical_date(
        &self,
        dag: DagNo,
        at: Timestamp,
    ) -> Result<Option<RunNo>, ReadError> {
        let key = tables::runs_by_logical::key(self.deployment, dag, at);
        self.get_fixed(tables::runs_by_logical::TABLE, &key, |value| {
            Ok(key::Split(value).run())
        })
    }
    /// The dag's runs with a logical date between `from` and `to`, both inclusive, by that date.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn runs_between(
        &self,
        dag: DagNo,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Result<Vec<RunNo>, ReadError> {
        let mut runs = Vec::new();
        self.walk_logical(dag, from, to, Order::Ascending, |_, run, _, _| {
            runs.push(run);
            ControlFlow::Continue(())
        })?;
        Ok(runs)
    }
    /// The dag's run with the greatest logical date before `before` that `keep` takes.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn previous_run(
        &self,
        dag: DagNo,
        before: Timestamp,
        keep: impl Fn(DagRunState, DagRunType) -> bool,
    ) -> Result<Option<RunNo>, ReadError> {
        let Some(to) = before.as_micros().checked_sub(1) else {
            return Ok(None);
        };
        let mut found = None;
        let to = Some(Timestamp::from_micros(to));
        self.walk_logical(dag, None, to, Order::Descending, |_, run, state, kind| {
            if keep(state, kind) {
                found = Some(run);
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        Ok(found)
    }
    /// The last `n` runs of the dag by `run_after`, newest first.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn last_runs(&self, dag: DagNo, n: usize) -> Result<Vec<RunNo>, ReadError> {
        let of = key::b(dag);
        let rows = self.rows_of(tables::runs_by_dag::TABLE, &[&of], Order::Descending)?;
        rows.take(n)
            .map(|row| Ok(split_by_dag(&row?.0).1))
            .collect()
    }
    /// All unfinished runs.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn live_runs(&self) -> Result<Vec<RunNo>, ReadError> {
        let rows = self.rows_of(tables::runs_live::TABLE, &[], Order::Ascending)?;
        rows.map(|row| {
            let (key, _) = row?;
            let mut split = key::Split(&key);
            split.u32();
            Ok(split.run())
        })
        .collect()
    }

    fn walk_logical(
        &self,
        dag: DagNo,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
        order: Order,
        mut each: impl FnMut(Timestamp, RunNo, DagRunState, DagRunType) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let from = from.unwrap_or(Timestamp::from_micros(i64::MIN));
        let to = to.unwrap_or(Timestamp::from_micros(i64::MAX));
        if from > to {
            return Ok(());
        }
        let first = tables::runs_by_logical::key(self.deployment, dag, from);
        let last = tables::runs_by_logical::key(self.deployment, dag, to);
        for row in self.rows(tables::runs_by_logical::TABLE, first, last, order)? {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            split.dag();
            let at = split.time();
            let mut split = key::Split(value.value());
            let run = split.run();
            let state = word(tables::runs_by_logical::NAME, split.u8())?;
            let run_type = word(tables::runs_by_logical::NAME, split.u8())?;
            if each(at, run, state, run_type).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// `run_after` and number of a row of `runs_by_dag`.
pub(super) fn split_by_dag(key: &[u8; 24]) -> (Timestamp, RunNo) {
    let mut split = key::Split(key);
    split.u32();
    split.dag();
    (split.time(), split.run())
}
