//! Declared params of dags and tasks.

use model::{Json, JsonMap, dag::Param};

use super::{
    fields::{Fields, Read},
    plain::plain,
};

const CALLS_FOR: &str = "a list of names with their params";

/// A list of pairs; an object in what Airflow before 2.10 wrote.
pub(super) fn read(fields: &Fields<'_>) -> Read<Vec<Param>> {
    let wrong = || fields.wrong("params", CALLS_FOR);
    match fields.get("params") {
        None => Ok(Vec::new()),
        Some(Json::Array(items)) => {
            let pair = |item: &Json| {
                let [name, value] = item.as_array()?.as_slice() else {
                    return None;
                };
                param(name.as_str()?, value)
            };
            let params = items.iter().map(pair).collect::<Option<_>>();
            params.ok_or_else(wrong)
        }
        Some(Json::Object(map)) => {
            let map = match map.get("__var") {
                Some(Json::Object(inner)) if map.contains_key("__type") => inner,
                Some(_) | None => map,
            };
            let params = map.iter().map(|(name, value)| param(name, value));
            params.collect::<Option<_>>().ok_or_else(wrong)
        }
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => Err(wrong()),
    }
}

fn param(name: &str, value: &Json) -> Option<Param> {
    let name = name.to_owned();
    let Some(words) = value
        .as_object()
        .filter(|words| words.contains_key("__class"))
    else {
        // A bare default.
        return Some(Param {
            name,
            default: Some(plain(value)),
            description: None,
            schema: Json::Object(JsonMap::new()),
            source: None,
        });
    };
    let text = |name: &str| match words.get(name) {
        None | Some(Json::Null) => Some(None),
        Some(value) => value.as_str().map(|text| Some(text.to_owned())),
    };
    let default = words.get("default").filter(|value| {
        let kind = value.get("__type").and_then(Json::as_str);
        kind != Some("arg_not_set")
    });
    let schema = match words.get("schema").map(plain) {
        None | Some(Json::Null) => Json::Object(JsonMap::new()),
        Some(schema) => Some(schema).filter(Json::is_object)?,
    };
    Some(Param {
        name,
        default: default.map(plain),
        description: text("description")?,
        schema,
        source: text("source")?,
    })
}
