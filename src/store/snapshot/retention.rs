//! Which finished runs are old enough to be deleted.

use std::collections::HashMap;

use model::{DagNo, RunNo, Timestamp, run::DagRun};

use super::{
    Snapshot,
    page::{Budget, Order, Page, Paging},
    run::split_by_dag,
};
use crate::{
    error::ReadError,
    records::{self, run::RunRecord},
    tables::{self, key},
};

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Runs that ended before this point may go.
    pub ended_before: Option<Timestamp>,
    /// Runs of a dag beyond this many (by `run_after`, newest kept) may go, however young.
    pub runs_per_dag_max: Option<usize>,
    /// The last this many runs of each dag stay, however old.
    pub runs_per_dag_min: usize,
}

/// The n-th newest run of each dag, asked once.
#[derive(Default)]
struct Ranks(HashMap<(DagNo, usize), Option<(Timestamp, RunNo)>>);

impl Snapshot {
    /// Finished runs that may be deleted, the first created first. Deleting a page changes none of
    /// the answers of the next. Go on until [`Page::next`] is none: a page may be empty and not the
    /// last.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn runs_to_prune(
        &self,
        retention: &Retention,
        paging: Paging<RunNo>,
    ) -> Result<Page<RunNo, RunNo>, ReadError> {
        let mut page = Page::empty();
        let from = paging.after.map_or(0, |run| run.0.saturating_add(1));
        let first = tables::runs::key(self.deployment, RunNo(from));
        let last = tables::runs::key(self.deployment, RunNo(u64::MAX));
        let mut budget = Budget::new();
        let mut ranks = Ranks::default();
        let mut seen = paging.after;
        for row in self.rows(tables::runs::TABLE, first, last, Order::Ascending)? {
            let (key, value) = row?;
            page.cut = !budget.take();
            if page.cut || page.items.len() >= paging.limit {
                page.next = seen;
                break;
            }
            let mut split = key::Split(&key);
            split.u32();
            let run = records::decode::<RunRecord>(value.value())?.into_run(split.run())?;
            seen = Some(run.no);
            if self.may_go(retention, &run, &mut ranks)? {
                if page.skipped < paging.skip {
                    page.skipped += 1;
                } else {
                    page.items.push(run.no);
                }
            }
        }
        Ok(page)
    }

    fn may_go(
        &self,
        retention: &Retention,
        run: &DagRun,
        ranks: &mut Ranks,
    ) -> Result<bool, ReadError> {
        if !run.state.is_finished() {
            return Ok(false);
        }
        let kept = retention.runs_per_dag_min;
        if !self.is_beyond(run, kept, ranks)? {
            return Ok(false);
        }
        let is_old = match (retention.ended_before, run.end_date) {
            (Some(before), Some(end)) => end < before,
            (Some(_), None) | (None, _) => false,
        };
        if is_old {
            return Ok(true);
        }
        match retention.runs_per_dag_max {
            Some(most) => self.is_beyond(run, most.max(kept), ranks),
            None => Ok(false),
        }
    }

    /// Whether at least `n` runs of its dag are newer.
    fn is_beyond(&self, run: &DagRun, n: usize, ranks: &mut Ranks) -> Result<bool, ReadError> {
        let Some(at) = n.checked_sub(1) else {
            return Ok(true);
        };
        let oldest_kept = match ranks.0.get(&(run.dag, n)) {
            Some(known) => *known,
            None => {
                let of = key::b(run.dag);
                let mut rows =
                    self.rows_of(tables::runs_by_dag::TABLE, &[&of], Order::Descending)?;
                let found = match rows.nth(at) {
                    Some(row) => Some(split_by_dag(&row?.0)),
                    None => None,
                };
                ranks.0.insert((run.dag, n), found);
                found
            }
        };
        Ok(oldest_kept.is_some_and(|oldest| (run.run_after, run.no) < oldest))
    }
}
