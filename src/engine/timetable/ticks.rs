//! Where the ticks of a schedule lie, whatever makes them.

use model::Timestamp;
use model::schedule::Delta;

use super::cron::Cron;
use super::zone::Zone;
use super::{TimetableError, delta};

/// A source of ticks. Every answer is none where no tick follows within the years that can be told.
pub(super) enum Ticks {
    /// A cron on the clocks of a zone.
    Cron(Cron, Zone),
    /// A distance, from wherever one stands.
    Delta(Delta),
}

impl Ticks {
    /// A cron's ticks.
    ///
    /// # Errors
    /// When the expression is none, or the zone is unknown.
    pub(super) fn cron(expression: &str, timezone: &str) -> Result<Self, TimetableError> {
        Ok(Self::Cron(Cron::parse(expression)?, Zone::find(timezone)?))
    }

    /// The first tick after `at`.
    pub(super) fn next(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron, zone) => {
                let local = zone.local(at);
                settle(cron, zone, at, local, cron.next(local)?)
            }
            Self::Delta(distance) => delta::add(at, distance),
        }
    }

    /// The last tick before `at`.
    pub(super) fn prev(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron, zone) => {
                let local = zone.local(at);
                settle(cron, zone, at, local, cron.prev(local)?)
            }
            Self::Delta(distance) => delta::subtract(at, distance),
        }
    }

    /// `at` when it is a tick, else the next one. For a distance every moment is one.
    pub(super) fn align_next(&self, at: Timestamp) -> Option<Timestamp> {
        if matches!(self, Self::Delta(_)) {
            return Some(at);
        }
        let next = self.next(at)?;
        Some(if self.prev(next)? == at { at } else { next })
    }

    /// `at` when it is a tick, else the one before. For a distance every moment is one.
    pub(super) fn align_prev(&self, at: Timestamp) -> Option<Timestamp> {
        if matches!(self, Self::Delta(_)) {
            return Some(at);
        }
        let prev = self.prev(at)?;
        Some(if self.next(prev)? == at { at } else { prev })
    }
}

/// The moment of a tick of which the clock's reading is known. A cron that ticks in every hour
/// keeps the distance to where it was asked from, so that an hour that is lived twice has ticks
/// twice.
fn settle(cron: &Cron, zone: &Zone, at: Timestamp, local: i64, tick: i64) -> Option<Timestamp> {
    if cron.covers_every_hour() {
        Some(Timestamp::from_micros(at.as_micros() + tick - local))
    } else {
        zone.absolute(tick)
    }
}
