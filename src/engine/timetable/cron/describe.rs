//! A cron expression as a sentence, word for word as upstream's user interface has it.

use super::Cron;
use super::parse::expand_alias;
use crate::months::MONTHS;

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const NTH: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

/// The expression in words. Empty for what is no expression, has more than five fields, is an alias
/// that only croniter knows, or has no words.
pub(in crate::timetable) fn describe(expression: &str) -> String {
    let text = model::schedule::preset(expression).unwrap_or(expression);
    if Cron::parse(text).is_err() || expand_alias(text) != text {
        return String::new();
    }
    let mut words = text.split_whitespace();
    let mut fields = [""; 5];
    for field in &mut fields {
        *field = words.next().unwrap_or("");
    }
    if words.next().is_some() {
        return String::new();
    }
    let [minute, hour, day, month, weekday] = fields;
    let sentence = if day != "*" && weekday != "*" {
        let by_number = sentence(minute, hour, day, month, "*");
        let by_weekday = sentence(minute, hour, "*", month, weekday);
        by_number.and_then(|by_number| Some(format!("{by_number} (or) {}", by_weekday?)))
    } else {
        sentence(minute, hour, day, month, weekday)
    };
    sentence.unwrap_or_default()
}

fn sentence(minute: &str, hour: &str, day: &str, month: &str, weekday: &str) -> Option<String> {
    let expression = Expression::normalized(minute, hour, day, month, weekday);
    let mut text = expression.time()?;
    text += &expression.day()?;
    text += &expression.weekday()?;
    text += &expression.segment(Part::Month, &expression.month)?;
    for always in [", every minute", ", every hour", ", every day"] {
        text = text.replace(always, "");
    }
    let text = text
        .strip_suffix(", ")
        .or(text.strip_suffix(','))
        .unwrap_or(&text);
    let first = text.chars().next()?;
    Some(first.to_uppercase().chain(text.chars().skip(1)).collect())
}

/// The fields in the forms that have words of their own.
struct Expression {
    minute: String,
    hour: String,
    day: String,
    month: String,
    weekday: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Minute,
    Hour,
    Day,
    Month,
    Weekday,
}

impl Expression {
    fn normalized(minute: &str, hour: &str, day: &str, month: &str, weekday: &str) -> Self {
        let from_first = |field: &str, start: &str| {
            if field.starts_with(start) {
                field.replace(start, "*/")
            } else {
                field.to_owned()
            }
        };
        let minute = from_first(minute, "0/");
        let mut hour = from_first(hour, "0/");
        let day = from_first(&day.replace('?', "*"), "1/");
        let mut month = from_first(month, "1/").to_uppercase();
        for (at, name) in MONTHS.iter().enumerate() {
            let short = name.get(..3).unwrap_or(name).to_uppercase();
            month = month.replace(&short, &(at + 1).to_string());
        }
        let weekday = from_first(&weekday.replace('?', "*"), "1/");
        let mut weekday = sunday_as_zero(&weekday).to_uppercase();
        for (at, name) in WEEKDAYS.iter().enumerate() {
            let short = name.get(..3).unwrap_or(name).to_uppercase();
            weekday = weekday.replace(&short, &at.to_string());
        }
        if !hour.contains(['*', '-', ',', '/']) && minute.contains(['*', '/']) {
            hour = format!("{hour}-{hour}");
        }
        let every = |field: String| {
            if field == "*/1" {
                "*".to_owned()
            } else {
                field
            }
        };
        let until = |field: String, end: &str| match field.split_once('/') {
            Some((start, step)) if !field.contains(['*', '-', ',']) => {
                format!("{start}-{end}/{step}")
            }
            _ => field,
        };
        Self {
            minute: every(minute),
            hour: every(hour),
            day: every(day),
            month: until(every(month), "12"),
            weekday: until(every(weekday), "6"),
        }
    }

    fn time(&self) -> Option<String> {
        let special = |text: &str| text.contains(['/', '-', ',', '*']);
        let (minute, hour) = (&*self.minute, &*self.hour);
        if !special(minute) && !special(hour) {
            return Some(format!("At {}", clock(hour, minute)?));
        }
        if minute.contains('-') && !minute.contains(',') && !special(hour) {
            let (from, to) = minute.split_once('-')?;
            let (from, to) = (clock(hour, from)?, clock(hour, to)?);
            return Some(format!("Every minute between {from} and {to}"));
        }
        if hour.contains(',') && !hour.contains('-') && !special(minute) {
            let hours: Option<Vec<String>> =
                hour.split(',').map(|hour| clock(hour, minute)).collect();
            let hours = hours?;
            let (last, first) = hours.split_last()?;
            return Some(format!("At {} and {last}", first.join(", ")));
        }
        let minutes = self.segment(Part::Minute, minute)?;
        let hours = self.segment(Part::Hour, hour)?;
        let comma = if minutes.is_empty() || hours.is_empty() {
            ""
        } else {
            ", "
        };
        Some(format!("{minutes}{comma}{hours}"))
    }

    fn day(&self) -> Option<String> {
        let day = &*self.day;
        if day == "L" {
            return Some(", on the last day of the month".to_owned());
        }
        if let Some(nearest) = nearest_weekday(day) {
            return Some(match nearest {
                1 => ", on the first weekday of the month".to_owned(),
                _ => format!(", on the weekday nearest day {nearest} of the month"),
            });
        }
        if day == "*" && self.weekday != "*" {
            return Some(String::new());
        }
        self.segment(Part::Day, day)
    }

    fn weekday(&self) -> Option<String> {
        let weekday = &*self.weekday;
        if weekday == "*" {
            return Some(String::new());
        }
        if let Some((days, step)) = weekday.split_once('/')
            && step.bytes().all(|byte| byte.is_ascii_digit())
            && let Some(days) = Self::weekly(days, step)?
        {
            return Some(format!(", every {step} weeks{days}"));
        }
        self.segment(Part::Weekday, weekday)
    }

    /// A step over days of which a week has one at most counts weeks.
    fn weekly(days: &str, step: &str) -> Option<Option<String>> {
        if days.contains(',') {
            let days = list(Part::Weekday, days)?;
            return Some(Some(format!(", only on {days}")));
        }
        let Some((start, end)) = days.split_once('-') else {
            return Some(None);
        };
        let (first, last): (i64, i64) = (start.parse().ok()?, end.parse().ok()?);
        let length = if last == 0 { 7 } else { last } - first + 1;
        if step.parse::<i64>().ok()? < length {
            return Some(None);
        }
        Some(Some(if last == 6 {
            format!(", only on {}", one(Part::Weekday, start)?)
        } else {
            between(Part::Weekday, days, range)?
        }))
    }

    fn segment(&self, part: Part, field: &str) -> Option<String> {
        if field == "*" {
            return Some(match part {
                Part::Minute => "every minute".to_owned(),
                Part::Hour => "every hour".to_owned(),
                Part::Day | Part::Weekday => ", every day".to_owned(),
                Part::Month => String::new(),
            });
        }
        if field.contains(',') {
            return Some(self.wrap(part, field, &list(part, field)?));
        }
        if let Some((span, step)) = field.split_once('/') {
            let step = step.split('/').next()?;
            let text = interval(part, step);
            if span.contains('-') {
                let span = between(part, span, spoken_range)?;
                let comma = if span.starts_with(", ") { "" } else { ", " };
                return Some(format!("{text}{comma}{span}"));
            }
            if span.contains('*') {
                return Some(text);
            }
            let start = self.wrap(part, span, &one(part, span)?).replace(", ", "");
            return Some(format!("{text}, starting {start}"));
        }
        if field.contains('-') {
            return between(part, field, spoken_range);
        }
        Some(self.wrap(part, field, &one(part, field)?))
    }

    /// One value, or a list of them, within its phrase.
    fn wrap(&self, part: Part, field: &str, content: &str) -> String {
        match part {
            Part::Minute => {
                let is_hour_range = self.hour.contains('-') && !self.hour.contains(['/', ',']);
                if field == "0" && !is_hour_range {
                    return String::new();
                }
                format!("at {content} minutes past the hour")
            }
            Part::Hour => format!("at {content}"),
            Part::Day => format!(", on day {content} of the month"),
            Part::Month => format!(", only in {content}"),
            Part::Weekday => {
                if let Some((_, nth)) = field.split_once('#') {
                    let nth: usize = nth.parse().unwrap_or(0);
                    let nth = nth
                        .checked_sub(1)
                        .and_then(|nth| NTH.get(nth))
                        .unwrap_or(&"");
                    format!(", on the {nth} {content} of the month")
                } else if field.contains('L') {
                    format!(", on the last {content} of the month")
                } else {
                    format!(", only on {content}")
                }
            }
        }
    }
}

/// The items of a list, with steps and ranges in words of their own.
fn list(part: Part, field: &str) -> Option<String> {
    let items: Vec<&str> = field.split(',').collect();
    let mut text = String::new();
    for (at, item) in items.iter().enumerate() {
        let is_last = at + 1 == items.len();
        if at > 0 && items.len() > 2 {
            text += if is_last { "," } else { ", " };
        }
        if at > 0 && (is_last || items.len() == 2) {
            text += " and ";
        }
        if let Some((span, step)) = item.split_once('/') {
            let step = interval(part, step.split('/').next()?);
            text += step.strip_prefix(", ").unwrap_or(&step);
            if span.contains('-') {
                text += ", ";
                text += &between(part, span, range)?.replace(", ", "");
            } else if span != "*" {
                // Upstream's words for a start within a list are empty.
                one(part, span)?;
                text += ", ";
            }
        } else if item.contains('-') {
            text += &between(part, item, range)?.replace(", ", "");
        } else {
            text += &one(part, item)?;
        }
    }
    Some(text)
}

/// One value.
fn one(part: Part, text: &str) -> Option<String> {
    let number = |text: &str| text.parse::<usize>().ok();
    Some(match part {
        Part::Minute | Part::Day => text.to_owned(),
        Part::Hour => clock(text, "0")?,
        Part::Month => (*MONTHS.get(number(text)?.checked_sub(1)?)?).to_owned(),
        Part::Weekday => {
            let day = text.split('#').next()?.replace('L', "");
            (*WEEKDAYS.get(number(&day)?)?).to_owned()
        }
    })
}

fn interval(part: Part, step: &str) -> String {
    match part {
        Part::Minute => format!("every {step} minutes"),
        Part::Hour => format!("every {step} hours"),
        Part::Day if step == "1" => ", every day".to_owned(),
        Part::Day => format!(", every {step} days"),
        Part::Month => format!(", every {step} months"),
        Part::Weekday => format!(", every {step} days of the week"),
    }
}

/// Both ends of a range, put into words.
fn between(part: Part, span: &str, words: fn(Part, &str, &str) -> String) -> Option<String> {
    let mut ends = span.split('-');
    let (from, to) = (one(part, ends.next()?)?, one(part, ends.next()?)?);
    Some(words(part, &from, &to.replace(":00", ":59")))
}

fn spoken_range(part: Part, from: &str, to: &str) -> String {
    match part {
        Part::Minute => format!("minutes {from} through {to} past the hour"),
        Part::Hour => format!("between {from} and {to}"),
        Part::Day => format!(", between day {from} and {to} of the month"),
        Part::Month | Part::Weekday => range(part, from, to),
    }
}

fn range(_: Part, from: &str, to: &str) -> String {
    format!(", {from} through {to}")
}

fn clock(hour: &str, minute: &str) -> Option<String> {
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    Some(format!("{hour:02}:{minute:02}"))
}

/// The day of `15W` or `W15`, whatever follows.
fn nearest_weekday(day: &str) -> Option<u32> {
    let end = day.find(|c: char| !c.is_ascii_digit()).unwrap_or(day.len());
    let digits = match day.split_at_checked(end)? {
        ("", rest) => rest.strip_prefix('W')?,
        (digits, rest) if rest.starts_with('W') => digits,
        _ => return None,
    };
    digits.parse().ok()
}

/// A 7 that stands for a day becomes 0; one that counts or steps stays.
fn sunday_as_zero(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut before = ',';
    let mut digits = 0;
    for c in field.chars() {
        let stays = matches!(before, '#' | '/') || digits % 2 == 1;
        text.push(if c == '7' && !stays { '0' } else { c });
        digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
        before = c;
    }
    text
}
