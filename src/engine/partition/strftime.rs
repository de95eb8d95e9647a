//! Python's `strftime` on Linux in the C locale.

use jiff::civil::{DateTime, Weekday};

use super::clock::{Clock, offset_text};
use crate::months::MONTHS;

const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// The days' names from Monday, in full.
pub(super) fn days() -> [&'static str; 7] {
    DAYS
}

/// The months' names, in full.
pub(super) fn months() -> [&'static str; 12] {
    MONTHS
}

/// The text of a date. What a directive does not know stays as it is.
pub(super) fn format(clock: &Clock, pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            text.push(c);
            continue;
        }
        let from = rest.as_str();
        let flag = rest.clone().next().filter(|c| matches!(c, '-' | '_' | '0'));
        if flag.is_some() {
            rest.next();
        }
        match rest.next().and_then(|c| directive(clock, c, flag)) {
            Some(of) => text += &of,
            None => {
                text.push('%');
                let until = from.len() - rest.as_str().len();
                text += from.get(..until).unwrap_or_default();
            }
        }
    }
    text
}

fn directive(clock: &Clock, c: char, flag: Option<char>) -> Option<String> {
    let at = clock.shown;
    let number = |value: i64, width: usize| {
        Some(match flag {
            Some('-') => value.to_string(),
            Some('_') => format!("{value:>width$}"),
            _ => format!("{value:0width$}"),
        })
    };
    let spaced = |value: i64| {
        Some(match flag {
            Some('-') => value.to_string(),
            Some('0') => format!("{value:02}"),
            _ => format!("{value:2}"),
        })
    };
    let (year, hour) = (i64::from(at.year()), i64::from(at.hour()));
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let iso = at.date().iso_week_date();
    let sunday_based = i64::from(at.weekday().to_sunday_zero_offset());
    let monday_based = i64::from(at.weekday().to_monday_zero_offset());
    let yday = i64::from(at.day_of_year());
    match c {
        'Y' => number(year, 1),
        'C' => number(year / 100, 2),
        'y' => number(year % 100, 2),
        'G' => number(i64::from(iso.year()), 1),
        'g' => number(i64::from(iso.year()) % 100, 2),
        'm' => number(at.month().into(), 2),
        'd' => number(at.day().into(), 2),
        'e' => spaced(at.day().into()),
        'H' => number(hour, 2),
        'k' => spaced(hour),
        'I' => number(twelve, 2),
        'l' => spaced(twelve),
        'M' => number(at.minute().into(), 2),
        'S' => number(at.second().into(), 2),
        'f' => Some(format!("{:06}", at.subsec_nanosecond() / 1_000)),
        'j' => number(yday, 3),
        'V' => number(iso.week().into(), 2),
        'U' => number((yday + 6 - sunday_based) / 7, 2),
        'W' => number((yday + 6 - monday_based) / 7, 2),
        'w' => number(sunday_based, 1),
        'u' => number(monday_based + 1, 1),
        's' => number(
            Clock::naive(at).moment().as_micros().div_euclid(1_000_000),
            1,
        ),
        _ => words(clock, c),
    }
}

/// The directives that are no numbers.
fn words(clock: &Clock, c: char) -> Option<String> {
    let at = clock.shown;
    let both = |pattern: &str| Some(format(clock, pattern));
    match c {
        'a' => Some(short(day_name(at.weekday()))),
        'A' => Some(day_name(at.weekday()).to_owned()),
        'b' | 'h' => Some(short(month_name(at))),
        'B' => Some(month_name(at).to_owned()),
        'p' => Some(if at.hour() < 12 { "AM" } else { "PM" }.to_owned()),
        'P' => Some(if at.hour() < 12 { "am" } else { "pm" }.to_owned()),
        'z' => Some(
            clock
                .offset()
                .map(|of| offset_text(of, ""))
                .unwrap_or_default(),
        ),
        'Z' => Some(clock.zone_name()),
        'D' | 'x' => both("%m/%d/%y"),
        'F' => both("%Y-%m-%d"),
        'T' | 'X' => both("%H:%M:%S"),
        'R' => both("%H:%M"),
        'r' => both("%I:%M:%S %p"),
        'c' => both("%a %b %e %H:%M:%S %Y"),
        'n' => Some("\n".to_owned()),
        't' => Some("\t".to_owned()),
        '%' => Some("%".to_owned()),
        _ => None,
    }
}

fn day_name(day: Weekday) -> &'static str {
    let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or(0);
    DAYS.get(at).copied().unwrap_or_default()
}

fn month_name(at: DateTime) -> &'static str {
    let at = usize::try_from(at.month() - 1).unwrap_or(0);
    MONTHS.get(at).copied().unwrap_or_default()
}

fn short(name: &str) -> String {
    name.chars().take(3).collect()
}
