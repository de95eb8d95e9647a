//! What may happen to a task instance in each state, and where it leads: one total table.

use model::state::TaskInstanceState as State;

/// What happens to a task instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    /// Its dependencies are met.
    Ready,
    /// Its dependencies are met, and there is nothing to run.
    Passed,
    /// Its trigger rule says skip.
    RuledSkipped,
    /// Its trigger rule says upstream failed.
    RuledFailed,
    /// A branch above did not choose it.
    NotChosen,
    /// It got its slots and goes to a worker.
    Queued,
    /// The worker began.
    Started,
    /// The worker ended well.
    Succeeded,
    /// The worker ended badly, and there is no try left.
    Failed,
    /// The worker ended badly, and there is a try left.
    Retried,
    /// It skipped itself.
    SkippedItself,
    /// It waits without a worker.
    Deferred,
    /// It waits for a person without a worker.
    AwaitsInput,
    /// Its dependencies are met, and it waits without having had a worker.
    StartsDeferred,
    /// A worker had it for too long and did not begin.
    Stuck,
    /// It looks again later.
    Rescheduled,
    /// It goes on after a wait.
    Resumed,
    /// The process of a cleared instance is gone, however it ended.
    Gone,
    /// The run ends it: time-out, `fail_fast`, the run was set by hand.
    Stopped(End),
    /// A person set it.
    Marked(End),
    /// A person cleared it.
    Cleared,
    /// Its task is not in the version that the run follows now.
    Removed,
    /// Its task is back.
    Restored,
}

/// Ends that are given from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Success,
    Failed,
    Skipped,
}

/// Where an event leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// To this state.
    To(State),
    /// Nowhere: it has happened already.
    Same,
    /// Nowhere: it cannot happen here.
    Refused,
}

impl End {
    /// As a state.
    pub const fn state(self) -> State {
        match self {
            Self::Success => State::Success,
            Self::Failed => State::Failed,
            Self::Skipped => State::Skipped,
        }
    }
}

/// The table.
pub(crate) const fn transition(state: State, event: Event) -> Next {
    match state {
        State::NoStatus | State::UpForRetry | State::UpForReschedule => waiting(event),
        State::Scheduled => scheduled(event),
        State::Queued => queued(event),
        State::Running => running(event),
        State::Restarting => restarting(event),
        State::Deferred | State::AwaitingInput => deferred(event),
        State::Success => finished(event, State::Success),
        State::Failed => finished(event, State::Failed),
        State::Skipped => finished(event, State::Skipped),
        State::UpstreamFailed => finished(event, State::UpstreamFailed),
        State::Removed => removed(event),
    }
}

const fn waiting(event: Event) -> Next {
    match event {
        Event::Ready => Next::To(State::Scheduled),
        Event::Passed => Next::To(State::Success),
        Event::StartsDeferred => Next::To(State::Deferred),
        Event::RuledSkipped | Event::NotChosen => Next::To(State::Skipped),
        Event::RuledFailed => Next::To(State::UpstreamFailed),
        Event::Stopped(end) | Event::Marked(end) => Next::To(end.state()),
        Event::Cleared => Next::To(State::NoStatus),
        Event::Removed => Next::To(State::Removed),
        Event::Restored => Next::Same,
        Event::Queued
        | Event::Started
        | Event::Succeeded
        | Event::Failed
        | Event::Retried
        | Event::SkippedItself
        | Event::Deferred
        | Event::AwaitsInput
        | Event::Stuck
        | Event::Rescheduled
        | Event::Resumed
        | Event::Gone => Next::Refused,
    }
}

const fn scheduled(event: Event) -> Next {
    match event {
        Event::Queued => Next::To(State::Queued),
        Event::NotChosen => Next::To(State::Skipped),
        Event::Stopped(end) | Event::Marked(end) => Next::To(end.state()),
        Event::Cleared => Next::To(State::NoStatus),
        Event::Removed => Next::To(State::Removed),
        Event::Ready | Event::Restored => Next::Same,
        Event::Passed
        | Event::RuledSkipped
        | Event::RuledFailed
        | Event::Started
        | Event::Succeeded
        | Event::Failed
        | Event::Retried
        | Event::SkippedItself
        | Event::Deferred
        | Event::AwaitsInput
        | Event::StartsDeferred
        | Event::Stuck
        | Event::Rescheduled
        | Event::Resumed
        | Event::Gone => Next::Refused,
    }
}

/// A fast task may end before its start was told, so all that a running one can do is legal here.
const fn queued(event: Event) -> Next {
    match event {
        Event::Started => Next::To(State::Running),
        Event::Stuck => Next::To(State::Scheduled),
        Event::Succeeded => Next::To(State::Success),
        Event::Failed => Next::To(State::Failed),
        Event::Retried => Next::To(State::UpForRetry),
        Event::SkippedItself | Event::NotChosen => Next::To(State::Skipped),
        Event::Deferred => Next::To(State::Deferred),
        Event::AwaitsInput => Next::To(State::AwaitingInput),
        Event::Rescheduled => Next::To(State::UpForReschedule),
        Event::Stopped(end) | Event::Marked(end) => Next::To(end.state()),
        Event::Cleared => Next::To(State::NoStatus),
        Event::Removed => Next::To(State::Removed),
        Event::Queued | Event::Restored => Next::Same,
        Event::Ready
        | Event::StartsDeferred
        | Event::Passed
        | Event::RuledSkipped
        | Event::RuledFailed
        | Event::Resumed
        | Event::Gone => Next::Refused,
    }
}

const fn running(event: Event) -> Next {
    match event {
        Event::Succeeded => Next::To(State::Success),
        Event::Failed => Next::To(State::Failed),
        Event::Retried => Next::To(State::UpForRetry),
        Event::SkippedItself => Next::To(State::Skipped),
        Event::Deferred => Next::To(State::Deferred),
        Event::AwaitsInput => Next::To(State::AwaitingInput),
        Event::Rescheduled => Next::To(State::UpForReschedule),
        Event::Stopped(end) | Event::Marked(end) => Next::To(end.state()),
        Event::Cleared => Next::To(State::Restarting),
        Event::Removed => Next::To(State::Removed),
        Event::Started | Event::Restored => Next::Same,
        Event::Ready
        | Event::StartsDeferred
        | Event::Stuck
        | Event::Passed
        | Event::RuledSkipped
        | Event::RuledFailed
        | Event::NotChosen
        | Event::Queued
        | Event::Resumed
        | Event::Gone => Next::Refused,
    }
}

const fn restarting(event: Event) -> Next {
    match event {
        Event::Gone => Next::To(State::NoStatus),
        Event::NotChosen => Next::To(State::Skipped),
        Event::Stopped(end) | Event::Marked(end) => Next::To(end.state()),
        Event::Removed => Next::To(State::Removed),
        Event::Started | Event::Cleared | Event::Restored => Next::Same,
        Event::Ready
        | Event::Passed
        | Event::RuledSkipped
        | Event::RuledFailed
        | Event::Queued
        | Event::Succeeded
        | Event::Failed
        | Event::Retried
        | Event::SkippedItself
        | Event::Deferred
        | Event::AwaitsInput
        | Event::StartsDeferred
        | Event::Stuck
        | Event::Rescheduled
        | Event::Resumed => Next::Refused,
    }
}

const fn deferred(event: Event) -> Next {
    match event {
        Event::Succeeded => Next::To(State::Success),
        Event::Failed => Next::To(State::Failed),
        Event::Retried => Next::To(State::UpForRetry),
        Event::SkippedItself | Event::NotChosen => Next::To(State::Skipped),
        Event::Resumed => Next::To(State::Scheduled),
        Event::Stopped(end) | Event::Marked(end) => Next::To(end.state()),
        Event::Cleared => Next::To(State::NoStatus),
        Event::Removed => Next::To(State::Removed),
        Event::Deferred | Event::AwaitsInput | Event::Restored => Next::Same,
        Event::Ready
        | Event::StartsDeferred
        | Event::Stuck
        | Event::Passed
        | Event::RuledSkipped
        | Event::RuledFailed
        | Event::Queued
        | Event::Started
        | Event::Rescheduled
        | Event::Gone => Next::Refused,
    }
}

/// Nothing leaves a finished state but a person's word, or the version of the dag.
/// `skip_downstream` overwrites `upstream_failed`, as upstream's does, and nothing else that has
/// ended.
const fn finished(event: Event, state: State) -> Next {
    match event {
        Event::Marked(end) => Next::To(end.state()),
        Event::Cleared => Next::To(State::NoStatus),
        Event::Removed => Next::To(State::Removed),
        Event::NotChosen if matches!(state, State::UpstreamFailed) => Next::To(State::Skipped),
        Event::Restored => Next::Same,
        Event::NotChosen
        | Event::Ready
        | Event::Passed
        | Event::RuledSkipped
        | Event::RuledFailed
        | Event::Queued
        | Event::Started
        | Event::Succeeded
        | Event::Failed
        | Event::Retried
        | Event::SkippedItself
        | Event::Deferred
        | Event::AwaitsInput
        | Event::StartsDeferred
        | Event::Stuck
        | Event::Rescheduled
        | Event::Resumed
        | Event::Gone
        | Event::Stopped(_) => Next::Refused,
    }
}

const fn removed(event: Event) -> Next {
    match event {
        Event::Restored | Event::Cleared => Next::To(State::NoStatus),
        Event::Removed => Next::Same,
        Event::Ready
        | Event::StartsDeferred
        | Event::Stuck
        | Event::Passed
        | Event::RuledSkipped
        | Event::RuledFailed
        | Event::NotChosen
        | Event::Queued
        | Event::Started
        | Event::Succeeded
        | Event::Failed
        | Event::Retried
        | Event::SkippedItself
        | Event::Deferred
        | Event::AwaitsInput
        | Event::Rescheduled
        | Event::Resumed
        | Event::Gone
        | Event::Stopped(_)
        | Event::Marked(_) => Next::Refused,
    }
}

#[cfg(test)]
mod tests;
