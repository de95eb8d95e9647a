//! Typed reading of properties, with the place in each complaint.

use model::{Json, JsonMap, TimeDelta, Timestamp};

use super::plain::plain;
use crate::ImportError;

/// Not a serialised dag at all.
pub(super) const FORM: &str = "DAG-030";
/// A property with a value that it cannot have.
pub(super) const PROPERTY: &str = "DAG-031";
/// Names that lead nowhere, and rings.
pub(super) const EDGES: &str = "DAG-032";

pub(super) type Read<T> = Result<T, ImportError>;

pub(super) fn wrong(code: &'static str, message: String) -> ImportError {
    ImportError {
        code,
        message,
        line: None,
        column: None,
    }
}

/// The properties of one thing, from the layers that may say them; the first layer wins.
pub(super) struct Fields<'a> {
    /// What they belong to: `the dag`, or a task's or group's id.
    what: &'a str,
    layers: [Option<&'a JsonMap>; 3],
}

impl<'a> Fields<'a> {
    pub(super) const fn new(what: &'a str, own: &'a JsonMap) -> Self {
        Self {
            what,
            layers: [Some(own), None, None],
        }
    }

    pub(super) const fn with_layers(what: &'a str, layers: [Option<&'a JsonMap>; 3]) -> Self {
        Self { what, layers }
    }

    /// The value; none when no layer has it or the first that has it says null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Json> {
        let value = self.layers.iter().flatten().find_map(|map| map.get(name));
        value.filter(|value| !value.is_null())
    }

    pub(super) fn wrong(&self, name: &str, calls_for: &str) -> ImportError {
        let Self { what, .. } = self;
        wrong(PROPERTY, format!("{what}: `{name}` must be {calls_for}"))
    }

    fn read<T>(
        &self,
        name: &str,
        calls_for: &str,
        read: impl FnOnce(&'a Json) -> Option<T>,
    ) -> Read<Option<T>> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(value)),
                None => Err(self.wrong(name, calls_for)),
            },
        }
    }

    pub(super) fn flag(&self, name: &str) -> Read<bool> {
        Ok(self.maybe(name)?.unwrap_or(false))
    }

    pub(super) fn maybe(&self, name: &str) -> Read<Option<bool>> {
        self.read(name, "true or false", Json::as_bool)
    }

    pub(super) fn text(&self, name: &str) -> Read<Option<String>> {
        self.read(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A text that has to be there.
    pub(super) fn needed(&self, name: &str) -> Read<&'a str> {
        let text = self.get(name).and_then(Json::as_str);
        text.filter(|text| !text.is_empty())
            .ok_or_else(|| self.wrong(name, "there, and a text"))
    }

    pub(super) fn texts(&self, name: &str) -> Read<Vec<String>> {
        let texts = self.read(name, "a list of texts", |value| {
            let items = plain(value);
            let items = items.as_array()?.iter();
            items.map(|item| item.as_str().map(str::to_owned)).collect()
        })?;
        Ok(texts.unwrap_or_default())
    }

    pub(super) fn number(&self, name: &str) -> Read<Option<f64>> {
        self.read(name, "a number", Json::as_f64)
    }

    /// A count. Fractions are cut, and what does not fit is the nearest that does.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // `as` saturates.
    pub(super) fn count(&self, name: &str) -> Read<Option<u32>> {
        Ok(self.number(name)?.map(|number| number as u32))
    }

    /// Seconds, bare or typed.
    pub(super) fn span(&self, name: &str) -> Read<Option<TimeDelta>> {
        self.read(name, "a number of seconds", |value| {
            Some(TimeDelta::from_secs_f64(
                typed(value, "timedelta").as_f64()?,
            ))
        })
    }

    /// Seconds since the epoch, bare or typed, or a text in ISO 8601.
    pub(super) fn time(&self, name: &str) -> Read<Option<Timestamp>> {
        self.read(name, "a time in seconds since 1970", |value| {
            let value = typed(value, "datetime");
            match (value.as_f64(), value.as_str()) {
                (Some(seconds), _) => Some(time_of(seconds)),
                (None, Some(text)) => Timestamp::parse(text).ok(),
                (None, None) => None,
            }
        })
    }

    /// An object, bare or typed, without its wrapping.
    pub(super) fn object(&self, name: &str) -> Read<JsonMap> {
        let map = self.read(name, "an object", |value| match plain(value) {
            Json::Object(map) => Some(map),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => None,
        })?;
        Ok(map.unwrap_or_default())
    }

    pub(super) fn list(&self, name: &str) -> Read<&'a [Json]> {
        let items = self.read(name, "a list", |value| value.as_array())?;
        Ok(items.map_or(&[], Vec::as_slice))
    }

    /// What the innermost layer says beyond the names that are known.
    pub(super) fn unknown(&self, known: impl Fn(&str) -> bool) -> JsonMap {
        let own = self.layers.first().copied().flatten();
        let rest = own.into_iter().flatten().filter(|(name, _)| !known(name));
        rest.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }
}

/// The value within a type's wrapping, or the value itself.
pub(super) fn typed<'a>(value: &'a Json, name: &str) -> &'a Json {
    match value.get("__type").and_then(Json::as_str) {
        Some(kind) if kind == name => value.get("__var").unwrap_or(&Json::Null),
        Some(_) | None => value,
    }
}

pub(super) fn time_of(seconds: f64) -> Timestamp {
    let span = TimeDelta::from_secs_f64(seconds);
    Timestamp::from_micros(0).plus(span)
}
