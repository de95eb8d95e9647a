//! Lists of runs by `run_after`, of one dag or of all.

use model::{
    DagNo, RunNo, Timestamp,
    run::DagRun,
    state::{DagRunState, DagRunType},
};

use super::{
    Snapshot,
    page::{Budget, Order, Page, Paging, TimeRange},
    run::split_by_dag,
};
use crate::{
    error::ReadError,
    records::word::word,
    tables::{self, key},
};

/// Which runs a list has.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RunFilter {
    /// Of this dag alone.
    pub dag: Option<DagNo>,
    /// In one of these states; any when empty.
    pub states: Vec<DagRunState>,
    /// Of one of these types; any when empty.
    pub run_types: Vec<DagRunType>,
    /// Not started before.
    pub run_after: TimeRange,
    /// The point in time that they stand for.
    pub logical_date: TimeRange,
    /// When they were started.
    pub start_date: TimeRange,
    /// When they ended.
    pub end_date: TimeRange,
}

/// A place in a list of runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunCursor {
    /// The last run's `run_after`.
    pub run_after: Timestamp,
    /// The last run.
    pub run: RunNo,
}

/// A row of an index of runs.
struct Entry {
    at: RunCursor,
    dag: Option<DagNo>,
    state: DagRunState,
    run_type: DagRunType,
}

impl RunFilter {
    fn takes_entry(&self, entry: &Entry) -> bool {
        (self.states.is_empty() || self.states.contains(&entry.state))
            && (self.run_types.is_empty() || self.run_types.contains(&entry.run_type))
            && (self.dag.is_none() || entry.dag.is_none() || self.dag == entry.dag)
    }
    fn is_by_entry(&self) -> bool {
        self.logical_date.is_open() && self.start_date.is_open() && self.end_date.is_open()
    }
    fn takes(&self, run: &DagRun) -> bool {
        self.logical_date.contains(run.logical_date)
            && self.start_date.contains(run.start_date)
            && self.end_date.contains(run.end_date)
    }
}

impl Snapshot {
    /// Runs by `run_after` that the filter and `keep` take.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn runs(
        &self,
        filter: &RunFilter,
        order: Order,
        paging: Paging<RunCursor>,
        keep: Option<&dyn Fn(&DagRun) -> bool>,
    ) -> Result<Page<DagRun, RunCursor>, ReadError> {
        let Paging { after, skip, limit } = paging;
        let mut page = Page::empty();
        let mut budget = Budget::new();
        let mut last = after;
        let by_entry = filter.is_by_entry() && keep.is_none();
        for entry in self.run_entries(filter, order, after)? {
            let entry = entry?;
            // The index says enough of what is left out; a far page is further down it, not dearer.
            if by_entry && page.skipped < skip && filter.takes_entry(&entry) {
                page.skipped += 1;
                last = Some(entry.at);
                continue;
            }
            page.cut = !budget.take();
            if page.cut || page.items.len() >= limit {
                page.next = last;
                break;
            }
            last = Some(entry.at);
            if !filter.takes_entry(&entry) {
                continue;
            }
            budget.looked_up();
            let Some(run) = self.run(entry.at.run)? else {
                continue;
            };
            if !filter.takes(&run) || !keep.is_none_or(|keep| keep(&run)) {
                continue;
            }
            if page.skipped < skip {
                page.skipped += 1;
            } else {
                page.items.push(run);
            }
        }
        Ok(page)
    }

    /// How many runs the filter takes, and whether the count stopped at `LIST_SCAN_ROWS_MAX` rows.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn count_runs(&self, filter: &RunFilter) -> Result<(u64, bool), ReadError> {
        let mut budget = Budget::new();
        let mut n = 0;
        for entry in self.run_entries(filter, Order::Descending, None)? {
            let entry = entry?;
            if !budget.take() {
                return Ok((n, true));
            }
            if !filter.takes_entry(&entry) {
                continue;
            }
            if !filter.is_by_entry() {
                budget.looked_up();
                if !self
                    .run(entry.at.run)?
                    .is_some_and(|run| filter.takes(&run))
                {
                    continue;
                }
            }
            n += 1;
        }
        Ok((n, false))
    }

    /// The greatest `run_after`, before `before`, of a run of a dag of this type that `keep` takes.
    /// It looks at `LIST_SCAN_ROWS_MAX` runs at most.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn last_run_of_type(
        &self,
        dag: DagNo,
        run_type: DagRunType,
        before: Timestamp,
        keep: &dyn Fn(RunNo) -> bool,
    ) -> Result<Option<Timestamp>, ReadError> {
        let filter = RunFilter {
            dag: Some(dag),
            run_types: vec![run_type],
            ..RunFilter::default()
        };
        let after = RunCursor {
            run_after: before,
            run: RunNo(0),
        };
        let mut budget = Budget::new();
        for entry in self.run_entries(&filter, Order::Descending, Some(after))? {
            let entry = entry?;
            if !budget.take() {
                break;
            }
            if entry.at.run_after < before && filter.takes_entry(&entry) && keep(entry.at.run) {
                return Ok(Some(entry.at.run_after));
            }
        }
        Ok(None)
    }

    /// Rows of the index that serves the filter, those after a place.
    fn run_entries(
        &self,
        filter: &RunFilter,
        order: Order,
        after: Option<RunCursor>,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry, ReadError>>>, ReadError> {
        let TimeRange { from, to } = filter.run_after;
        let mut first = RunCursor {
            run_after: from.unwrap_or(Timestamp::from_micros(i64::MIN)),
            run: RunNo(0),
        };
        let mut last = RunCursor {
            run_after: to.unwrap_or(Timestamp::from_micros(i64::MAX)),
            run: RunNo(u64::MAX),
        };
        if let Some(RunCursor { run_after, run }) = after {
            match order {
                Order::Ascending => {
                    let run = RunNo(run.0.saturating_add(1));
                    first = first.max(RunCursor { run_after, run });
                }
                Order::Descending => {
                    let run = RunNo(run.0.saturating_sub(1));
                    last = last.min(RunCursor { run_after, run });
                }
            }
        }
        if first > last {
            return Ok(Box::new(std::iter::empty()));
        }
        match filter.dag {
            Some(dag) => {
                let key = |at: RunCursor| {
                    tables::runs_by_dag::key(self.deployment, dag, at.run_after, at.run)
                };
                let rows = self.rows(tables::runs_by_dag::TABLE, key(first), key(last), order)?;
                Ok(Box::new(rows.map(|row| {
                    let (key, value) = row?;
                    let (run_after, run) = split_by_dag(&key);
                    entry(RunCursor { run_after, run }, value.value(), false)
                })))
            }
            None => {
                let key = |at: RunCursor| {
                    tables::runs_by_time::key(self.deployment, at.run_after, at.run)
                };
                let rows = self.rows(tables::runs_by_time::TABLE, key(first), key(last), order)?;
                Ok(Box::new(rows.map(|row| {
                    let (key, value) = row?;
                    let mut split = key::Split(&key);
                    split.u32();
                    let (run_after, run) = (split.time(), split.run());
                    entry(RunCursor { run_after, run }, value.value(), true)
                })))
            }
        }
    }
}

fn entry(at: RunCursor, value: &[u8], has_dag: bool) -> Result<Entry, ReadError> {
    let mut split = key::Split(value);
    Ok(Entry {
        at,
        state: word(tables::runs_by_dag::NAME, split.u8())?,
        run_type: word(tables::runs_by_dag::NAME, split.u8())?,
        dag: has_dag.then(|| split.dag()),
    })
}
