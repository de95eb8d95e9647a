//! Mappers from a time to the start of its hour, day, week, month, quarter or year.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::clock::Clock;
use super::error::{ErrorKind, MapError, value_error};
use super::pattern::{Piece, find};
use super::{strftime, strptime};

/// A mapper of times.
#[derive(Clone, Debug, PartialEq)]
pub struct Temporal {
    pub(super) grain: Grain,
    pub(super) zone: TimeZone,
    pub(super) input_format: String,
    pub(super) output_format: String,
    /// How a key of weeks or quarters is read back.
    keys: Vec<(Option<Name>, Piece)>,
}

/// What a named part of a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    /// A `strftime` directive's letter.
    Directive(char),
    /// `{name}`.
    Placeholder(String),
}

/// What a time is the start of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Temporal {
    /// # Errors
    /// When the output format of weeks or quarters cannot be read back: a directive or a
    /// placeholder that is there twice, or one that is no name.
    pub(super) fn new(
        grain: Grain,
        zone: TimeZone,
        input_format: String,
        output_format: String,
    ) -> Result<Self, String> {
        let keys = match grain {
            Grain::Week | Grain::Quarter => key_pieces(&output_format, grain)?,
            Grain::Hour | Grain::Day | Grain::Month | Grain::Year => Vec::new(),
        };
        Ok(Self {
            grain,
            zone,
            input_format,
            output_format,
            keys,
        })
    }

    pub(super) fn to_downstream(&self, key: &str) -> Result<String, MapError> {
        let at = strptime::parse(key, &self.input_format)?.in_zone(&self.zone);
        self.format(&self.normalize(&at)?)
    }

    pub(super) fn format(&self, at: &Clock) -> Result<String, MapError> {
        let text = strftime::format(at, &self.output_format);
        if self.grain != Grain::Quarter {
            return Ok(text);
        }
        let quarter = (at.shown.month() - 1) / 3 + 1;
        fill(&text, &quarter.to_string())
    }

    /// The start of what the time is in.
    fn normalize(&self, at: &Clock) -> Result<Clock, MapError> {
        let shown = at.shown;
        let day = |date: Date| at.showing(date.to_datetime(jiff::civil::Time::midnight()));
        let first = |month: i8| {
            let start = Date::new(shown.year(), month, 1);
            start.map_or_else(|_| at.clone(), day)
        };
        Ok(match self.grain {
            Grain::Hour => at.showing(start_of_hour(shown)),
            Grain::Day => day(shown.date()),
            Grain::Week => {
                let days = shown.weekday().to_monday_zero_offset();
                let monday = at.moved((-i64::from(days)).days())?;
                let start = monday
                    .shown
                    .date()
                    .to_datetime(jiff::civil::Time::midnight());
                monday.showing(start)
            }
            Grain::Month => first(shown.month()),
            Grain::Quarter => first((shown.month() - 1) / 3 * 3 + 1),
            Grain::Year => first(1),
        })
    }

    /// What a downstream key is the name of.
    pub(super) fn decode_downstream(&self, key: &str) -> Result<Clock, MapError> {
        if self.keys.is_empty() {
            return strptime::parse(key, &self.output_format);
        }
        let needs = if self.grain == Grain::Week {
            "the directives %Y, %m and %d"
        } else {
            "the directive %Y and the placeholder {quarter}"
        };
        let unread = || {
            value_error(format!(
                "'{key}' cannot be read back by the output format '{}', which needs {needs}",
                self.output_format
            ))
        };
        let (names, pieces): (Vec<_>, Vec<_>) = self.keys.iter().cloned().unzip();
        let (found, _) = find(&pieces, key, true).ok_or_else(unread)?;
        let number = |name: &Name| {
            let at = names.iter().position(|of| of.as_ref() == Some(name))?;
            found.get(at)?.parse::<i16>().ok()
        };
        let directive = |c: char| number(&Name::Directive(c)).ok_or_else(unread);
        let small = |number: i16| i8::try_from(number).unwrap_or(0);
        let year = directive('Y')?;
        if self.grain == Grain::Week {
            return Clock::day(year, small(directive('m')?), small(directive('d')?));
        }
        let quarter = number(&Name::Placeholder("quarter".to_owned())).ok_or_else(unread)?;
        Clock::day(year, (small(quarter) - 1) * 3 + 1, 1)
    }

    pub(super) fn partition_date(&self, key: &str) -> Result<Clock, MapError> {
        let anchor = self.normalize(&self.decode_downstream(key)?)?;
        Ok(if anchor.zone.is_some() {
            anchor
        } else {
            anchor.in_zone(&self.zone)
        })
    }

    /// The key under which an upstream names this time.
    pub(super) fn encode_upstream(&self, at: &Clock) -> String {
        let naive = match at.zone {
            Some(_) => at.in_zone(&self.zone).without_zone(),
            None => at.clone(),
        };
        strftime::format(&naive.in_zone(&self.zone), &self.input_format)
    }
}

fn start_of_hour(shown: DateTime) -> DateTime {
    shown.date().at(shown.hour(), 0, 0, 0)
}

/// Python's `str.format` with the one name that there is.
fn fill(text: &str, quarter: &str) -> Result<String, MapError> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (head, tail) = rest.split_at(at);
        filled += head;
        let twice = ["{{", "}}"]
            .into_iter()
            .find(|twice| tail.starts_with(twice));
        if let Some(twice) = twice {
            filled += twice.get(1..).unwrap_or_default();
            rest = tail.get(2..).unwrap_or_default();
            continue;
        }
        let odd = || value_error(format!("single brace in the output format '{text}'"));
        let inner = tail.strip_prefix('{').ok_or_else(odd)?;
        let (name, after) = inner.split_once('}').ok_or_else(odd)?;
        if name != "quarter" {
            return Err(ErrorKind::Key.error(format!("'{name}'")));
        }
        filled += quarter;
        rest = after;
    }
    Ok(filled + rest)
}

type Keys = Vec<(Option<Name>, Piece)>;

fn key_pieces(format: &str, grain: Grain) -> Result<Keys, String> {
    let mut keys: Keys = Vec::new();
    let mut after_letters = false;
    let mut rest = format;
    while let Some(c) = rest.chars().next() {
        let named = named_piece(rest, grain)?;
        let (name, piece, length) = named.unwrap_or_else(|| {
            let literal = Piece::Char { c, any_case: false };
            (None, literal, c.len_utf8())
        });
        if name.is_some() && keys.iter().any(|(of, _)| *of == name) {
            let twice = rest.get(..length).unwrap_or_default();
            return Err(format!("the output format '{format}' has '{twice}' twice"));
        }
        let letters = piece == Piece::Letters;
        if letters && after_letters {
            return Err(format!(
                "the output format '{format}' has two placeholders with nothing between them"
            ));
        }
        after_letters = letters;
        keys.push((name, piece));
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(keys)
}

/// A directive or a placeholder at the start of a format, and its length in bytes.
fn named_piece(rest: &str, grain: Grain) -> Result<Option<(Option<Name>, Piece, usize)>, String> {
    if let Some(c) = rest.strip_prefix('%').and_then(|rest| rest.chars().next()) {
        let digits = match c {
            'Y' => 4,
            'm' | 'd' | 'H' | 'M' | 'S' | 'V' | 'U' | 'W' => 2,
            _ => return Ok(None),
        };
        let name = Some(Name::Directive(c));
        return Ok(Some((name, Piece::digits(digits), 2)));
    }
    let inner = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let Some((name, _)) = inner else {
        return Ok(None);
    };
    let starts = |c: char| c.is_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_alphanumeric() || c == '_';
    if !name.starts_with(starts) || !name.chars().all(goes_on) {
        return Err(format!(
            "'{{{name}}}' in an output format is no placeholder's name"
        ));
    }
    let piece = if name == "quarter" && grain == Grain::Quarter {
        Piece::number(1, 1, 4)
    } else {
        Piece::Letters
    };
    let length = name.len() + 2;
    Ok(Some((
        Some(Name::Placeholder(name.to_owned())),
        piece,
        length,
    )))
}
