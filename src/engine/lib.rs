//! The scheduler's decisions: what runs, when, and why not.
//!
//! Time and everything from outside are arguments; what follows is returned as changes to the book
//! and effects to carry out once the book has them. [`decide`] answers commands, [`report`] takes
//! in word of tries, [`step`] does what is due, [`drain`] hands over what follows from all of it.
//!
//! Invariant: nothing here reads a clock, a file, the environment or chance, waits or logs.
//! Invariant: nothing here is known that the book does not say; losing `Live` loses no work.
//! Invariant: nothing but `live::state` writes the state of a task instance.
//! Invariant: nothing that one task's end costs grows with the number of runs, or of its siblings.

mod assets;
mod attempt;
mod audit;
mod backfill;
mod callbacks;
mod critical;
mod dags;
mod deadlines;
mod decide;
mod disk;
mod drain;
mod evaluate;
pub mod invariants;
mod live;
mod months;
mod options;
pub mod partition;
mod plan;
mod pools;
mod publish;
mod reasons;
mod recover;
mod refusals;
mod rules;
mod run;
mod step;
pub mod timetable;
mod values;
mod view;

#[cfg(test)]
mod tests;

pub use backfill::dry_run as backfill_dry_run;
pub use decide::decide;
pub use drain::{Drained, Touched, drain};
pub use evaluate::custom as custom_timetable;
pub use live::{Live, pools::PoolUsage};
pub use options::Options;
pub use recover::recover;
pub use run::next::allows as allows_run_type;
pub use step::step;
pub use view::View;

use model::{Timestamp, report::Report};

/// Takes in word of a try; false when its fence is stale and it was dropped.
pub fn report(live: &mut Live, view: &dyn View, report: Report, now: Timestamp) -> bool {
    attempt::report::report(&mut live::Cx { live, view, now }, report)
}
