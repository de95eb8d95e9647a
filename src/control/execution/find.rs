//! Names become numbers, and who asks becomes a task instance.

use std::collections::BTreeSet;

use model::{
    DagNo, Fence, RunId, RunNo, TaskNo, TiKey, Timestamp, execution::Asker, run::DagRun,
    state::DagRunState, task_instance::TaskInstance,
};
use store::{ReadError, Snapshot};

use super::Wrong;

/// Runs that are looked at for what an earlier one has.
pub(super) const EARLIER_RUNS_MAX: usize = 1_000;

/// The try that asks.
pub(super) fn own(who: &Asker) -> Result<(TiKey, Fence), Wrong> {
    match who {
        Asker::Try { key, fence, n: _ } => Ok((*key, *fence)),
        Asker::Parse { .. } | Asker::Callback { .. } | Asker::Triggerer | Asker::Evaluator => {
            Err(Wrong::new(400, "only a running task may ask this"))
        }
    }
}

/// The instance of the try that asks; none when a later try has taken its place.
pub(super) fn present(book: &Snapshot, who: &Asker) -> Result<Option<TaskInstance>, Wrong> {
    let (key, fence) = own(who)?;
    let ti = book.task_instance(key)?;
    // What a callback asks after the end is granted, since nobody else has the instance.
    Ok(ti.filter(|ti| ti.fence.is_none_or(|present| present.0 <= fence.0)))
}

/// The same where it must be there.
pub(super) fn mine(book: &Snapshot, who: &Asker) -> Result<TaskInstance, Wrong> {
    present(book, who)?.ok_or_else(|| {
        Wrong::new(
            410,
            "this try is over: another one has taken its place, or the run is gone",
        )
    })
}

pub(super) fn dag(book: &Snapshot, dag_id: &str) -> Result<DagNo, Wrong> {
    let found = book.dag_no(dag_id)?;
    found.ok_or_else(|| Wrong::new(404, format!("Dag with dag_id '{dag_id}' was not found")))
}

pub(super) fn run(book: &Snapshot, dag_id: &str, run_id: &str) -> Result<DagRun, Wrong> {
    let found = match book.dag_no(dag_id)? {
        Some(dag) => book.run_no(dag, run_id)?,
        None => None,
    };
    let found = match found {
        Some(no) => book.run(no)?,
        None => None,
    };
    found.ok_or_else(|| {
        let message = format!("Dag run with dag_id '{dag_id}' and run_id '{run_id}' was not found");
        Wrong::new(404, message)
    })
}

pub(super) fn task(
    book: &Snapshot,
    dag: DagNo,
    task_id: &str,
) -> Result<Option<TaskNo>, ReadError> {
    let mut names = book.task_names(dag)?.into_iter();
    let found = names.find(|(_, name)| name.as_str() == task_id);
    Ok(found.map(|(no, _)| no))
}

/// The dag's runs before a logical date, the latest first.
pub(super) struct Earlier<'b> {
    book: &'b Snapshot,
    dag: DagNo,
    before: Option<Timestamp>,
    left: usize,
    state: Option<DagRunState>,
}

impl<'b> Earlier<'b> {
    pub(super) fn new(
        book: &'b Snapshot,
        dag: DagNo,
        before: Option<Timestamp>,
        state: Option<DagRunState>,
    ) -> Self {
        let last = Timestamp::from_micros(i64::MAX);
        Self {
            book,
            dag,
            before: Some(before.unwrap_or(last)),
            left: EARLIER_RUNS_MAX,
            state,
        }
    }

    fn step(&mut self) -> Result<Option<DagRun>, ReadError> {
        let (Some(before), Some(left)) = (self.before.take(), self.left.checked_sub(1)) else {
            return Ok(None);
        };
        self.left = left;
        let state = self.state;
        let keep = |is, _| state.is_none_or(|state| state == is);
        let Some(no): Option<RunNo> = self.book.previous_run(self.dag, before, keep)? else {
            return Ok(None);
        };
        let found = self.book.run(no)?;
        self.before = found.as_ref().and_then(|run| run.logical_date);
        Ok(found)
    }
}

impl Iterator for Earlier<'_> {
    type Item = Result<DagRun, ReadError>;
    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// The dag's runs that have one of these dates and one of these ids; none when all are meant.
pub(super) fn chosen(
    book: &Snapshot,
    dag: DagNo,
    dates: Option<&[Timestamp]>,
    run_ids: Option<&[RunId]>,
) -> Result<Option<BTreeSet<RunNo>>, ReadError> {
    let mut by_id = None;
    if let Some(ids) = run_ids.filter(|ids| !ids.is_empty()) {
        let found = ids.iter().map(|id| book.run_no(dag, id));
        let found: Vec<Option<RunNo>> = found.collect::<Result<_, _>>()?;
        by_id = Some(found.into_iter().flatten().collect());
    }
    let mut by_date = None;
    if let Some(dates) = dates.filter(|dates| !dates.is_empty()) {
        let found = dates.iter().map(|at| book.run_no_by_logical_date(dag, *at));
        let found: Vec<Option<RunNo>> = found.collect::<Result<_, _>>()?;
        by_date = Some(found.into_iter().flatten().collect());
    }
    Ok(match (by_id, by_date) {
        (Some(ids), Some(dates)) => {
            let ids: BTreeSet<RunNo> = ids;
            Some(ids.intersection(&dates).copied().collect())
        }
        (Some(runs), None) | (None, Some(runs)) => Some(runs),
        (None, None) => None,
    })
}
