//! The scheduler's decisions: what runs, when, and why not.
//!
//! Time and everything from outside are arguments; what follows is returned as changes to the book
//! and effects to carry out once the book has them.
//!
//! Invariant: nothing here reads a clock, a file, the environment or chance, waits or logs.
//! Invariant: nothing here is known that the book does not say; losing `Live` loses no work.
//! Invariant: nothing but `live::state` writes the state of a task instance.

mod live;
pub mod timetable;
mod view;

pub use live::{Drained, Live, Options, PoolUsage, Touched};
pub use view::View;

use model::{
    Timestamp,
    command::{Command, Reply},
    report::Report,
};

/// Derives effects, timers and counters again after loading.
pub fn recover(_live: &mut Live, _view: &dyn View, _now: Timestamp) {}

/// Answers one command.
pub fn decide(_live: &mut Live, _view: &dyn View, _command: Command, _now: Timestamp) -> Reply {
    Reply::Done
}

/// Takes in word of a try; false when its fence is stale and it was dropped.
pub fn report(_live: &mut Live, _view: &dyn View, _report: Report, _now: Timestamp) -> bool {
    false
}

/// Does what is due: timers, new runs, promotion, readiness and the critical section.
pub fn step(_live: &mut Live, _view: &dyn View, _now: Timestamp) {}

/// Hands over what has changed and what is to be done since the last call.
pub fn drain(_live: &mut Live) -> Drained {
    Drained::default()
}
