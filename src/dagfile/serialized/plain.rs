//! Values without the wrapping of types that JSON has anyway.

use model::{Json, JsonMap};

/// Objects, sets and tuples become objects and lists; what has no form in JSON (times, references)
/// stays wrapped. The input is at most [`super::DEPTH_MAX`] levels deep.
pub(super) fn plain(value: &Json) -> Json {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => value.clone(),
        Json::Array(items) => Json::Array(items.iter().map(plain).collect()),
        Json::Object(map) => match (map.get("__type").and_then(Json::as_str), map.get("__var")) {
            (Some("dict" | "set" | "tuple"), Some(inner)) => match inner {
                Json::Object(inner) => Json::Object(entries(inner)),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
                    plain(inner)
                }
            },
            (Some("arg_not_set"), _) => Json::Null,
            (Some(_), Some(_)) => value.clone(),
            (_, _) => Json::Object(entries(map)),
        },
    }
}

fn entries(map: &JsonMap) -> JsonMap {
    let entries = map.iter();
    entries
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect()
}
