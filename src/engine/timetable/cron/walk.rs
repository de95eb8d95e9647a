//! The tick after and the tick before a moment, on a clock without a zone.

use super::calendar::{date_of, day_of, month_length, weekday_of};
use super::{Cron, EITHER_DAY, EVERY_YEAR, LAST_DAY, NTH_WEEKDAY, SECONDS};

/// How far croniter looks before it gives an expression up (`0 0 31 2 *`).
const SEARCH_YEARS_MAX: i64 = 50;
const DAY_S: i64 = 86_400;
const SECOND_US: i64 = 1_000_000;

impl Cron {
    /// The first tick later than `after`, both in microseconds of local time.
    /// None when there is none within fifty years.
    pub(in crate::timetable) fn next(&self, after: i64) -> Option<i64> {
        let unit = self.unit_s();
        let start = (after.div_euclid(unit * SECOND_US) + 1) * unit;
        let (day, second) = (start.div_euclid(DAY_S), start.rem_euclid(DAY_S));
        let (first_year, month, number) = date_of(day);
        if self.days_of(first_year, month) >> number & 1 == 1
            && let Some(second) = self.time_from(second)
        {
            return Some((day * DAY_S + second) * SECOND_US);
        }
        let (mut year, mut month, mut number) = (first_year, month, number + 1);
        while year - first_year <= SEARCH_YEARS_MAX {
            let left = self.days_of(year, month) & u32::MAX.checked_shl(number).unwrap_or(0);
            if left != 0 {
                let day = day_of(year, month, left.trailing_zeros());
                return Some((day * DAY_S + self.time_from(0)?) * SECOND_US);
            }
            number = 1;
            (year, month) = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
        }
        None
    }

    /// The last tick before `before`, both in microseconds of local time.
    /// None when there is none within fifty years.
    pub(in crate::timetable) fn prev(&self, before: i64) -> Option<i64> {
        let unit = self.unit_s();
        let start = (before - 1).div_euclid(unit * SECOND_US) * unit;
        let (day, second) = (start.div_euclid(DAY_S), start.rem_euclid(DAY_S));
        let (first_year, month, number) = date_of(day);
        if self.days_of(first_year, month) >> number & 1 == 1
            && let Some(second) = self.time_until(second)
        {
            return Some((day * DAY_S + second) * SECOND_US);
        }
        let (mut year, mut month, mut below) = (first_year, month, number);
        while first_year - year <= SEARCH_YEARS_MAX {
            let left = self.days_of(year, month)
                & 1_u32.checked_shl(below).map_or(u32::MAX, |bit| bit - 1);
            if let Some(number) = left.checked_ilog2() {
                let day = day_of(year, month, number);
                return Some((day * DAY_S + self.time_until(DAY_S - 1)?) * SECOND_US);
            }
            (year, month) = if month == 1 {
                (year - 1, 12)
            } else {
                (year, month - 1)
            };
            below = 32;
        }
        None
    }

    fn unit_s(&self) -> i64 {
        if self.has(SECONDS) { 1 } else { 60 }
    }

    /// The days of a month that match: bits 1 to 31.
    fn days_of(&self, year: i64, month: u32) -> u32 {
        if u32::from(self.months) >> month & 1 == 0 || !self.has_year(year) {
            return 0;
        }
        let length = month_length(year, month);
        let first_weekday = weekday_of(day_of(year, month, 1));
        let real = u32::MAX >> (31 - length) & !1;
        let by_number = self.by_number(first_weekday, length);
        let by_weekday = self.by_weekday(first_weekday, length);
        let days = if !self.has(EITHER_DAY) {
            by_number & by_weekday
        } else if self.has(NTH_WEEKDAY) {
            // croniter joins by "or" only what its lists of numbers hold; counted weekdays and nearest
            // working days stay conditions on both sides.
            if self.nearest == 0 {
                by_weekday
            } else {
                by_number & by_weekday
            }
        } else if self.nearest != 0 {
            by_number
        } else {
            by_number | by_weekday
        };
        days & real
    }

    fn has_year(&self, year: i64) -> bool {
        if self.has(EVERY_YEAR) {
            return true;
        }
        let Ok(at) = usize::try_from(year - 1970) else {
            return false;
        };
        self.years
            .get(at / 64)
            .is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn by_number(&self, first_weekday: u32, length: u32) -> u32 {
        if self.nearest != 0 {
            return 1 << nearest_working_day(u32::from(self.nearest), first_weekday, length);
        }
        let last = if self.has(LAST_DAY) { 1 << length } else { 0 };
        self.days | last
    }

    fn by_weekday(&self, first_weekday: u32, length: u32) -> u32 {
        let mut days = 0;
        for (weekday, nth) in (0..7_u32).zip(self.nth) {
            let first = (weekday + 7 - first_weekday) % 7 + 1;
            // Bits first, first + 7, ... up to the month's end.
            let all = 0x1020_4081_u64 << first & (u64::MAX >> (63 - length));
            let all = u32::try_from(all & u64::from(u32::MAX)).unwrap_or(0);
            if !self.has(NTH_WEEKDAY) {
                if self.weekdays >> weekday & 1 == 1 {
                    days |= all;
                }
                continue;
            }
            for n in 1..=5 {
                if nth >> n & 1 == 1 {
                    days |= all & 1_u32.checked_shl(first + 7 * (n - 1)).unwrap_or(0);
                }
            }
            if nth & 1 == 1 {
                days |= all.checked_ilog2().map_or(0, |last| 1 << last);
            }
        }
        days
    }

    /// The first matching second of a day at or after `second`.
    fn time_from(&self, second: i64) -> Option<i64> {
        let (hour, minute, second) = split(second);
        let hours = u64::from(self.hours);
        if hours >> hour & 1 == 1 {
            if self.minutes >> minute & 1 == 1
                && let Some(second) = lowest(self.seconds, second)
            {
                return Some(join(hour, minute, second));
            }
            if let Some(minute) = lowest(self.minutes, minute + 1) {
                return Some(join(hour, minute, lowest(self.seconds, 0)?));
            }
        }
        let hour = lowest(hours, hour + 1).filter(|hour| *hour < 24)?;
        Some(join(
            hour,
            lowest(self.minutes, 0)?,
            lowest(self.seconds, 0)?,
        ))
    }

    /// The last matching second of a day at or before `second`.
    fn time_until(&self, second: i64) -> Option<i64> {
        let (hour, minute, second) = split(second);
        let hours = u64::from(self.hours);
        if hours >> hour & 1 == 1 {
            if self.minutes >> minute & 1 == 1
                && let Some(second) = highest(self.seconds, second)
            {
                return Some(join(hour, minute, second));
            }
            if let Some(minute) = minute
                .checked_sub(1)
                .and_then(|at| highest(self.minutes, at))
            {
                return Some(join(hour, minute, highest(self.seconds, 59)?));
            }
        }
        let hour = highest(hours, hour.checked_sub(1)?)?;
        Some(join(
            hour,
            highest(self.minutes, 59)?,
            highest(self.seconds, 59)?,
        ))
    }
}

/// The working day (Monday to Friday) nearest to a day, within the same month.
fn nearest_working_day(day: u32, first_weekday: u32, length: u32) -> u32 {
    let day = day.min(length);
    match (first_weekday + day - 1) % 7 {
        6 if day > 1 => day - 1,
        6 => day + 2,
        0 if day < length => day + 1,
        0 => day - 2,
        _ => day,
    }
}

/// The lowest bit at or above `from`, below 60.
fn lowest(bits: u64, from: u32) -> Option<u32> {
    let left = bits & u64::MAX.checked_shl(from)?;
    (left != 0)
        .then(|| left.trailing_zeros())
        .filter(|at| *at < 60)
}

/// The highest bit at or below `to`, which is below 60.
fn highest(bits: u64, to: u32) -> Option<u32> {
    (bits & (u64::MAX >> (63 - to.min(59)))).checked_ilog2()
}

fn split(second: i64) -> (u32, u32, u32) {
    let second = u32::try_from(second).unwrap_or(0);
    (second / 3_600, second / 60 % 60, second % 60)
}

fn join(hour: u32, minute: u32, second: u32) -> i64 {
    i64::from(hour * 3_600 + minute * 60 + second)
}
