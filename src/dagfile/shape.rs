//! The kinds of value that a key or an argument takes: one word for the importer's check and for
//! the JSON Schema.

use model::{Json, TimeDelta};

use crate::yaml::{Node, Value};

/// What a value must be. Null stands for "as if the key were not there".
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    Text,
    /// Letters, digits, `_`, `-`, `.`, at most 250.
    Id,
    Flag,
    /// A whole number, not below this.
    Whole(i64),
    /// A number, not below this.
    Number(f64),
    /// Seconds, ISO 8601, or `1h30m`.
    Duration,
    /// A date or a point in time in ISO 8601.
    Time,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// One of these words, or a list of them.
    SomeOf(&'static [&'static str]),
    /// A text, or a list of texts.
    Texts,
    /// A whole number, or a list of them.
    Wholes,
    /// A mapping with texts as values; numbers and flags are taken as texts.
    TextMap,
    Map,
    /// A text or a mapping.
    TextOrMap,
    Any,
    /// Read by a function of its own; the name is the schema's definition.
    Own(&'static str),
}

impl Shape {
    /// What it wants, for messages.
    pub fn wants(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Id => "letters, digits, `_`, `-` and `.`, at most 250 of them".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Whole(min) => format!("a whole number, not below {min}"),
            Self::Number(min) => format!("a number, not below {min}"),
            Self::Duration => "seconds or a duration such as `PT5M` or `1h30m`".to_owned(),
            Self::Time => "a time such as `2026-01-31` or `2026-01-31T08:00:00Z`".to_owned(),
            Self::OneOf(words) => format!("one of {}", listed(words)),
            Self::SomeOf(words) => format!("one or a list of {}", listed(words)),
            Self::Texts => "a text or a list of texts".to_owned(),
            Self::Wholes => "a whole number or a list of them".to_owned(),
            Self::TextMap => "a mapping of names to texts".to_owned(),
            Self::Map => "a mapping".to_owned(),
            Self::TextOrMap => "a text or a mapping".to_owned(),
            Self::Own("backoff") => "a factor, not below 0, or true or false".to_owned(),
            Self::Own("weight") => "a whole number".to_owned(),
            Self::Any | Self::Own(_) => "a value".to_owned(),
        }
    }

    /// Whether a value fits. Null fits everything.
    pub fn fits(self, node: &Node) -> bool {
        let value = &node.value;
        if *value == Value::Null {
            return true;
        }
        let word =
            |node: &Node, words: &[&str]| node.text().is_some_and(|text| words.contains(&text));
        match self {
            Self::Text => node.text().is_some(),
            Self::Id => id_of(node).is_some_and(|text| model::id::is_key(&text)),
            Self::Flag => matches!(value, Value::Bool(_)),
            Self::Whole(min) => matches!(value, Value::Int(n) if *n >= min && *n <= WHOLE_MAX),
            Self::Number(min) => number(node).is_some_and(|n| n >= min && n.is_finite()),
            Self::Duration => duration(node).is_some_and(|d| d >= TimeDelta::ZERO),
            Self::Time => time(node, "UTC").is_some(),
            Self::OneOf(words) => word(node, words),
            Self::SomeOf(words) => one_or_all(node, &|node| word(node, words)),
            Self::Texts => one_or_all(node, &|node| node.text().is_some()),
            Self::Wholes => one_or_all(node, &|node| matches!(node.value, Value::Int(_))),
            Self::TextMap => match value {
                Value::Map(entries) => entries.iter().all(|entry| scalar(&entry.node).is_some()),
                Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Time(_)
                | Value::Text(_)
                | Value::List(_) => false,
            },
            Self::Map => matches!(value, Value::Map(_)),
            Self::TextOrMap => matches!(value, Value::Map(_)) || node.text().is_some(),
            Self::Own("backoff") => Self::Flag.fits(node) || Self::Number(0.0).fits(node),
            Self::Own("weight") => matches!(value, Value::Int(_)),
            Self::Any | Self::Own(_) => true,
        }
    }
}

/// Whole numbers end up in 32 bits.
const WHOLE_MAX: i64 = 2_147_483_647;

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

fn one_or_all(node: &Node, ok: &dyn Fn(&Node) -> bool) -> bool {
    match &node.value {
        Value::List(items) => items.iter().all(ok),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Time(_)
        | Value::Text(_)
        | Value::Map(_) => ok(node),
    }
}

/// An id; a bare number is taken as its digits, as people write task ids such as `2026`.
pub(crate) fn id_of(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) | Value::Time(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Float(_) | Value::List(_) | Value::Map(_) => None,
    }
}

/// A scalar as text, as Python's `str` has it.
pub(crate) fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) | Value::Time(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(Json::from(*number).to_string()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

#[allow(clippy::cast_precision_loss)] // Beyond 2^53 nobody counts seconds.
pub(crate) fn number(node: &Node) -> Option<f64> {
    match &node.value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Null
        | Value::Bool(_)
        | Value::Time(_)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_) => None,
    }
}

pub(crate) fn duration(node: &Node) -> Option<TimeDelta> {
    if let Some(seconds) = number(node) {
        return seconds
            .is_finite()
            .then(|| TimeDelta::from_secs_f64(seconds));
    }
    TimeDelta::parse(node.text()?).ok()
}

/// A point in time with the zone that it names itself, if any. Without an offset it is in
/// `timezone`.
pub(crate) fn time(node: &Node, timezone: &str) -> Option<(model::Timestamp, Option<String>)> {
    time_of(node.text()?, timezone)
}

/// The same, from a text.
pub(crate) fn time_of(text: &str, timezone: &str) -> Option<(model::Timestamp, Option<String>)> {
    use jiff::fmt::temporal::{Pieces, PiecesNumericOffset};
    let text = text.trim();
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let pieces = Pieces::parse(text).ok()?;
    let date = pieces.date();
    let civil = date.to_datetime(pieces.time().unwrap_or_else(jiff::civil::Time::midnight));
    let named = pieces.to_time_zone().ok()?;
    let offset = pieces.to_numeric_offset();
    let zulu = pieces.offset() == Some(jiff::fmt::temporal::PiecesOffset::Zulu)
        || matches!(pieces.offset(), Some(jiff::fmt::temporal::PiecesOffset::Numeric(n))
            if PiecesNumericOffset::offset(&n) == jiff::tz::Offset::UTC);
    let zone = match (&named, offset) {
        (Some(zone), _) => zone.clone(),
        (None, Some(offset)) => jiff::tz::TimeZone::fixed(offset),
        (None, None) => zone(timezone)?,
    };
    let at = civil.to_zoned(zone).ok()?.timestamp();
    let own = match (named, offset) {
        (Some(zone), _) => zone.iana_name().map(str::to_owned),
        (None, Some(_)) if zulu => Some("UTC".to_owned()),
        (None, Some(offset)) => Some(minutes(offset)),
        (None, None) => None,
    };
    Some((model::Timestamp::from_jiff(at), own))
}

/// `+02:00`; seconds of an offset are history.
fn minutes(offset: jiff::tz::Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A zone by IANA name or fixed offset (`+02:00`). The names are compiled in.
pub(crate) fn zone(name: &str) -> Option<jiff::tz::TimeZone> {
    if let Ok(zone) = jiff::tz::TimeZone::get(name) {
        return Some(zone);
    }
    let offset = jiff::fmt::temporal::DateTimeParser::new()
        .parse_time_zone(name)
        .ok()?;
    Some(offset)
}
