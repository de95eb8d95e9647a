//! Ranges of the API as the book's index takes them.

use control::book::TimeRange;
use model::{TimeDelta, Timestamp};

use crate::request::Range;

const US: TimeDelta = TimeDelta::from_micros(1);
const MINUS_US: TimeDelta = TimeDelta::from_micros(-1);

/// Both ends inclusive: points in time are whole microseconds.
pub(crate) fn time_range(range: &Range<Timestamp>) -> TimeRange {
    let from = [range.gte, range.gt.map(|at| at.plus(US))]
        .into_iter()
        .flatten()
        .max();
    let to = [range.lte, range.lt.map(|at| at.plus(MINUS_US))]
        .into_iter()
        .flatten()
        .min();
    TimeRange { from, to }
}
