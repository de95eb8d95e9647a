//! A cron expression in croniter's dialect, as bits, and its ticks on a clock without a zone.

mod calendar;
mod describe;
mod parse;
mod walk;

pub(super) use describe::describe;

/// A parsed expression. Small enough to be made anew for each question: it lives on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    /// Bits 0 to 59.
    seconds: u64,
    /// Bits 0 to 59.
    minutes: u64,
    /// Years since 1970, bits 0 to 129.
    years: [u64; 3],
    /// Bits 0 to 23.
    hours: u32,
    /// Bits 1 to 31.
    days: u32,
    /// Bits 1 to 12.
    months: u16,
    /// Bits 0 (Sunday) to 6.
    weekdays: u8,
    /// By weekday: bits 1 to 5 for the n-th of the month, bit 0 for the last.
    nth: [u8; 7],
    /// The day whose nearest working day is meant (`15W`); 0 when none.
    nearest: u8,
    flags: u8,
}

const _: () = assert!(size_of::<Cron>() <= 64);

/// The expression has a field of seconds, so ticks may lie between minutes.
const SECONDS: u8 = 1;
/// A day matches when its number *or* its weekday does.
const EITHER_DAY: u8 = 1 << 1;
/// The field of hours is `*`, or says every hour there is.
const EVERY_HOUR: u8 = 1 << 2;
/// The last day of a month matches.
const LAST_DAY: u8 = 1 << 3;
/// Weekdays count within the month (`5#2`, `L5`).
const NTH_WEEKDAY: u8 = 1 << 4;
/// Every year matches.
const EVERY_YEAR: u8 = 1 << 5;

impl Cron {
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether the clock is followed by distance and not by what it shows, so that no hour is left
    /// out when clocks are changed (upstream's `_covers_every_hour`).
    pub(super) fn covers_every_hour(&self) -> bool {
        self.has(EVERY_HOUR)
    }
}
