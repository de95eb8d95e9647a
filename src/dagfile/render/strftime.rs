//! Python's `strftime` and `strptime`, and pendulum's tokens.

use jiff::fmt::strtime::{self, BrokenDownTime};
use minijinja::Error;

use super::time::{DateTime, Kind, wrong};

/// `strftime`. What a naive date has no word for (`%z`, `%Z`) is empty, as in Python.
pub(super) fn format(at: &DateTime, pattern: &str) -> Result<String, Error> {
    let mut ours = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            ours.push(c);
            continue;
        }
        match rest.next() {
            // Python's has always six digits.
            Some('f') => ours.push_str("%6f"),
            Some('z' | 'Z') if at.kind != Kind::Aware => {}
            Some('Z') => ours.push_str(&zone_name(at)),
            Some('z') => ours.push_str(&at.offset("")),
            Some(c) => ours.extend(['%', c]),
            None => ours.push_str("%%"),
        }
    }
    strtime::format(&ours, &at.at).map_err(|e| wrong(format!("strftime(`{pattern}`): {e}")))
}

fn zone_name(at: &DateTime) -> String {
    let name = strtime::format("%Z", &at.at).unwrap_or_default();
    name.replace('%', "%%")
}

/// `strptime`; naive unless the pattern reads an offset.
pub(super) fn parse(text: &str, pattern: &str) -> Result<DateTime, Error> {
    let ours = pattern.replace("%f", "%6f");
    let bad = |e: jiff::Error| wrong(format!("`{text}` does not match `{pattern}`: {e}"));
    let mut parsed = BrokenDownTime::parse(&ours, text)
        .or_else(|_| BrokenDownTime::parse(pattern, text))
        .map_err(bad)?;
    // Python's defaults are the first of January 1900, midnight.
    let year = parsed.year().unwrap_or(1900);
    let month = parsed.month().unwrap_or(1);
    let has_day = parsed.day().is_some() || parsed.day_of_year().is_some();
    let offset = parsed.offset();
    parsed.set_offset(None);
    let date = match has_day {
        true => parsed.to_date().map_err(bad)?,
        false => jiff::civil::Date::new(year, month, 1).map_err(bad)?,
    };
    let time = parsed.to_time().unwrap_or(jiff::civil::Time::midnight());
    let civil = date.to_datetime(time);
    match offset {
        None => DateTime::naive(civil),
        Some(offset) => {
            let zone = jiff::tz::TimeZone::fixed(offset);
            let at = civil.to_zoned(zone).map_err(bad)?;
            let kind = Kind::Aware;
            Ok(DateTime { at, kind })
        }
    }
}

/// pendulum's `format('YYYY-MM-DD')`: the tokens people use, text in brackets as it is.
pub(super) fn format_tokens(at: &DateTime, pattern: &str) -> Result<String, Error> {
    const TOKENS: [(&str, &str); 24] = [
        ("YYYY", "%Y"),
        ("YY", "%y"),
        ("MMMM", "%B"),
        ("MMM", "%b"),
        ("MM", "%m"),
        ("M", "%-m"),
        ("DDDD", "%j"),
        ("DD", "%d"),
        ("D", "%-d"),
        ("dddd", "%A"),
        ("ddd", "%a"),
        ("HH", "%H"),
        ("H", "%-H"),
        ("hh", "%I"),
        ("h", "%-I"),
        ("mm", "%M"),
        ("m", "%-M"),
        ("ss", "%S"),
        ("s", "%-S"),
        ("SSSSSS", "%f"),
        ("A", "%p"),
        ("X", "%s"),
        ("ZZ", "%z"),
        ("z", "%Z"),
    ];
    let mut ours = String::new();
    let mut rest = pattern;
    'next: while let Some(c) = rest.chars().next() {
        if let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        {
            ours.push_str(&inside.replace('%', "%%"));
            rest = after;
            continue;
        }
        for (token, directive) in TOKENS {
            if let Some(after) = rest.strip_prefix(token) {
                ours.push_str(directive);
                rest = after;
                continue 'next;
            }
        }
        if c == '%' {
            ours.push('%');
        }
        ours.push(c);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    format(at, &ours)
}
