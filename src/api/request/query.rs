//! Query parameters: read, checked and described from one declaration, so that none of the three
//! can differ from the others. All mistakes of a request are told at once, as FastAPI does.

use std::ops::Deref;

use axum::{extract::FromRequestParts, http::request::Parts};
use model::limits::{PAGE_ENTRIES_DEFAULT, PAGE_ENTRIES_MAX};
use utoipa::openapi::{
    RefOr, Required,
    path::{Parameter, ParameterBuilder, ParameterIn},
    schema::{ArrayBuilder, Schema},
};

use super::Scalar;
use crate::problem::{FieldError, Problem};

/// The query of a request, and what was found wrong with it so far.
pub(crate) struct Asked {
    pairs: Vec<(String, String)>,
    wrong: Vec<FieldError>,
}

impl Asked {
    fn new(query: &str) -> Self {
        Self {
            pairs: decode(query),
            wrong: Vec::new(),
        }
    }
    fn last(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
    fn scalar<T: Scalar>(&mut self, name: &str, text: &str) -> Option<T> {
        let value = T::parse(text);
        if value.is_none() {
            let msg = format!("`{name}` should be {}", T::SHOULD_BE);
            self.wrong
                .push(FieldError::new("query", name, T::WRONG, msg, text));
        }
        value
    }
    fn optional<T: Scalar>(&mut self, name: &str) -> Option<T> {
        let text = self.last(name)?.to_owned();
        self.scalar(name, &text)
    }
}

/// Decodes `a=1&b=x%20y`.
pub(crate) fn decode(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(key, value)| (unescape(key, true), unescape(value, true)))
        .collect()
}

/// Decodes `%XX`, and `+` as a blank where `plus` says so. What is not an escape stays as it is.
pub(crate) fn unescape(text: &str, plus: bool) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let pair = tail
            .get(..2)
            .filter(|pair| *byte == b'%' && pair.is_ascii());
        let value = pair.and_then(|pair| std::str::from_utf8(pair).ok());
        let value = value.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        rest = if value.is_some() {
            tail.get(2..).unwrap_or_default()
        } else {
            tail
        };
        let plain = if plus && *byte == b'+' { b' ' } else { *byte };
        out.push(value.unwrap_or(plain));
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// One parameter, or several that belong together.
pub(crate) trait Reads: Sized {
    /// Reads it; what cannot be read is noted in `asked`.
    fn read(name: &str, asked: &mut Asked) -> Self;
    /// Describes it.
    fn document(name: &str) -> Vec<Parameter>;
}

fn parameter(name: impl Into<String>, schema: Schema) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .schema(Some(schema))
}

impl<T: Scalar> Reads for Option<T> {
    fn read(name: &str, asked: &mut Asked) -> Self {
        asked.optional(name)
    }
    fn document(name: &str) -> Vec<Parameter> {
        vec![parameter(name, T::schema()).build()]
    }
}

impl<T: Scalar> Reads for Vec<T> {
    fn read(name: &str, asked: &mut Asked) -> Self {
        let texts: Vec<String> = asked
            .pairs
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, v)| v.clone())
            .collect();
        texts
            .iter()
            .filter_map(|text| asked.scalar(name, text))
            .collect()
    }
    fn document(name: &str) -> Vec<Parameter> {
        let list = ArrayBuilder::new().items(RefOr::T(T::schema())).build();
        vec![parameter(name, list.into()).build()]
    }
}

/// A parameter that has to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Needed<T>(pub(crate) T);

impl<T: Scalar + Default> Reads for Needed<T> {
    fn read(name: &str, asked: &mut Asked) -> Self {
        if asked.last(name).is_none() {
            let msg = "Field required".to_owned();
            let error = FieldError::new("query", name, "missing", msg, "");
            asked.wrong.push(error);
        }
        Self(asked.optional(name).unwrap_or_default())
    }
    fn document(name: &str) -> Vec<Parameter> {
        let described = parameter(name, T::schema()).required(Required::True);
        vec![described.build()]
    }
}

/// Entries on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) usize);

impl Reads for Limit {
    fn read(name: &str, asked: &mut Asked) -> Self {
        let limit: Option<u32> = asked.optional(name);
        let limit = limit.map_or(PAGE_ENTRIES_DEFAULT, |limit| limit as usize);
        Self(limit.min(PAGE_ENTRIES_MAX))
    }
    fn document(name: &str) -> Vec<Parameter> {
        let text = format!("At most {PAGE_ENTRIES_MAX}; {PAGE_ENTRIES_DEFAULT} when absent.");
        vec![
            parameter(name, u32::schema())
                .description(Some(text))
                .build(),
        ]
    }
}

/// Entries to leave out before the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset(pub(crate) usize);

impl Reads for Offset {
    fn read(name: &str, asked: &mut Asked) -> Self {
        Self(
            asked
                .optional::<u32>(name)
                .map_or(0, |offset| offset as usize),
        )
    }
    fn document(name: &str) -> Vec<Parameter> {
        vec![parameter(name, u32::schema()).build()]
    }
}

/// Attributes to order by, the most important one first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct OrderBy(pub(crate) Vec<(String, bool)>);

impl OrderBy {
    /// From `-start_date`; true means descending.
    pub(crate) fn parse(texts: &[String]) -> Self {
        let parts = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        let key = |part: &str| match part.strip_prefix('-') {
            Some(name) => (name.to_owned(), true),
            None => (part.to_owned(), false),
        };
        Self(parts.map(key).collect())
    }
    /// Says no to an attribute that is not one of `known`.
    pub(crate) fn check(&self, known: &[&str]) -> Result<(), Problem> {
        match self
            .0
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            None => Ok(()),
            Some((name, _)) => Err(Problem::invalid(format!(
                "cannot order by `{name}`; choose one of {}",
                known.join(", ")
            ))),
        }
    }
}

impl Reads for OrderBy {
    fn read(name: &str, asked: &mut Asked) -> Self {
        Self::parse(&Vec::<String>::read(name, asked))
    }
    fn document(name: &str) -> Vec<Parameter> {
        let text = "Attributes, the most important one first; `-` before one means descending.";
        let list = ArrayBuilder::new()
            .items(RefOr::T(String::schema()))
            .build();
        vec![parameter(name, list.into()).description(Some(text)).build()]
    }
}

/// `name_gte`, `name_gt`, `name_lte` and `name_lt`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Range<T> {
    pub(crate) gte: Option<T>,
    pub(crate) gt: Option<T>,
    pub(crate) lte: Option<T>,
    pub(crate) lt: Option<T>,
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self {
            gte: None,
            gt: None,
            lte: None,
            lt: None,
        }
    }
}

impl<T: PartialOrd> Range<T> {
    /// Whether nothing was asked for.
    pub(crate) const fn is_open(&self) -> bool {
        self.gte.is_none() && self.gt.is_none() && self.lte.is_none() && self.lt.is_none()
    }
    /// Whether `value` is inside. What is absent is only inside an open range, as in SQL.
    pub(crate) fn contains(&self, value: Option<&T>) -> bool {
        let Some(value) = value else {
            return self.is_open();
        };
        self.gte.as_ref().is_none_or(|bound| value >= bound)
            && self.gt.as_ref().is_none_or(|bound| value > bound)
            && self.lte.as_ref().is_none_or(|bound| value <= bound)
            && self.lt.as_ref().is_none_or(|bound| value < bound)
    }
}

impl<T: Scalar> Reads for Range<T> {
    fn read(name: &str, asked: &mut Asked) -> Self {
        Self {
            gte: asked.optional(&format!("{name}_gte")),
            gt: asked.optional(&format!("{name}_gt")),
            lte: asked.optional(&format!("{name}_lte")),
            lt: asked.optional(&format!("{name}_lt")),
        }
    }
    fn document(name: &str) -> Vec<Parameter> {
        let ends = ["gte", "gt", "lte", "lt"];
        let one = |end| parameter(format!("{name}_{end}"), T::schema()).build();
        ends.into_iter().map(one).collect()
    }
}

/// `name_pattern` (any case, anywhere, with SQL's `%` and `_`) and `name_prefix_pattern`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Pattern {
    /// What it contains; alternatives are separated by `|`.
    pub(crate) like: Option<String>,
    /// What it begins with; alternatives are separated by `|`.
    pub(crate) prefix: Option<String>,
}

impl Pattern {
    /// Whether nothing was asked for.
    pub(crate) fn is_open(&self) -> bool {
        self.like.is_none() && self.prefix.is_none()
    }
    /// Whether the text matches what was asked for.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let like = self.like.as_deref().is_none_or(|pattern| {
            let text = text.to_lowercase();
            let all = pattern.split('|').map(str::trim);
            all.into_iter()
                .any(|one| like(&format!("%{}%", one.to_lowercase()), &text))
        });
        let prefix = self.prefix.as_deref().is_none_or(|prefixes| {
            prefixes
                .split('|')
                .any(|prefix| text.starts_with(prefix.trim()))
        });
        like && prefix
    }
    /// Whether any of the texts matches.
    pub(crate) fn matches_any<'a>(&self, mut texts: impl Iterator<Item = &'a str>) -> bool {
        self.is_open() || texts.any(|text| self.matches(text))
    }
}

/// SQL's LIKE: `%` is any text, `_` any character, `\` takes the next one as it is. Linear in the
/// pattern times the text, whatever the pattern.
fn like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let mut reached = vec![false; pattern.len() + 1];
    close(&pattern, &mut reached, 0);
    for c in text.chars() {
        let mut next = vec![false; pattern.len() + 1];
        for at in (0..pattern.len()).filter(|at| reached.get(*at) == Some(&true)) {
            match pattern.get(at) {
                Some('%') => close(&pattern, &mut next, at),
                Some('_') => close(&pattern, &mut next, at + 1),
                Some('\\') if pattern.get(at + 1) == Some(&c) => {
                    close(&pattern, &mut next, at + 2);
                }
                Some(plain) if *plain == c => close(&pattern, &mut next, at + 1),
                Some(_) | None => {}
            }
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

/// Notes that `at` is reached, and what follows it over `%`.
fn close(pattern: &[char], reached: &mut [bool], mut at: usize) {
    loop {
        if let Some(place) = reached.get_mut(at) {
            *place = true;
        }
        match pattern.get(at) {
            Some('%') => at += 1,
            Some(_) | None => return,
        }
    }
}

impl Reads for Pattern {
    fn read(name: &str, asked: &mut Asked) -> Self {
        // `~` is upstream's word for everything.
        let all = |text: &String| !matches!(text.as_str(), "~" | "");
        Self {
            like: asked.optional(&format!("{name}_pattern")).filter(all),
            prefix: asked
                .optional(&format!("{name}_prefix_pattern"))
                .filter(all),
        }
    }
    fn document(name: &str) -> Vec<Parameter> {
        let like = "Any case, anywhere in the text; `%` is any text and `_` any character; `|` or.";
        let prefix = "The beginning of the text; `|` or.";
        let one = |end, text: &str| {
            let name = format!("{name}_{end}");
            parameter(name, String::schema())
                .description(Some(text))
                .build()
        };
        vec![one("pattern", like), one("prefix_pattern", prefix)]
    }
}

/// A query that was read without a mistake.
pub(crate) struct Query<T>(pub(crate) T);

/// What a query consists of; implemented by [`query!`].
pub(crate) trait FromQuery: Sized {
    fn from_query(asked: &mut Asked) -> Self;
}

impl<T> Deref for Query<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<S: Sync, T: FromQuery> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut asked = Asked::new(parts.uri.query().unwrap_or_default());
        let value = T::from_query(&mut asked);
        if asked.wrong.is_empty() {
            Ok(Self(value))
        } else {
            Err(Problem::unprocessable(asked.wrong))
        }
    }
}

/// Declares the parameters of an operation: a struct with how to read and how to describe it.
macro_rules! query {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty $(= $default:expr)?,)* }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub(crate) struct $name { $(pub(crate) $field: $type,)* }

        impl $crate::request::FromQuery for $name {
            fn from_query(asked: &mut $crate::request::Asked) -> Self {
                Self {
                    $($field: $crate::request::query!(@read asked, $field, $type $(, $default)?),)*
                }
            }
        }

        impl utoipa::IntoParams for $name {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                let mut all = Vec::new();
                $(all.extend($crate::request::query!(@document $field, $type $(, $default)?));)*
                all
            }
        }
    };
    (@read $asked:ident, $field:ident, $type:ty) => {
        <$type as $crate::request::Reads>::read(stringify!($field), $asked)
    };
    (@read $asked:ident, $field:ident, $type:ty, $default:expr) => {
        <Option<$type> as $crate::request::Reads>::read(stringify!($field), $asked)
            .unwrap_or($default)
    };
    (@document $field:ident, $type:ty) => {
        <$type as $crate::request::Reads>::document(stringify!($field))
    };
    (@document $field:ident, $type:ty, $default:expr) => {
        <Option<$type> as $crate::request::Reads>::document(stringify!($field))
    };
}
pub(crate) use query;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_sqls_and_stay_linear() {
        for (pattern, text, expected) in [
            ("etl", "My_ETL_daily", true),
            ("e_l", "xxetl", true),
            ("a%c", "abbbc", true),
            ("a%d", "abbbc", false),
            ("x|etl", "etl", true),
            ("\\%", "50%", true),
            ("\\%", "50", false),
            ("", "anything", true),
        ] {
            let pattern = Pattern {
                like: Some(pattern.to_owned()),
                prefix: None,
            };
            assert_eq!(pattern.matches(text), expected, "{pattern:?} {text}");
        }
        let evil = Pattern {
            like: Some("%a".repeat(500)),
            prefix: None,
        };
        assert!(!evil.matches(&"a".repeat(400)));
    }

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(unescape("a%2Bb+c%", true), "a+b c%");
        assert_eq!(unescape("%252B", false), "%2B");
        assert_eq!(
            decode("a=1&b&c=x%20y"),
            [
                ("a".to_owned(), "1".to_owned()),
                ("b".to_owned(), String::new()),
                ("c".to_owned(), "x y".to_owned())
            ]
        );
    }

    #[test]
    fn ranges_leave_out_what_is_absent() {
        let range = Range {
            gte: Some(1),
            lt: Some(3),
            ..Range::default()
        };
        let inside: Vec<bool> = [0, 1, 2, 3]
            .iter()
            .map(|n| range.contains(Some(n)))
            .collect();
        assert_eq!(inside, [false, true, true, false]);
        assert!(!range.contains(None) && Range::<i32>::default().contains(None));
    }
}
