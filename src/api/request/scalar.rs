//! Single values in paths and queries.

use model::{
    Timestamp,
    state::{DagRunState, DagRunType, TaskInstanceState},
};
use utoipa::openapi::{
    KnownFormat, ObjectBuilder, SchemaFormat,
    schema::{Schema, Type},
};

/// A value that is written as one word.
pub(crate) trait Scalar: Sized {
    /// FastAPI's word for a value that cannot be read.
    const WRONG: &'static str;
    /// What it should be, after "should be".
    const SHOULD_BE: &'static str;
    /// Reads it.
    fn parse(text: &str) -> Option<Self>;
    /// How it is described.
    fn schema() -> Schema;
}

fn object(schema_type: Type, format: Option<KnownFormat>) -> Schema {
    let format = format.map(SchemaFormat::KnownFormat);
    ObjectBuilder::new()
        .schema_type(schema_type)
        .format(format)
        .build()
        .into()
}

impl Scalar for String {
    const WRONG: &'static str = "string_type";
    const SHOULD_BE: &'static str = "a text";
    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn schema() -> Schema {
        object(Type::String, None)
    }
}

impl Scalar for bool {
    const WRONG: &'static str = "bool_parsing";
    const SHOULD_BE: &'static str = "true or false";
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => Some(true),
            "false" | "0" | "no" | "off" | "f" | "n" => Some(false),
            _ => None,
        }
    }
    fn schema() -> Schema {
        object(Type::Boolean, None)
    }
}

impl Scalar for f64 {
    const WRONG: &'static str = "float_parsing";
    const SHOULD_BE: &'static str = "a number";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|number: &Self| number.is_finite())
    }
    fn schema() -> Schema {
        object(Type::Number, None)
    }
}

macro_rules! integer {
    ($($type:ty: $should_be:literal),+) => {$(
        impl Scalar for $type {
            const WRONG: &'static str = "int_parsing";
            const SHOULD_BE: &'static str = $should_be;
            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            fn schema() -> Schema {
                object(Type::Integer, None)
            }
        }
    )+};
}
integer!(i32: "a whole number", u32: "a whole number from 0", u64: "a whole number from 0");

impl Scalar for Timestamp {
    const WRONG: &'static str = "datetime_parsing";
    const SHOULD_BE: &'static str = "a date and time in ISO 8601";
    fn parse(text: &str) -> Option<Self> {
        // A `+` that was not escaped arrives as a blank.
        Self::parse(&text.replace(' ', "+"))
            .or_else(|_| Self::parse(text))
            .ok()
    }
    fn schema() -> Schema {
        object(Type::String, Some(KnownFormat::DateTime))
    }
}

/// An enumeration of words.
fn words<'a>(all: impl Iterator<Item = &'a str>) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(all))
        .build()
        .into()
}

impl Scalar for DagRunState {
    const WRONG: &'static str = "enum";
    const SHOULD_BE: &'static str = "queued, running, success or failed";
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
    fn schema() -> Schema {
        words(Self::ALL.iter().map(|state| state.as_str()))
    }
}

impl Scalar for DagRunType {
    const WRONG: &'static str = "enum";
    const SHOULD_BE: &'static str =
        "backfill, scheduled, manual, operator_triggered, asset_triggered or asset_materialization";
    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
    fn schema() -> Schema {
        words(Self::ALL.iter().map(|kind| kind.as_str()))
    }
}

/// `null`, `none` and `no_status` all mean that there is no state yet.
impl Scalar for TaskInstanceState {
    const WRONG: &'static str = "enum";
    const SHOULD_BE: &'static str = "one of the states of a task instance, or `no_status`";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "null" | "none" | "None" => Some(Self::NoStatus),
            other => Self::parse(other),
        }
    }
    fn schema() -> Schema {
        object(Type::String, None)
    }
}

/// Whether any or all of several must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MatchMode {
    /// One is enough.
    Any,
    /// All must.
    All,
}

impl Scalar for MatchMode {
    const WRONG: &'static str = "literal_error";
    const SHOULD_BE: &'static str = "any or all";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "any" => Some(Self::Any),
            "all" => Some(Self::All),
            _ => None,
        }
    }
    fn schema() -> Schema {
        words(["any", "all"].into_iter())
    }
}
