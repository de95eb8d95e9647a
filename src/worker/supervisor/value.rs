//! Words of the model as msgpack values and back.

use model::{
    DagId, Json, JsonMap, RunId, TaskId, TimeDelta, Timestamp,
    state::{DagRunState, DagRunType, TaskInstanceState},
};
use rmpv::Value;

/// Where a message is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct Wrong {
    path: String,
    what: &'static str,
}

impl Wrong {
    pub const fn new(what: &'static str) -> Self {
        Self {
            path: String::new(),
            what,
        }
    }

    fn below(mut self, name: &str) -> Self {
        if self.path.is_empty() {
            name.clone_into(&mut self.path);
        } else {
            self.path = format!("{name}.{}", self.path);
        }
        self
    }
}

/// A word that travels.
pub trait Word: Sized {
    /// From the wire.
    fn read(value: &Value) -> Result<Self, Wrong>;
    /// To the wire.
    fn write(&self) -> Value;
    /// What it is when it is not there, or null where it cannot be null.
    fn absent() -> Option<Self> {
        None
    }
}

/// A field of a map.
pub fn get<'a>(map: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = map.as_map()?;
    fields
        .iter()
        .find(|(key, _)| key.as_str() == Some(name))
        .map(|(_, value)| value)
}

/// Reads a field of a map.
pub fn field<T: Word>(map: &Value, name: &str, default: Option<T>) -> Result<T, Wrong> {
    match get(map, name) {
        None => default
            .or_else(T::absent)
            .ok_or_else(|| Wrong::new("is missing").below(name)),
        Some(value) => match T::read(value) {
            Err(_) if value.is_nil() && default.is_some() => {
                default.ok_or(Wrong::new("is missing"))
            }
            other => other.map_err(|wrong| wrong.below(name)),
        },
    }
}

/// A map of named values.
pub fn map<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(
        fields
            .map(|(name, value)| (Value::from(name), value))
            .into(),
    )
}

macro_rules! plain {
    ($($type:ty, $what:literal, $read:expr, $write:expr;)+) => {$(
        impl Word for $type {
            fn read(value: &Value) -> Result<Self, Wrong> {
                let read: fn(&Value) -> Option<Self> = $read;
                read(value).ok_or(Wrong::new($what))
            }
            fn write(&self) -> Value {
                let write: fn(&Self) -> Value = $write;
                write(self)
            }
        }
    )+};
}

fn name<T: for<'a> From<&'a str>>(value: &Value) -> Option<T> {
    value.as_str().map(T::from)
}

plain! {
    String, "is no text", |v| v.as_str().map(ToOwned::to_owned), |s| s.as_str().into();
    DagId, "is no text", name, |s| s.as_str().into();
    RunId, "is no text", name, |s| s.as_str().into();
    TaskId, "is no text", name, |s| s.as_str().into();
    bool, "is not true or false", Value::as_bool, |b| (*b).into();
    i64, "is no whole number", Value::as_i64, |n| (*n).into();
    u64, "is no whole number", Value::as_u64, |n| (*n).into();
    f64, "is no number", Value::as_f64, |n| (*n).into();
    Timestamp, "is no time", time, |at| write_time(*at);
    TimeDelta, "is no duration", |v| Self::parse(v.as_str()?).ok(), |d| d.to_string().into();
    DagRunState, "is no state", |v| Self::parse(v.as_str()?), |s| s.as_str().into();
    DagRunType, "is no run type", |v| Self::parse(v.as_str()?), |s| s.as_str().into();
    TaskInstanceState, "is no state", |v| Self::parse(v.as_str()?), |s| s.as_str().into();
}

impl Word for Json {
    fn read(value: &Value) -> Result<Self, Wrong> {
        Ok(json(value, &|at| Self::from(at.isoformat())))
    }
    fn write(&self) -> Value {
        from_json(self)
    }
    fn absent() -> Option<Self> {
        Some(Self::Null)
    }
}

impl Word for JsonMap {
    fn read(value: &Value) -> Result<Self, Wrong> {
        match Json::read(value)? {
            Json::Object(map) => Ok(map),
            Json::Null => Ok(Self::new()),
            Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                Err(Wrong::new("is no object"))
            }
        }
    }
    fn write(&self) -> Value {
        let pair = |(key, value): (&String, &Json)| (key.as_str().into(), from_json(value));
        Value::Map(self.iter().map(pair).collect())
    }
    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl<T: Word> Word for Option<T> {
    fn read(value: &Value) -> Result<Self, Wrong> {
        if value.is_nil() {
            return Ok(None);
        }
        T::read(value).map(Some)
    }
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Nil, Word::write)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Word> Word for Vec<T> {
    fn read(value: &Value) -> Result<Self, Wrong> {
        match value {
            Value::Nil => Ok(Self::new()),
            Value::Array(items) => items.iter().map(T::read).collect(),
            Value::Boolean(_)
            | Value::Integer(_)
            | Value::F32(_)
            | Value::F64(_)
            | Value::String(_)
            | Value::Binary(_)
            | Value::Map(_)
            | Value::Ext(..) => Err(Wrong::new("is no list")),
        }
    }
    fn write(&self) -> Value {
        Value::Array(self.iter().map(Word::write).collect())
    }
    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl<T: Word> Word for Box<T> {
    fn read(value: &Value) -> Result<Self, Wrong> {
        T::read(value).map(Self::new)
    }
    fn write(&self) -> Value {
        (**self).write()
    }
    fn absent() -> Option<Self> {
        T::absent().map(Self::new)
    }
}

/// Msgpack's own time (extension -1), or ISO 8601.
pub fn time(value: &Value) -> Option<Timestamp> {
    if let Some((-1, bytes)) = value.as_ext() {
        let (secs, nanos) = if let Ok(secs) = <[u8; 4]>::try_from(bytes) {
            (i64::from(u32::from_be_bytes(secs)), 0)
        } else if let Ok(both) = <[u8; 8]>::try_from(bytes) {
            let both = u64::from_be_bytes(both);
            let secs = i64::try_from(both & 0x3_ffff_ffff).ok()?;
            (secs, i64::try_from(both >> 34).ok()?)
        } else {
            let (nanos, secs) = bytes.split_first_chunk::<4>()?;
            let secs = i64::from_be_bytes(secs.try_into().ok()?);
            (secs, i64::from(u32::from_be_bytes(*nanos)))
        };
        let us = secs.checked_mul(1_000_000)?.checked_add(nanos / 1_000)?;
        return Some(Timestamp::from_micros(us));
    }
    Timestamp::parse(value.as_str()?).ok()
}

fn write_time(at: Timestamp) -> Value {
    let us = at.as_micros();
    let (secs, nanos) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000) * 1_000);
    let nanos = u32::try_from(nanos).unwrap_or(0);
    let mut bytes = Vec::with_capacity(12);
    match u64::try_from(secs) {
        Ok(secs) if secs < 1 << 34 => {
            bytes.extend((u64::from(nanos) << 34 | secs).to_be_bytes());
        }
        Ok(_) | Err(_) => {
            bytes.extend(nanos.to_be_bytes());
            bytes.extend(secs.to_be_bytes());
        }
    }
    Value::Ext(-1, bytes)
}

/// Any value as JSON. What JSON has not (NaN, infinities) is null.
pub fn json(value: &Value, at: &dyn Fn(Timestamp) -> Json) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Boolean(b) => Json::from(*b),
        Value::Integer(n) => n
            .as_i64()
            .map(Json::from)
            .or_else(|| n.as_u64().map(Json::from))
            .unwrap_or(Json::Null),
        Value::F32(n) => Json::from(f64::from(*n)),
        Value::F64(n) => Json::from(*n),
        Value::String(text) => Json::from(String::from_utf8_lossy(text.as_bytes())),
        Value::Binary(bytes) => Json::from(String::from_utf8_lossy(bytes)),
        Value::Array(items) => items.iter().map(|item| json(item, at)).collect(),
        Value::Map(pairs) => {
            let pair = |(key, value): &(Value, Value)| {
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                (key, json(value, at))
            };
            Json::Object(pairs.iter().map(pair).collect())
        }
        Value::Ext(..) => time(value).map_or(Json::Null, at),
    }
}

/// JSON as it is.
pub fn from_json(value: &Json) -> Value {
    match value {
        Json::Null => Value::Nil,
        Json::Bool(b) => (*b).into(),
        Json::Number(n) => n
            .as_i64()
            .map(Value::from)
            .or_else(|| n.as_u64().map(Value::from))
            .unwrap_or_else(|| n.as_f64().unwrap_or(0.0).into()),
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Value::Array(items.iter().map(from_json).collect()),
        Json::Object(map) => map.write(),
    }
}
