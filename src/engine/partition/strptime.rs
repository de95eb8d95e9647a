//! Python's `strptime` in the C locale.

use jiff::civil::{Date, ISOWeekDate, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, ToSpan};

use super::clock::Clock;
use super::error::{MapError, value_error};
use super::pattern::{Piece, find};
use super::strftime::{days, months};

/// Reads a key; it has a zone where the pattern reads an offset.
///
/// # Errors
/// When the pattern is none, when the key is not written so, and when there is no such date.
pub(super) fn parse(text: &str, pattern: &str) -> Result<Clock, MapError> {
    let (names, pieces) = compile(pattern)?;
    let Some((found, left)) = find(&pieces, text, false) else {
        let told = format!("time data '{text}' is not of the format '{pattern}'");
        return Err(value_error(told));
    };
    if !left.is_empty() {
        let told = format!("time data '{text}' goes on with '{left}' after '{pattern}'");
        return Err(value_error(told));
    }
    let mut fields = Fields::default();
    for (name, part) in names.iter().zip(found) {
        if let Some(name) = name {
            fields.set(*name, part.trim_start());
        }
    }
    let none = || value_error(format!("time data '{text}' of '{pattern}' is no date"));
    fields.clock().ok_or_else(none)
}

type Compiled = (Vec<Option<char>>, Vec<Piece>);

fn compile(pattern: &str) -> Result<Compiled, MapError> {
    let (mut names, mut pieces): Compiled = Default::default();
    let bad = |c: &str| {
        value_error(format!(
            "'{c}' is a bad directive in the format '{pattern}'"
        ))
    };
    let mut todo: Vec<char> = pattern.chars().rev().collect();
    while let Some(c) = todo.pop() {
        if c.is_whitespace() {
            while todo.last().is_some_and(|c| c.is_whitespace()) {
                todo.pop();
            }
            names.push(None);
            pieces.push(Piece::Blank);
            continue;
        }
        if c != '%' {
            names.push(None);
            pieces.push(Piece::Char { c, any_case: true });
            continue;
        }
        let c = todo.pop().ok_or_else(|| bad("%"))?;
        let longer = match c {
            'c' => "%a %b %d %H:%M:%S %Y",
            'x' => "%m/%d/%y",
            'X' => "%H:%M:%S",
            _ => "",
        };
        if !longer.is_empty() {
            todo.extend(longer.chars().rev());
            continue;
        }
        let piece = directive(c).ok_or_else(|| bad(&c.to_string()))?;
        if c != '%' && names.contains(&Some(c)) {
            return Err(bad(&c.to_string()));
        }
        names.push((c != '%').then_some(c));
        pieces.push(piece);
    }
    Ok((names, pieces))
}

fn directive(c: char) -> Option<Piece> {
    let words = |words: &[&str]| Piece::Word(words.iter().map(|&word| word.to_owned()).collect());
    let shorts = |words: &[&str]| {
        let short = |word: &&str| word.chars().take(3).collect();
        Piece::Word(words.iter().map(short).collect())
    };
    Some(match c {
        'a' => shorts(&days()),
        'A' => words(&days()),
        'b' => shorts(&months()),
        'B' => words(&months()),
        'p' => words(&["AM", "PM"]),
        'd' => Piece::Number {
            least: 1,
            most: 2,
            min: 1,
            max: 31,
            blank: true,
        },
        'f' => Piece::number(6, 0, 999_999),
        'H' => Piece::number(2, 0, 23),
        'I' => Piece::number(2, 1, 12),
        'j' => Piece::number(3, 1, 366),
        'm' => Piece::number(2, 1, 12),
        'M' => Piece::number(2, 0, 59),
        'S' => Piece::number(2, 0, 61),
        'U' | 'W' | 'V' => Piece::number(2, 0, 53),
        'w' => Piece::number(1, 0, 6),
        'u' => Piece::number(1, 1, 7),
        'y' => Piece::digits(2),
        'Y' | 'G' => Piece::digits(4),
        'z' => Piece::Offset,
        'Z' => words(&["UTC", "GMT"]),
        '%' => Piece::Char {
            c: '%',
            any_case: false,
        },
        _ => return None,
    })
}

#[derive(Default)]
struct Fields {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    day_of_year: Option<i16>,
    iso_year: Option<i16>,
    iso_week: Option<i8>,
    /// The week's number, and whether weeks start on Mondays.
    week: Option<(i16, bool)>,
    /// From Monday.
    weekday: Option<i8>,
    hour: i8,
    /// The hour is one of twelve.
    twelve: bool,
    afternoon: bool,
    minute: i8,
    second: i8,
    us: i32,
    offset: Option<Offset>,
}

impl Fields {
    fn set(&mut self, name: char, text: &str) {
        let number: i16 = text.parse().unwrap_or_default();
        let small = i8::try_from(number).unwrap_or_default();
        match name {
            'Y' => self.year = Some(number),
            'y' => self.year = Some(number + if number <= 68 { 2000 } else { 1900 }),
            'G' => self.iso_year = Some(number),
            'm' => self.month = Some(small),
            'B' => self.month = place(&months(), text, usize::MAX).map(|at| at + 1),
            'b' => self.month = place(&months(), text, 3).map(|at| at + 1),
            'd' => self.day = Some(small),
            'j' => self.day_of_year = Some(number),
            'H' => self.hour = small,
            'I' => {
                self.hour = small % 12;
                self.twelve = true;
            }
            'p' => self.afternoon = text.eq_ignore_ascii_case("PM"),
            'M' => self.minute = small,
            'S' => self.second = small,
            'f' => self.us = format!("{text:0<6}").parse().unwrap_or_default(),
            'A' => self.weekday = place(&days(), text, usize::MAX),
            'a' => self.weekday = place(&days(), text, 3),
            'w' => self.weekday = Some((small + 6) % 7),
            'u' => self.weekday = Some(small - 1),
            'U' => self.week = Some((number, false)),
            'W' => self.week = Some((number, true)),
            'V' => self.iso_week = Some(small),
            'z' => self.offset = offset(text),
            _ => {}
        }
    }

    fn clock(&self) -> Option<Clock> {
        let hour = self.hour + if self.twelve && self.afternoon { 12 } else { 0 };
        let time = Time::new(hour, self.minute, self.second, self.us * 1_000).ok()?;
        let date = self.date().filter(|date| date.year() > 0)?;
        let mut clock = Clock::naive(date.to_datetime(time));
        clock.zone = self.offset.map(TimeZone::fixed);
        Some(clock)
    }

    fn date(&self) -> Option<Date> {
        if self.iso_year.is_some() != self.iso_week.is_some() {
            return None;
        }
        if let (Some(year), Some(week)) = (self.iso_year, self.iso_week) {
            if self.day_of_year.is_some() {
                return None;
            }
            let day = Weekday::from_monday_zero_offset(self.weekday?).ok()?;
            return Some(ISOWeekDate::new(year, week, day).ok()?.date());
        }
        let year = self.year.unwrap_or(1900);
        let in_year = self.day_of_year.or_else(|| self.by_week(year));
        let Some(in_year) = in_year else {
            return Date::new(year, self.month.unwrap_or(1), self.day.unwrap_or(1)).ok();
        };
        let first = Date::new(year, 1, 1).ok()?;
        let days: Span = i64::from(in_year - 1).days();
        first.checked_add(days).ok()
    }

    /// The day of the year of a weekday in a numbered week.
    fn by_week(&self, year: i16) -> Option<i16> {
        let ((week, from_monday), weekday) = (self.week?, self.weekday?);
        let first = Date::new(year, 1, 1).ok()?.weekday();
        let (first, day) = if from_monday {
            (first.to_monday_zero_offset(), weekday)
        } else {
            (first.to_sunday_zero_offset(), (weekday + 1) % 7)
        };
        let (first, day) = (i16::from(first), i16::from(day));
        let before = (7 - first) % 7;
        Some(if week == 0 {
            1 + day - first
        } else {
            1 + before + 7 * (week - 1) + day
        })
    }
}

/// The place of a name of which `letters` count.
fn place(names: &[&str], text: &str, letters: usize) -> Option<i8> {
    let is = |name: &str| {
        let head = name.get(..letters.min(name.len()));
        head.is_some_and(|head| head.eq_ignore_ascii_case(text))
    };
    i8::try_from(names.iter().position(|name| is(name))?).ok()
}

/// The offset; a fraction of a second is dropped.
fn offset(text: &str) -> Option<Offset> {
    if text.eq_ignore_ascii_case("Z") {
        return Some(Offset::UTC);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut digits = text.bytes().filter(u8::is_ascii_digit);
    let mut two = || {
        let (tens, ones) = (digits.next()?, digits.next()?);
        Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
    };
    let (hours, minutes) = (two()?, two()?);
    let seconds = two().unwrap_or(0);
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60 + seconds)).ok()
}
