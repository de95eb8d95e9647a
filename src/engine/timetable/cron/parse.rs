//! Reading an expression: five fields, then seconds, then years; croniter's ranges and names.

use model::schedule::preset;

use super::{Cron, EITHER_DAY, EVERY_HOUR, EVERY_YEAR, LAST_DAY, NTH_WEEKDAY, SECONDS};
use crate::timetable::TimetableError;

const HOUR: usize = 1;
const DAY: usize = 2;
const WEEKDAY: usize = 4;
const YEAR: usize = 6;

/// What a field is called, its bounds, and how many values make it the same as `*`.
struct Rules {
    name: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
    first_name: u32,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const fn rules(name: &'static str, low: u32, high: u32) -> Rules {
    Rules {
        name,
        low,
        high,
        names: &[],
        first_name: 0,
    }
}

const FIELDS: [Rules; 7] = [
    rules("minute", 0, 59),
    rules("hour", 0, 23),
    rules("day of month", 1, 31),
    Rules {
        names: &MONTHS,
        first_name: 1,
        ..rules("month", 1, 12)
    },
    Rules {
        names: &WEEKDAYS,
        ..rules("day of week", 0, 6)
    },
    rules("second", 0, 59),
    rules("year", 1970, 2099),
];

impl Cron {
    /// Parses an expression or one of its aliases.
    ///
    /// # Errors
    /// When croniter would refuse it, and for `R` and `H`, whose ticks are a matter of chance.
    pub(in crate::timetable) fn parse(expression: &str) -> Result<Self, TimetableError> {
        let text = expand_alias(expression);
        read(text).map_err(|problem| TimetableError::Cron {
            expression: expression.to_owned(),
            problem,
        })
    }
}

/// The expression that an alias stands for; upstream's presets first, then croniter's own.
pub(super) fn expand_alias(expression: &str) -> &str {
    if let Some(found) = preset(expression) {
        return found;
    }
    if !expression.starts_with('@') {
        return expression;
    }
    match expression.to_ascii_lowercase().as_str() {
        "@midnight" | "@daily" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => expression,
    }
}

/// What a field says.
#[derive(Clone, Copy, Default)]
struct Field {
    /// From the field's lowest value on.
    bits: [u64; 3],
    star: bool,
    last: bool,
    nearest: u8,
    nth: [u8; 7],
}

impl Field {
    fn set(&mut self, rules: &Rules, value: u32) -> Result<(), String> {
        if value < rules.low || value > rules.high {
            return Err(format!(
                "{value} is no {}: it must be between {} and {}",
                rules.name, rules.low, rules.high
            ));
        }
        let at = value - rules.low;
        if let Some(word) = self.bits.get_mut((at / 64) as usize) {
            *word |= 1 << (at % 64);
        }
        Ok(())
    }

    /// How many different things are said, `*` and `L` counted as one each.
    fn count(&self) -> u32 {
        let values: u32 = self.bits.iter().map(|word| word.count_ones()).sum();
        values + u32::from(self.star) + u32::from(self.last)
    }
}

fn read(text: &str) -> Result<Cron, String> {
    let mut words = [""; 7];
    let mut n = 0;
    for word in text.split_ascii_whitespace() {
        if let Some(slot) = words.get_mut(n) {
            *slot = word;
        }
        n += 1;
    }
    if !(5..=7).contains(&n) {
        return Err(format!(
            "it has {n} field{}: write minute, hour, day of month, month and day of week, such as \
             `30 6 * * 1-5`",
            if n == 1 { "" } else { "s" }
        ));
    }
    let mut fields = [Field::default(); 7];
    for ((field, word), rules) in fields.iter_mut().zip(words).zip(&FIELDS).take(n) {
        *field = read_field(rules, word)?;
    }
    let [.., day_word, _, weekday_word, _, _] = words;
    assemble(&fields, n, day_word, weekday_word)
}

fn assemble(
    fields: &[Field; 7],
    n: usize,
    day_word: &str,
    weekday_word: &str,
) -> Result<Cron, String> {
    let [minute, hour, day, month, weekday, second, year] = fields;
    // A field that says all there is means `*`, but a full day field beside a restricted other one
    // keeps its word, since the two are joined by "or".
    let all = |field: &Field, rules: &Rules| field.count() == rules.high - rules.low + 1;
    let day_star = day.star || all(day, &FIELDS[DAY]) && weekday_word.contains('*');
    let weekday_star = weekday.star || all(weekday, &FIELDS[WEEKDAY]) && day_word.contains('*');
    let counted = weekday.nth.iter().any(|nth| *nth != 0);
    let plain = (0..7_u8)
        .zip(weekday.nth)
        .any(|(at, nth)| weekday.bits[0] >> at & 1 == 1 && nth == 0);
    if counted && plain && !all(weekday, &FIELDS[WEEKDAY]) {
        return Err(
            "plain weekdays and those counted in the month (`5#2`, `L5`) do not mix: write two \
                    schedules"
                .to_owned(),
        );
    }
    let mut flags = 0;
    let mut put = |flag: u8, on: bool| flags |= if on { flag } else { 0 };
    put(SECONDS, n > 5);
    put(EITHER_DAY, !day_star && !weekday_star);
    put(
        EVERY_HOUR,
        all(hour, &FIELDS[HOUR]) || hour.star && hour.count() == 1,
    );
    put(LAST_DAY, day.last);
    put(NTH_WEEKDAY, counted);
    put(EVERY_YEAR, n < 7 || year.star || all(year, &FIELDS[YEAR]));
    Ok(Cron {
        seconds: if n > 5 { whole(second, 0) } else { 1 },
        minutes: whole(minute, 0),
        years: year.bits,
        hours: low_half(whole(hour, 0)),
        days: if day_star {
            !1
        } else {
            low_half(day.bits[0] << 1)
        },
        months: (whole(month, 1) & 0x1ffe) as u16,
        weekdays: if weekday_star {
            0x7f
        } else {
            (weekday.bits[0] & 0x7f) as u8
        },
        nth: weekday.nth,
        nearest: day.nearest,
        flags,
    })
}

/// The field's bits moved to where its lowest value is bit `low`; all of them for `*`.
fn whole(field: &Field, low: u32) -> u64 {
    if field.star {
        u64::MAX
    } else {
        field.bits[0] << low
    }
}

#[allow(clippy::cast_possible_truncation)] // Only the low half is wanted.
fn low_half(bits: u64) -> u32 {
    bits as u32
}

fn read_field(rules: &Rules, word: &str) -> Result<Field, String> {
    let mut field = Field::default();
    let lower = word.to_ascii_lowercase();
    if lower.starts_with(['h', 'r']) && is_chance(&lower) {
        return Err(format!(
            "`{word}` leaves the {} to chance: write the {} that you want",
            rules.name, rules.name
        ));
    }
    if lower.contains('?') {
        if lower != "?" {
            return Err(format!("in `{word}`, `?` must stand alone: write `*`"));
        }
        if rules.name != FIELDS[DAY].name && rules.name != FIELDS[WEEKDAY].name {
            return Err(format!(
                "`?` is only for the day of month and of week: write `*` as the {}",
                rules.name
            ));
        }
        field.star = true;
        return Ok(field);
    }
    let n_items = lower.split(',').count();
    for item in lower.split(',') {
        read_item(rules, item, n_items, &mut field).map_err(|problem| {
            if problem.is_empty() {
                unknown(rules, item)
            } else {
                problem
            }
        })?;
    }
    Ok(field)
}

/// `h`, `r(1-5)/2` and the like.
fn is_chance(word: &str) -> bool {
    let rest = word.get(1..).unwrap_or("");
    rest.chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '(' | ')' | '-' | '/'))
}

fn unknown(rules: &Rules, item: &str) -> String {
    let example = rules.names.get(1).map_or_else(String::new, |name| {
        format!(" or names such as `{}`", name.to_ascii_uppercase())
    });
    format!(
        "`{item}` is no {}: write numbers from {} to {}{example}, `1,2`, `1-5`, `*/2` or `*`",
        rules.name, rules.low, rules.high
    )
}

/// Reads one item of a list. An empty error text means that the item makes no sense at all.
fn read_item(rules: &Rules, item: &str, n_items: usize, field: &mut Field) -> Result<(), String> {
    let is_weekday = rules.name == FIELDS[WEEKDAY].name;
    if is_weekday && let Some((what, nth)) = item.split_once('#') {
        return read_counted(rules, what, nth, field);
    }
    if is_weekday && let Some(day) = item.strip_prefix('l').and_then(number) {
        let day = single(rules, day)?;
        field.set(rules, day)?;
        count(field, day, 0);
        return Ok(());
    }
    if rules.name == FIELDS[DAY].name
        && let Some(day) = nearest_weekday(item)
    {
        if n_items > 1 || !(1..=31).contains(&day) {
            return Err(format!(
                "`{}` must stand alone and name a day from 1 to 31",
                item.to_ascii_uppercase()
            ));
        }
        field.nearest = u8::try_from(day).unwrap_or(31);
        return field.set(rules, day);
    }
    if let Some((low, high, step, is_start)) = split_range(rules, item)? {
        let mut wrong = Ok(());
        each(rules, low, high, step, is_start, |value| {
            if wrong.is_ok() {
                wrong = field.set(rules, value);
            }
        });
        return wrong;
    }
    match item {
        "*" => field.star = true,
        "l" if rules.name == FIELDS[DAY].name => field.last = true,
        _ => {
            let value = single(rules, value(rules, item)?)?;
            field.set(rules, value)?;
        }
    }
    Ok(())
}

/// `5#2`, `fri#2`, `mon-wed#1`.
fn read_counted(rules: &Rules, what: &str, nth: &str, field: &mut Field) -> Result<(), String> {
    let nth = number(nth).ok_or_else(String::new)?;
    if !(1..=5).contains(&nth) {
        return Err(format!(
            "`#{nth}`: a weekday comes at most five times a month, write `#1` to `#5`, or `L` before the \
             day for the last one"
        ));
    }
    let mut wrong = Ok(());
    let mut put = |day: u32| match field.set(rules, day) {
        Ok(()) => count(field, day, nth),
        Err(problem) => wrong = Err(problem),
    };
    match what.split_once('-') {
        Some((low, high)) => {
            let place = |name: &str| WEEKDAYS.iter().position(|day| *day == name);
            let (Some(low), Some(high)) = (place(low), place(high)) else {
                return Err(String::new());
            };
            let (low, high) = (low as u32, high as u32);
            each(rules, low, high, 1, false, &mut put);
        }
        None => put(single(rules, value(rules, what)?)?),
    }
    wrong
}

fn count(field: &mut Field, day: u32, nth: u32) {
    if let Some(slot) = field.nth.get_mut(day as usize) {
        *slot |= 1 << nth;
    }
}

/// `15w` or `w15`.
fn nearest_weekday(item: &str) -> Option<u32> {
    number(item.strip_suffix('w').or_else(|| item.strip_prefix('w'))?)
}

/// Digits only. Too large a number is still a number, and out of every range.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

/// A number or a name.
fn value(rules: &Rules, text: &str) -> Result<u32, String> {
    if let Some(value) = number(text) {
        return Ok(value);
    }
    let at = rules.names.iter().position(|name| *name == text);
    at.and_then(|at| u32::try_from(at).ok())
        .map(|at| at + rules.first_name)
        .ok_or_else(String::new)
}

/// Sunday may be written as 7.
fn single(rules: &Rules, value: u32) -> Result<u32, String> {
    let sunday = value == 7 && rules.name == FIELDS[WEEKDAY].name;
    Ok(if sunday { 0 } else { value })
}

/// `a-b`, `a-b/s`, `a/s` and `*/s` as bounds, step, and whether only a start was written.
#[allow(clippy::type_complexity)] // Four numbers that are used at once, in one place.
fn split_range(rules: &Rules, item: &str) -> Result<Option<(u32, u32, u32, bool)>, String> {
    let (span, step) = match item.rsplit_once('/') {
        Some((span, step)) => (span, number(step).ok_or_else(String::new)?),
        None => (item, 1),
    };
    let written_step = span.len() < item.len();
    if step == 0 {
        return Err(format!("`{item}` steps by 0: write a step of 1 or more"));
    }
    let (low, high, is_start) = if let Some((low, high)) = span.split_once('-') {
        let last_day = rules.name == FIELDS[DAY].name && high == "l";
        let high = if last_day { 31 } else { value(rules, high)? };
        (value(rules, low)?, high, false)
    } else if span == "*" && written_step {
        (rules.low, rules.high, false)
    } else if written_step {
        (value(rules, span)?, rules.high, true)
    } else {
        return Ok(None);
    };
    let (low, high) = (single(rules, low)?, single(rules, high)?);
    if low.max(high) > rules.high {
        return Err(format!(
            "`{item}` leaves the {}'s range: write numbers from {} to {}",
            rules.name, rules.low, rules.high
        ));
    }
    Ok(Some((low, high, step, is_start)))
}

/// Every value of a range. A range that goes backwards goes over the end (`fri-mon`), and one that
/// ends where it starts is the whole field, unless only a start was written (`59/15`).
fn each(rules: &Rules, low: u32, high: u32, step: u32, is_start: bool, mut put: impl FnMut(u32)) {
    let (low, high) = match (low == high, is_start) {
        (true, true) => return put(low),
        (true, false) => (rules.low, rules.high),
        (false, _) => (low, high),
    };
    let walk = |from: u32, to: u32, put: &mut dyn FnMut(u32)| {
        let mut at = from;
        while at <= to {
            put(at);
            at = at.saturating_add(step);
        }
    };
    if low < high {
        return walk(low, high, &mut put);
    }
    walk(low, rules.high, &mut put);
    let last = rules.high - (rules.high - low) % step;
    let behind = rules.high - last;
    let length = rules.high - rules.low + 1;
    let over = (last - rules.low).saturating_add(step) > length && behind < step;
    let skip = if over { step - behind } else { 0 };
    walk(rules.low.saturating_add(skip), high, &mut put);
}
