//! How those that something waits for have ended, in numbers of instances.

use model::state::TaskInstanceState as State;

use crate::plan::edges::Kind;

/// Instances by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// success.
    pub success: u32,
    /// failed.
    pub failed: u32,
    /// skipped.
    pub skipped: u32,
    /// `upstream_failed`.
    pub upstream_failed: u32,
    /// removed.
    pub removed: u32,
    /// Setups among the successes.
    pub setup_success: u32,
    /// Setups among the skipped.
    pub setup_skipped: u32,
}

/// Instances in all, and by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub n_tasks: u32,
    /// Setups among them.
    pub n_setups: u32,
    /// How those that have ended did.
    pub counts: Counts,
}

/// All that something waits for, by the way in which it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub direct: Tally,
    /// Indirect setups and the scope of a teardown; most tasks have neither.
    pub scoped: Option<Box<(Tally, Tally)>>,
}

impl Counts {
    /// Finished ones.
    #[must_use]
    pub const fn done(&self) -> u32 {
        self.success + self.failed + self.skipped + self.upstream_failed + self.removed
    }
    /// Counts an instance in (`up`) or out.
    pub(crate) fn count(&mut self, state: State, is_setup: bool, up: bool) {
        let change = |n: &mut u32| *n = if up { *n + 1 } else { n.saturating_sub(1) };
        match state {
            State::Success => {
                change(&mut self.success);
                if is_setup {
                    change(&mut self.setup_success);
                }
            }
            State::Skipped => {
                change(&mut self.skipped);
                if is_setup {
                    change(&mut self.setup_skipped);
                }
            }
            State::Failed => change(&mut self.failed),
            State::UpstreamFailed => change(&mut self.upstream_failed),
            State::Removed => change(&mut self.removed),
            State::NoStatus
            | State::Scheduled
            | State::Queued
            | State::Running
            | State::Restarting
            | State::UpForRetry
            | State::UpForReschedule
            | State::Deferred
            | State::AwaitingInput => {}
        }
    }
    const fn parts(&self) -> [u32; 5] {
        [
            self.success,
            self.failed,
            self.skipped,
            self.upstream_failed,
            self.removed,
        ]
    }
}

impl Tally {
    /// Whether all have ended.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.counts.done() >= self.n_tasks
    }
    /// Adds an instance.
    pub(crate) fn add(&mut self, state: State, is_setup: bool) {
        self.grow(1, is_setup);
        self.counts.count(state, is_setup, true);
    }
    /// Adds instances that have no state yet.
    pub(crate) fn grow(&mut self, n_tasks: u32, is_setup: bool) {
        self.n_tasks += n_tasks;
        self.n_setups += if is_setup { n_tasks } else { 0 };
    }
    /// An instance goes from one state to another. True when that may decide a trigger rule: it is
    /// the first to end so, or the last to end. Rules ask nothing else.
    pub(crate) fn shift(&mut self, from: State, to: State, is_setup: bool) -> bool {
        self.counts.count(from, is_setup, false);
        let before = self.counts.parts();
        self.counts.count(to, is_setup, true);
        let mut parts = before.iter().zip(self.counts.parts());
        let is_first = parts.any(|(before, now)| *before == 0 && now > 0);
        to.is_finished() && (is_first || self.is_done())
    }
    /// Both together.
    #[must_use]
    pub(crate) const fn plus(self, other: Self) -> Self {
        let (a, b) = (self.counts, other.counts);
        Self {
            n_tasks: self.n_tasks + other.n_tasks,
            n_setups: self.n_setups + other.n_setups,
            counts: Counts {
                success: a.success + b.success,
                failed: a.failed + b.failed,
                skipped: a.skipped + b.skipped,
                upstream_failed: a.upstream_failed + b.upstream_failed,
                removed: a.removed + b.removed,
                setup_success: a.setup_success + b.setup_success,
                setup_skipped: a.setup_skipped + b.setup_skipped,
            },
        }
    }
    /// The state of all as one: bad where any is, good where all are.
    pub(crate) const fn state(&self) -> State {
        let counts = &self.counts;
        if counts.failed > 0 {
            State::Failed
        } else if counts.upstream_failed > 0 {
            State::UpstreamFailed
        } else if !self.is_done() {
            State::NoStatus
        } else if counts.success > 0 {
            State::Success
        } else if counts.skipped > 0 {
            State::Skipped
        } else {
            State::Removed
        }
    }
}

impl Seen {
    /// By kind.
    pub fn get(&self, kind: Kind) -> Tally {
        let scoped = self.scoped.as_deref();
        match kind {
            Kind::Direct => self.direct,
            Kind::Setup => scoped.map(|scoped| scoped.0).unwrap_or_default(),
            Kind::Scope => scoped.map(|scoped| scoped.1).unwrap_or_default(),
        }
    }
    /// By kind, to be changed.
    pub fn get_mut(&mut self, kind: Kind) -> &mut Tally {
        match kind {
            Kind::Direct => &mut self.direct,
            Kind::Setup => &mut self.scoped.get_or_insert_default().0,
            Kind::Scope => &mut self.scoped.get_or_insert_default().1,
        }
    }
    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let scoped = match (&self.scoped, &other.scoped) {
            (None, None) => None,
            (Some(_), _) | (None, Some(_)) => {
                let both = |kind| self.get(kind).plus(other.get(kind));
                Some(Box::new((both(Kind::Setup), both(Kind::Scope))))
            }
        };
        Self {
            direct: self.direct.plus(other.direct),
            scoped,
        }
    }
}
