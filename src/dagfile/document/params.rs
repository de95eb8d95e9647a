//! `params`: names with defaults, or with a declaration in the words of JSON Schema.

use model::{Json, JsonMap, dag::Param};

use super::{fields::SHAPE, reader::Reader};
use crate::yaml::{Entry, Node, Value};

const TYPES: [&str; 7] = [
    "null", "boolean", "integer", "number", "string", "array", "object",
];
/// The words that make a mapping a declaration when `type`, `enum` or `const` is among them, or a
/// `schema` beside a default.
const WORDS: &[&str] = &[
    "default",
    "value",
    "description",
    "description_md",
    "title",
    "type",
    "enum",
    "const",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "prefixItems",
    "properties",
    "required",
    "additionalProperties",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "examples",
    "section",
    "values_display",
    "source",
    "custom_html_form",
    "schema",
];

/// Reads the params, in order.
pub(super) fn read(node: Option<&Node>, reader: &mut Reader<'_>) -> Vec<Param> {
    match node.map(|node| (&node.value, node.at)) {
        None | Some((Value::Null, _)) => Vec::new(),
        Some((Value::Map(entries), _)) => entries.iter().map(param).collect(),
        Some((
            Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Time(_)
            | Value::Text(_)
            | Value::List(_),
            at,
        )) => {
            let message = "`params` must be a mapping of names to defaults";
            reader.problems.add(SHAPE, at, message);
            Vec::new()
        }
    }
}

fn param(entry: &Entry) -> Param {
    let name = entry.key.clone();
    let value = entry.node.to_json();
    if let Json::Object(words) = &value
        && is_declaration(words)
    {
        return declared(name, words.clone());
    }
    Param {
        name,
        default: Some(value),
        description: None,
        schema: Json::Object(JsonMap::new()),
        source: None,
    }
}

/// A mapping is a plain default unless it can only be meant as a declaration.
fn is_declaration(words: &JsonMap) -> bool {
    let is_type = |value: &Json| value.as_str().is_some_and(|text| TYPES.contains(&text));
    let typed = words
        .get("type")
        .is_some_and(|value| match value.as_array() {
            Some(types) => !types.is_empty() && types.iter().all(is_type),
            None => is_type(value),
        });
    let listed = words.get("enum").is_some_and(Json::is_array) || words.contains_key("const");
    let apart = words.get("schema").is_some_and(Json::is_object)
        && (words.contains_key("default") || words.contains_key("value"));
    (typed || listed || apart) && words.keys().all(|key| WORDS.contains(&key.as_str()))
}

fn declared(name: String, mut words: JsonMap) -> Param {
    let default = words
        .shift_remove("default")
        .or_else(|| words.shift_remove("value"));
    let description = match words.shift_remove("description") {
        Some(Json::String(text)) => Some(text),
        Some(_) | None => None,
    };
    if let Some(Json::Object(more)) = words.shift_remove("schema") {
        words.extend(more);
    }
    Param {
        name,
        default,
        description,
        schema: Json::Object(words),
        source: None,
    }
}
