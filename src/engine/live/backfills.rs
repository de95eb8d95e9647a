//! Backfills with runs that are queued or running, or still to be made. A queued run of a backfill
//! is not in memory: of it there is its place in the order alone.

use std::collections::{BTreeMap, btree_map::Entry};

use model::{
    RunNo, Timestamp,
    backfill::Backfill,
    change::NextRun,
    run::DagRun,
    state::{DagRunState, DagRunType},
};

use super::Live;
use crate::{View, backfill::dates};

/// A backfill.
#[derive(Debug)]
pub(crate) struct LiveBackfill {
    pub row: Backfill,
    /// Its queued runs in order, with when each may start.
    pub waiting: BTreeMap<(u32, RunNo), Timestamp>,
    pub n_running: u32,
    /// Dates to see to, the next one last.
    pub todo: Vec<NextRun>,
}

impl LiveBackfill {
    /// Without runs.
    pub fn new(row: Backfill, todo: Vec<NextRun>) -> Self {
        Self {
            row,
            waiting: BTreeMap::new(),
            n_running: 0,
            todo,
        }
    }
    /// Whether queued runs stay queued. One that is over holds nothing back, so that its runs can
    /// be cleared.
    pub fn is_paused(&self) -> bool {
        self.row.is_paused && self.row.completed_at.is_none()
    }
    /// Whether all dates are seen to and all runs have ended.
    pub fn is_idle(&self) -> bool {
        self.todo.is_empty() && self.waiting.is_empty() && self.n_running == 0
    }
    /// The next run, when one may start.
    pub fn next(&self, now: Timestamp) -> Option<RunNo> {
        if self.is_paused() || self.n_running >= self.row.max_active_runs {
            return None;
        }
        let mut waiting = self.waiting.iter();
        let due = waiting.find(|(_, run_after)| **run_after <= now);
        due.map(|((_, no), _)| *no)
    }
    /// Counts a run in or out.
    pub fn count(
        &mut self,
        place: (u32, RunNo),
        run_after: Timestamp,
        state: DagRunState,
        is_in: bool,
    ) {
        match state {
            DagRunState::Queued if is_in => drop(self.waiting.insert(place, run_after)),
            DagRunState::Queued => drop(self.waiting.remove(&place)),
            DagRunState::Running if is_in => self.n_running += 1,
            DagRunState::Running => self.n_running = self.n_running.saturating_sub(1),
            DagRunState::Success | DagRunState::Failed => {}
        }
    }
}

impl Live {
    /// A backfill of the book. Its dag must be loaded.
    pub fn load_backfill(&mut self, row: Backfill, view: &dyn View) {
        self.next_backfill = self.next_backfill.max(row.no.saturating_add(1));
        if row.completed_at.is_some() {
            return;
        }
        let todo = dates::left(&row, view);
        let Some(dag) = self.dags.get_mut(&row.dag) else {
            return;
        };
        if row.n_done < row.n_dates {
            self.making.insert((row.no, row.dag));
        }
        dag.backfills.insert(row.no, LiveBackfill::new(row, todo));
    }

    /// Takes in a run of the book that waits in a backfill; false when it is another one, which is
    /// to be loaded with its task instances.
    pub fn load_waiting(&mut self, run: &DagRun, view: &dyn View) -> bool {
        let waits = run.state == DagRunState::Queued && run.run_type == DagRunType::Backfill;
        if !waits || !self.know_backfill(run, view) {
            return false;
        }
        if let Some(dag) = self.dags.get_mut(&run.dag) {
            dag.count(run, run.state, true);
        }
        true
    }

    /// Sees to it that a run's backfill is in memory; false when it has none.
    pub(crate) fn know_backfill(&mut self, run: &DagRun, view: &dyn View) -> bool {
        let (Some((no, _)), Some(dag)) = (run.backfill, self.dags.get_mut(&run.dag)) else {
            return false;
        };
        if let Entry::Vacant(place) = dag.backfills.entry(no) {
            let Some(row) = view.backfill(no) else {
                return false;
            };
            place.insert(LiveBackfill::new(row, Vec::new()));
        }
        true
    }
}
