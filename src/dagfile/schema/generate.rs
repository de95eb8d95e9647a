//! The schema, from the tables of keys and operators.

use model::{Json, JsonMap};
use serde_json::json;

use crate::{
    document::{
        SCHEMA_URL,
        keys::{DAG, Key, TASK},
    },
    operators::{Arg, OPERATORS, Spec},
    shape::Shape,
};

/// The whole schema.
pub(super) fn schema() -> Json {
    let mut definitions = definitions();
    for spec in OPERATORS {
        definitions.insert(format!("with {}", spec.short), with(spec));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Dag",
        "description": "An Airflow dag in YAML: one document, one dag.",
        "type": "object",
        "required": ["dag_id"],
        "properties": properties(DAG),
        "additionalProperties": false,
        "$defs": definitions,
    })
}

fn properties(keys: &[Key]) -> JsonMap {
    let known = keys.iter().filter(|key| !key.is_refused);
    known
        .map(|key| (key.name.to_owned(), described(shape(key.shape), key.doc)))
        .collect()
}

fn described(mut schema: Json, doc: &str) -> Json {
    if let Json::Object(map) = &mut schema {
        map.insert("description".to_owned(), doc.into());
    }
    schema
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{}", name.replace(' ', "%20")) })
}

/// What a shape takes. Null stands for "as if it were not there", except for an id.
fn shape(shape: Shape) -> Json {
    match shape {
        Shape::Text => json!({"type": ["string", "null"]}),
        Shape::Id => json!({"type": ["string", "integer"], "pattern": "^[\\w.-]{1,250}$"}),
        Shape::Flag => json!({"type": ["boolean", "null"]}),
        Shape::Whole(min) => json!({"type": ["integer", "null"], "minimum": min}),
        Shape::Number(min) => json!({"type": ["number", "null"], "minimum": min}),
        Shape::Duration => reference("duration"),
        Shape::Time => reference("time"),
        Shape::OneOf(words) => json!({"enum": words}),
        Shape::SomeOf(words) => json!({
            "anyOf": [{"enum": words}, {"type": "array", "items": {"enum": words}}, {"type": "null"}]
        }),
        Shape::Texts => json!({
            "type": ["string", "array", "null"], "items": {"type": "string"}
        }),
        Shape::Wholes => json!({
            "type": ["integer", "array", "null"], "items": {"type": "integer"}
        }),
        Shape::TextMap => json!({
            "type": ["object", "null"],
            "additionalProperties": {"type": ["string", "number", "boolean"]}
        }),
        Shape::Map => json!({"type": ["object", "null"]}),
        Shape::TextOrMap => json!({"type": ["string", "object", "null"]}),
        Shape::Any => json!({}),
        Shape::Own(name) => own(name),
    }
}

fn own(name: &str) -> Json {
    match name {
        "schema_url" => json!({"const": SCHEMA_URL}),
        "uses" => json!({
            "anyOf": [
                {"enum": OPERATORS.iter().map(|spec| spec.short).collect::<Vec<_>>()},
                {"enum": OPERATORS.iter().map(|spec| spec.class).collect::<Vec<_>>()},
                {"type": "string", "pattern": "^[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)+$"},
                {"type": "null"},
            ]
        }),
        "with" => json!({
            "type": ["object", "null"], "additionalProperties": reference("value")
        }),
        "needs" => json!({
            "type": ["string", "integer", "array", "null"],
            "items": {"type": ["string", "integer"]},
            "examples": [["extract", "transform"]]
        }),
        "tasks" => json!({"type": ["array", "null"], "items": reference("task")}),
        "templates" => json!({
            "type": ["object", "null"], "additionalProperties": reference("template")
        }),
        "params" => json!({
            "type": ["object", "null"],
            "additionalProperties": true,
            "examples": [{"size": 10, "level": {"type": "string", "enum": ["low", "high"], "default": "low"}}]
        }),
        "default_args" => {
            let mut keys = properties(TASK);
            for name in ["id", "uses", "with", "needs", "extends"] {
                keys.insert(name.to_owned(), false.into());
            }
            json!({"type": ["object", "null"], "properties": keys})
        }
        "backoff" => json!({"type": ["number", "boolean", "null"], "minimum": 0}),
        "weight" => json!({"type": ["integer", "null"]}),
        name => reference(name),
    }
}

fn definitions() -> JsonMap {
    let tasks = [("template", template()), ("task", task())];
    let all = times().into_iter().chain(grammar()).chain(tasks);
    all.map(|(name, schema)| (name.to_owned(), schema))
        .collect()
}

fn template() -> Json {
    json!({
        "description": "A partial task.",
        "type": "object",
        "properties": properties(TASK),
        "additionalProperties": false
    })
}

fn times() -> [(&'static str, Json); 3] {
    [
        (
            "duration",
            json!({
                "description": "Seconds, ISO 8601 (`PT1M30S`) or short (`1m30s`).",
                "anyOf": [
                    {"type": "number", "minimum": 0},
                    {"type": "string", "pattern": "^\\s*(P|\\d)"},
                    {"type": "null"},
                ],
                "examples": [300, "PT5M", "1h30m"]
            }),
        ),
        (
            "time",
            json!({
                "description": "A date or a point in time in ISO 8601.",
                "type": ["string", "null"],
                "pattern": "^\\d{4}-\\d{2}-\\d{2}([T ]\\d{2}:\\d{2}.*)?$",
                "examples": ["2026-01-31", "2026-01-31T08:00:00+01:00"]
            }),
        ),
        (
            "schedule",
            json!({
                "anyOf": [
                    {"enum": ["@once", "@continuous", "@hourly", "@daily", "@weekly", "@monthly",
                        "@quarterly", "@yearly"]},
                    {"type": "string"},
                    {"type": "number", "exclusiveMinimum": 0},
                    {"type": "null"},
                    {
                        "type": "object",
                        "required": ["uses"],
                        "properties": {
                            "uses": {"type": "string", "description": "A timetable's class path."},
                            "with": {"type": ["object", "null"], "description": "Its arguments."}
                        },
                        "additionalProperties": false
                    },
                ],
                "examples": ["@daily", "30 6 * * mon-fri", "PT15M"]
            }),
        ),
    ]
}

/// Anything, with markers wherever they are wanted.
fn value() -> Json {
    json!({
        "anyOf": [
            {"type": ["string", "number", "boolean", "null"]},
            {"type": "array", "items": reference("value")},
            {
                "type": "object",
                "patternProperties": {"^\\$": false},
                "additionalProperties": reference("value")
            },
            reference("marker"),
        ]
    })
}

/// The value grammar below `with`.
fn grammar() -> [(&'static str, Json); 6] {
    [
        (
            "xcom",
            marker(
                ["$x", "$xcom"],
                json!({
                    "description": "What another task returned; this one then waits for it.",
                    "anyOf": [
                        {"type": ["string", "integer"]},
                        {
                            "type": "object",
                            "required": ["task"],
                            "properties": {
                                "task": {"type": ["string", "integer"]},
                                "key": {"type": ["string", "null"]}
                            },
                            "additionalProperties": false
                        },
                    ]
                }),
            ),
        ),
        (
            "file",
            marker(
                ["$f", "$file"],
                json!({
                    "description": "The text of a file beside the dag.",
                    "type": "string",
                    "not": {"pattern": "^[/~]|(^|/)\\.\\.(/|$)"}
                }),
            ),
        ),
        (
            "jinja",
            marker(
                ["$t", "$template"],
                json!({
                    "description": "A Jinja template, rendered when the task runs.",
                    "anyOf": [{"type": "string"}, reference("file")]
                }),
            ),
        ),
        (
            "const",
            marker(
                ["$const", "$const"],
                json!({"description": "Taken as it is written."}),
            ),
        ),
        (
            "marker",
            json!({
                "oneOf": [reference("xcom"), reference("jinja"), reference("file"), reference("const")]
            }),
        ),
        ("value", value()),
    ]
}

fn marker([short, long]: [&str; 2], value: Json) -> Json {
    let mut properties = JsonMap::new();
    properties.insert(short.to_owned(), value.clone());
    properties.insert(long.to_owned(), value);
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
        "maxProperties": 1
    })
}

/// A task; its `with` follows from `uses`. What is required may also come from a template.
fn task() -> Json {
    let mut cases = Vec::new();
    for spec in OPERATORS {
        let mut names = vec![spec.short, spec.class];
        names.extend(spec.other_classes);
        let is_it = json!({"required": ["uses"], "properties": {"uses": {"enum": names}}});
        cases.push(json!({
            "if": is_it,
            "then": {"properties": {"with": reference(&format!("with {}", spec.short))}}
        }));
        let required: Vec<&str> = spec
            .all_arguments()
            .filter(|arg| arg.is_required)
            .map(|arg| arg.name)
            .collect();
        if !required.is_empty() {
            cases.push(json!({
                "if": {"allOf": [is_it, {"not": {"required": ["extends"]}}]},
                "then": {"required": ["with"], "properties": {"with": {"required": required}}}
            }));
        }
    }
    json!({
        "type": "object",
        "required": ["id"],
        "properties": properties(TASK),
        "additionalProperties": false,
        "allOf": cases
    })
}

/// The arguments of an operator.
fn with(spec: &Spec) -> Json {
    let known = spec.all_arguments().filter(|arg| !arg.is_refused);
    let properties: JsonMap = known
        .map(|arg| (arg.name.to_owned(), argument(arg)))
        .collect();
    json!({
        "description": spec.doc,
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false
    })
}

fn argument(arg: &Arg) -> Json {
    let has_parts = matches!(arg.shape, Shape::TextMap | Shape::Map | Shape::TextOrMap);
    let plain = if has_parts && arg.is_template {
        let is_text = arg.shape == Shape::TextOrMap;
        let types: &[&str] = if is_text {
            &["string", "object", "null"]
        } else {
            &["object", "null"]
        };
        json!({
            "type": types,
            "patternProperties": {"^\\$": false},
            "additionalProperties": reference("value")
        })
    } else {
        shape(arg.shape)
    };
    let marker = reference(if arg.is_template { "marker" } else { "const" });
    described(json!({"anyOf": [plain, marker]}), arg.doc)
}
