//! The dates of a backfill.

use model::{
    Timestamp, backfill::Backfill, change::NextRun, limits::BACKFILL_DATES_MAX, schedule::Schedule,
};

use crate::{View, timetable};

/// The runs of a timetable between two dates that are past at `now`, in the order of the backfill;
/// one more than there may be when there are too many.
pub(crate) fn dates(
    schedule: &Schedule,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
    backwards: bool,
) -> Vec<NextRun> {
    let runs = timetable::between(schedule, from, to, now, BACKFILL_DATES_MAX + 1);
    in_order(runs, now, backwards)
}

/// Those that are past, in the order of the backfill.
pub(crate) fn in_order(mut runs: Vec<NextRun>, now: Timestamp, backwards: bool) -> Vec<NextRun> {
    // A partition may be made before its time.
    let is_past = |run: &NextRun| run.data_interval.is_none_or(|of| of.end < now);
    runs.retain(is_past);
    if backwards {
        runs.reverse();
    }
    runs
}

/// What a backfill has not seen to yet, the next date last. Nothing when the version of the dag
/// that says the dates cannot be read.
pub(crate) fn left(row: &Backfill, view: &dyn View) -> Vec<NextRun> {
    if row.n_done >= row.n_dates {
        return Vec::new();
    }
    if !row.dates.is_empty() {
        let left = row.dates.iter().skip(row.n_done as usize);
        return left.rev().cloned().collect();
    }
    let Some(dag) = view.dag(row.dag, row.version) else {
        return Vec::new();
    };
    let span = (row.from_date, row.to_date);
    let all = dates(&dag.schedule, span, row.created_at, row.backwards);
    let mut left: Vec<NextRun> = all.into_iter().skip(row.n_done as usize).collect();
    left.reverse();
    left
}
