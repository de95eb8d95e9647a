//! Lists of task instances over many runs.

use model::{
    DagNo, RunNo, TaskNo, Timestamp, state::TaskInstanceState, task_instance::TaskInstance,
};

use super::{
    Snapshot,
    page::{Budget, Order, Page, Paging, TimeRange},
    tallies::{Tally, TiCounts},
    ti_runs::Candidate,
};
use crate::{
    error::ReadError,
    records::{chunk::Chunk, ti},
    tables::{
        self,
        task_instances::{Place, split},
    },
};

/// Which task instances a list has.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TiFilter {
    /// Of this dag alone. Without rare or unfinished states the order is then by `run_after`, and
    /// in all other lists by the number of the run.
    pub dag: Option<DagNo>,
    /// Of this run alone.
    pub run: Option<RunNo>,
    /// In one of these states, each named once; any when empty.
    pub states: Vec<TaskInstanceState>,
    /// Of these tasks alone; all when empty.
    pub tasks: Vec<TaskNo>,
    /// When they started.
    pub start_date: TimeRange,
    /// When they ended.
    pub end_date: TimeRange,
}

/// A place in a list of task instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TiCursor {
    run: Candidate,
    place: Place,
}

impl TiFilter {
    fn is_by_state(&self) -> bool {
        self.tasks.is_empty() && self.start_date.is_open() && self.end_date.is_open()
    }
    /// How many task instances of a run it may take, by the run's tally.
    fn matches(&self, (dag, counts): Tally) -> usize {
        if self.dag.is_some_and(|of| of != dag) {
            return 0;
        }
        let counts = TiCounts(counts);
        let n = match self.states.as_slice() {
            [] => counts.total(),
            states => states.iter().map(|&state| counts.of(state)).sum(),
        };
        usize::try_from(n).unwrap_or(usize::MAX)
    }
    fn takes(&self, ti: &TaskInstance) -> bool {
        (self.tasks.is_empty() || self.tasks.contains(&ti.key.task))
            && self.start_date.contains(ti.start_date)
            && self.end_date.contains(ti.end_date)
    }
}

/// A page that is being filled.
struct Filling<'f, K> {
    filter: &'f TiFilter,
    keep: K,
    skip: usize,
    limit: usize,
    budget: Budget,
    after: Option<TiCursor>,
    page: Page<TaskInstance, TiCursor>,
}

impl Snapshot {
    /// Task instances run by run, in each by task, that the filter and `keep` take.
    ///
    /// # Errors
    /// When the book cannot be read.
    pub fn task_instances_all(
        &self,
        filter: &TiFilter,
        order: Order,
        paging: Paging<TiCursor>,
        keep: Option<&dyn Fn(&TaskInstance) -> bool>,
    ) -> Result<Page<TaskInstance, TiCursor>, ReadError> {
        let Paging { after, skip, limit } = paging;
        let counted = filter.is_by_state() && keep.is_none();
        let mut filling = Filling {
            filter,
            keep,
            skip,
            limit,
            budget: Budget::new(),
            after,
            page: Page::empty(),
        };
        for run in self.ti_runs(filter, order, after.map(|after| after.run))? {
            let (run, tally) = run?;
            let is_begun = after.is_some_and(|after| after.run.1 == run.1);
            if !filling.may_go_on() {
                break;
            }
            let tally = match tally {
                Some(tally) => Some(tally),
                None => {
                    filling.budget.looked_up();
                    self.run_tally(run.1)?
                }
            };
            let matches = tally.map_or(0, |tally| filter.matches(tally));
            let skips_all = counted && !is_begun && filling.page.skipped + matches <= skip;
            if matches == 0 || skips_all {
                filling.page.skipped += matches;
                filling.passed(run);
                continue;
            }
            if !self.fill_from_run(&mut filling, run, is_begun)? {
                break;
            }
            filling.passed(run);
        }
        let mut page = filling.page;
        let ended = page.items.len() < limit && !page.cut;
        page.next = if ended { None } else { filling.after };
        Ok(page)
    }

    /// Whether the page has room for more after the run.
    fn fill_from_run<K>(
        &self,
        filling: &mut Filling<'_, Option<K>>,
        run: Candidate,
        is_begun: bool,
    ) -> Result<bool, ReadError>
    where
        K: Fn(&TaskInstance) -> bool,
    {
        let begin = filling.after.filter(|_| is_begun).map(|after| after.place);
        let chunk_of = |row, column| {
            tables::task_instances::key(
                self.deployment,
                Place {
                    run: run.1,
                    row,
                    column,
                    slot: 0,
                },
            )
        };
        let first = begin.map_or(chunk_of(0, 0), |at| chunk_of(at.row, at.column));
        let last = chunk_of(u32::MAX, u32::MAX);
        let rows = self.rows(tables::task_instances::TABLE, first, last, Order::Ascending)?;
        for row in rows {
            let (key, value) = row?;
            let of = split(&key);
            let mut chunk = Chunk::new(value.value())?;
            while let Some((slot, bytes)) = chunk.next()? {
                let place = Place { slot, ..of };
                if begin.is_some_and(|begin| place <= begin) {
                    continue;
                }
                if !filling.may_go_on() {
                    return Ok(false);
                }
                filling.after = Some(TiCursor { run, place });
                let states = &filling.filter.states;
                if !states.is_empty() && !states.contains(&ti::state(bytes)?) {
                    continue;
                }
                if filling.skips_unseen() {
                    filling.page.skipped += 1;
                    continue;
                }
                filling.offer(self.unpack_ti(place.ti(), bytes, chunk.base)?);
            }
        }
        Ok(true)
    }
}

impl<K: Fn(&TaskInstance) -> bool> Filling<'_, Option<K>> {
    /// Whether the next one is left out whatever it holds, so that it need not be unpacked.
    fn skips_unseen(&self) -> bool {
        self.page.skipped < self.skip && self.filter.is_by_state() && self.keep.is_none()
    }
    fn offer(&mut self, ti: TaskInstance) {
        if !self.filter.takes(&ti) || !self.keep.as_ref().is_none_or(|keep| keep(&ti)) {
            return;
        }
        if self.page.skipped < self.skip {
            self.page.skipped += 1;
        } else {
            self.page.items.push(ti);
        }
    }
    /// Whether one more row may be looked at.
    fn may_go_on(&mut self) -> bool {
        if self.page.items.len() >= self.limit {
            return false;
        }
        self.page.cut = !self.budget.take();
        !self.page.cut
    }
    /// All of the run is behind us.
    fn passed(&mut self, run: Candidate) {
        let place = Place {
            run: run.1,
            row: u32::MAX,
            column: u32::MAX,
            slot: u8::MAX,
        };
        self.after = Some(TiCursor { run, place });
    }
}

impl TiCursor {
    /// The `run_after` of the run, where the list is of one dag.
    #[must_use]
    pub fn run_after(&self) -> Timestamp {
        self.run.0
    }
}
