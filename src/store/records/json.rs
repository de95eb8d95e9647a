//! JSON as text: postcard does not describe itself, so it cannot hold a value of any kind.

use model::Json;

use crate::error::ReadError;

pub(crate) fn text(json: &Json) -> String {
    json.to_string()
}

pub(crate) fn parse(table: &'static str, text: &str) -> Result<Json, ReadError> {
    serde_json::from_str(text).map_err(|error| ReadError::record(table, error.to_string()))
}
