//! Which runs a list of task instances has to look into, and in what order.

use model::{DagNo, RunNo, Timestamp};

use super::{
    Snapshot,
    page::Order,
    run::split_by_dag,
    tallies::{Tally, split_tally},
    task_instances::TiFilter,
};
use crate::{
    error::ReadError,
    tables::{self, key, runs_by_ti_state},
};

/// A run to look into: its `run_after` where the order is by that, and its number.
pub(super) type Candidate = (Timestamp, RunNo);
/// With the run's tally, where it was read on the way.
type Candidates = Box<dyn Iterator<Item = Result<(Candidate, Option<Tally>), ReadError>>>;

const NO_TIME: Timestamp = Timestamp::from_micros(0);

impl Snapshot {
    /// Runs from `after` on (that one included), by number; of one dag by `run_after`.
    pub(super) fn ti_runs(
        &self,
        filter: &TiFilter,
        order: Order,
        after: Option<Candidate>,
    ) -> Result<Candidates, ReadError> {
        if let Some(run) = filter.run {
            return Ok(Box::new(std::iter::once(Ok(((NO_TIME, run), None)))));
        }
        let (mut first, mut last) = (RunNo(0), RunNo(u64::MAX));
        match (order, after) {
            (Order::Ascending, Some((_, run))) => first = run,
            (Order::Descending, Some((_, run))) => last = run,
            (_, None) => {}
        }
        if let Some(codes) = runs_by_ti_state::codes(&filter.states) {
            return self.by_ti_state(&codes, order, first, last);
        }
        if let Some(dag) = filter.dag {
            return self.by_dag(dag, order, after);
        }
        let first = tables::run_tallies::key(self.deployment, first);
        let last = tables::run_tallies::key(self.deployment, last);
        let rows = self.rows(tables::run_tallies::TABLE, first, last, order)?;
        Ok(Box::new(rows.map(|row| {
            let (key, value) = row?;
            let mut split = key::Split(&key);
            split.u32();
            let run = (NO_TIME, split.run());
            Ok((run, Some(split_tally(value.value()))))
        })))
    }

    fn by_dag(
        &self,
        dag: DagNo,
        order: Order,
        after: Option<Candidate>,
    ) -> Result<Candidates, ReadError> {
        let key = |(at, run): Candidate| tables::runs_by_dag::key(self.deployment, dag, at, run);
        let mut first = key((Timestamp::from_micros(i64::MIN), RunNo(0)));
        let mut last = key((Timestamp::from_micros(i64::MAX), RunNo(u64::MAX)));
        match (order, after) {
            (Order::Ascending, Some(after)) => first = key(after),
            (Order::Descending, Some(after)) => last = key(after),
            (_, None) => {}
        }
        let rows = self.rows(tables::runs_by_dag::TABLE, first, last, order)?;
        Ok(Box::new(rows.map(|row| Ok((split_by_dag(&row?.0), None)))))
    }

    /// Merges the rows of several states; a run that has more than one comes once.
    fn by_ti_state(
        &self,
        codes: &[u8],
        order: Order,
        first: RunNo,
        last: RunNo,
    ) -> Result<Candidates, ReadError> {
        let mut sources = Vec::new();
        for &code in codes {
            let first = runs_by_ti_state::key(self.deployment, code, first);
            let last = runs_by_ti_state::key(self.deployment, code, last);
            let rows = self.rows(runs_by_ti_state::TABLE, first, last, order)?;
            let runs = rows.map(|row| -> Result<RunNo, ReadError> {
                let (key, _) = row?;
                let mut split = key::Split(&key);
                split.u32();
                split.u8();
                Ok(split.run())
            });
            sources.push(runs.peekable());
        }
        Ok(Box::new(std::iter::from_fn(move || {
            let mut next: Option<RunNo> = None;
            for source in &mut sources {
                match source.peek() {
                    Some(Ok(run)) => {
                        let sooner = next.is_none_or(|next| match order {
                            Order::Ascending => *run < next,
                            Order::Descending => *run > next,
                        });
                        if sooner {
                            next = Some(*run);
                        }
                    }
                    Some(Err(_)) => {
                        return source
                            .next()
                            .map(|row| row.map(|run| ((NO_TIME, run), None)));
                    }
                    None => {}
                }
            }
            let run = next?;
            for source in &mut sources {
                source.next_if(|row| matches!(row, Ok(it) if *it == run));
            }
            Some(Ok(((NO_TIME, run), None)))
        })))
    }
}
