//! Values that many answers share, as they are written in JSON.

use model::{
    Json, Timestamp,
    state::{DagRunState, DagRunType, TaskInstanceState, TriggeredBy},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, SchemaFormat, schema::Schema, schema::Type},
};

/// A point in time in RFC 3339 and UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At(pub(crate) Timestamp);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Timestamp::parse(&text).map(Self).map_err(D::Error::custom)
    }
}

/// A point in time that says its zone: a wall clock's reading alone is refused, as upstream has it.
pub(crate) fn aware<'de, D: Deserializer<'de>>(from: D) -> Result<Option<At>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else {
        return Ok(None);
    };
    let at = Timestamp::parse(&text).map_err(D::Error::custom)?;
    let clock = text.get(10..).unwrap_or("");
    if !clock.contains(['Z', 'z', '+', '-']) {
        let told = format!("`{text}` has no time zone: end it with Z or an offset like +01:00");
        return Err(D::Error::custom(told));
    }
    Ok(Some(At(at)))
}

impl PartialSchema for At {
    fn schema() -> RefOr<Schema> {
        let format = Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(format)
            .build()
            .into()
    }
}

impl ToSchema for At {}

impl From<Timestamp> for At {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

/// The seconds from `start` to `end`, or none while either is absent.
pub(crate) fn duration_s(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<f64> {
    Some(end?.since(start?).as_secs_f64())
}

/// Any JSON value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Any(pub(crate) Json);

impl Any {
    /// A text as it is, anything else as JSON.
    pub(crate) fn into_text(self) -> String {
        match self.0 {
            Json::String(text) => text,
            other @ (Json::Null
            | Json::Bool(_)
            | Json::Number(_)
            | Json::Array(_)
            | Json::Object(_)) => other.to_string(),
        }
    }
}

impl PartialSchema for Any {
    fn schema() -> RefOr<Schema> {
        let any = utoipa::openapi::schema::SchemaType::AnyValue;
        ObjectBuilder::new().schema_type(any).build().into()
    }
}

impl ToSchema for Any {}

macro_rules! words {
    ($(
        $(#[$meta:meta])*
        $name:ident($inner:ty) as $schema:literal $(without $absent:ident)?;
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) $inner);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_str())
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                <$inner>::parse(&text).map(Self).ok_or_else(|| {
                    let all: Vec<&str> = <$inner>::ALL.iter().map(|word| word.as_str()).collect();
                    D::Error::custom(format!("`{text}` is not one of {}", all.join(", ")))
                })
            }
        }
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let all = <$inner>::ALL.iter()$(.filter(|word| **word != <$inner>::$absent))?;
                let all: Vec<&str> = all.map(|word| word.as_str()).collect();
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(all)).build().into()
            }
        }
        impl ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $schema.into()
            }
        }
        impl From<$inner> for $name {
            fn from(inner: $inner) -> Self {
                Self(inner)
            }
        }
    )+};
}

words! {
    /// The state of a run.
    RunState(DagRunState) as "DagRunState";
    /// How a run came to be.
    RunType(DagRunType) as "DagRunType";
    /// Who asked for a run.
    RunTriggeredBy(TriggeredBy) as "DagRunTriggeredByType";
    /// The state of a task instance; `null` is written for none.
    TiState(TaskInstanceState) as "TaskInstanceState" without NoStatus;
}

/// `null` where there is no state yet.
pub(crate) fn ti_state(state: TaskInstanceState) -> Option<TiState> {
    (state != TaskInstanceState::NoStatus).then_some(TiState(state))
}
