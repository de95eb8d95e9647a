//! The life of a try: it becomes ready, starts, waits, ends, and may come again.

pub(crate) mod defer;
pub(crate) mod examine;
pub(crate) mod expand;
pub(crate) mod finish;
pub(crate) mod halt;
pub(crate) mod human;
pub(crate) mod report;
pub(crate) mod retry;
pub(crate) mod skip;
pub(crate) mod start;
pub(crate) mod stuck;
pub(crate) mod transition;

use model::{
    RunNo, reason::Reason, state::TaskInstanceState as State, task_instance::TaskInstance,
};

use crate::live::{Cx, run::LiveRun, state};

pub(crate) use transition::{End, Event, Next};

/// One task instance, by its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct At {
    pub run: RunNo,
    pub at: u32,
}

impl Cx<'_> {
    /// A live run.
    pub fn run(&self, no: RunNo) -> Option<&LiveRun> {
        self.live.runs.get(&no)
    }
    /// A task instance.
    pub fn ti(&self, place: At) -> Option<&TaskInstance> {
        self.run(place.run)?.slot(place.at).map(|slot| &slot.ti)
    }
    /// A task instance, to be changed; its state is changed by `apply` alone.
    pub fn change(&mut self, place: At) -> Option<&mut TaskInstance> {
        let run = self.live.runs.get_mut(&place.run)?;
        run.change(place.at, &mut self.live.dirty)
    }
    /// What the table says; enters the state where it leads to one.
    pub fn apply(&mut self, place: At, event: Event) -> Next {
        let Some(ti) = self.ti(place) else {
            return Next::Refused;
        };
        let next = transition::transition(ti.state, event);
        match next {
            Next::To(to) => state::put(self.live, place.run, place.at, to),
            Next::Same | Next::Refused => {}
        }
        next
    }
    /// Ends a try or an instance that never had one: dates, permission and reason.
    pub fn end(&mut self, place: At, event: Event, reason: Option<Reason>) -> bool {
        let now = self.now;
        if !matches!(self.apply(place, event), Next::To(_)) {
            return false;
        }
        if let Some(ti) = self.change(place) {
            ti.fence = None;
            ti.not_before = None;
            ti.deferral = None;
            ti.reason = reason;
            // Upstream's lists show when something was skipped, too: it began and ended then.
            ti.start_date.get_or_insert(now);
            if ti.end_date.is_none() || ti.end_date < ti.start_date {
                ti.end_date = Some(now);
            }
        }
        true
    }
}

/// Whether a worker, or a trigger, has the instance.
pub(crate) const fn is_held_outside(state: State) -> bool {
    match state {
        State::Queued | State::Running | State::Restarting | State::Deferred => true,
        State::NoStatus
        | State::Removed
        | State::Scheduled
        | State::Success
        | State::Failed
        | State::UpForRetry
        | State::UpForReschedule
        | State::UpstreamFailed
        | State::AwaitingInput
        | State::Skipped => false,
    }
}
