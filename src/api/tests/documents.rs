//! Our description of the API: the golden file, and upstream's.

use std::collections::BTreeMap;

use model::Json;

use super::shapes::upstream;

const GOLDEN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/golden/openapi.json"
);

/// Compact, with a line for each path and each schema, so that a change is seen in a diff.
fn lines(document: &Json) -> String {
    let mut out = String::new();
    let object = |out: &mut String, name: &str, object: &Json, indent: &str| {
        out.push_str(&format!("{indent}\"{name}\":{{\n"));
        let entries = object.as_object().unwrap().iter();
        let all: Vec<String> = entries
            .map(|(key, value)| format!("{indent} {}:{value}", Json::from(key.as_str())))
            .collect();
        out.push_str(&all.join(",\n"));
        out.push_str(&format!("\n{indent}}}"));
    };
    out.push_str(&format!(
        "{{\n\"openapi\":{},\n\"info\":{},\n",
        document["openapi"], document["info"]
    ));
    object(&mut out, "paths", &document["paths"], "");
    out.push_str(",\n\"components\":{\n");
    object(&mut out, "schemas", &document["components"]["schemas"], "");
    out.push_str("\n}\n}\n");
    out
}

#[test]
fn the_golden_file_is_what_the_handlers_say() {
    let text = lines(&crate::openapi::document());
    let again: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(again["paths"], crate::openapi::document()["paths"]);
    assert!(text.len() < 256 * 1024, "{} bytes", text.len());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(std::path::Path::new(GOLDEN).parent().unwrap()).unwrap();
        std::fs::write(GOLDEN, &text).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    assert!(
        golden == text,
        "{GOLDEN} is not what the handlers say; run with UPDATE_EXPECT=1"
    );
}

/// What a schema allows, whatever the way it is written: its types and formats, or its fields.
fn allows(document: &Json, schema: &Json) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(name) = schema["$ref"].as_str() {
        let inner = document
            .pointer(name.trim_start_matches('#'))
            .unwrap_or(&Json::Null);
        return allows(document, inner);
    }
    for key in ["anyOf", "oneOf"] {
        for one in schema[key].as_array().into_iter().flatten() {
            out.extend(allows(document, one));
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Json::String(one) => vec![one],
        Json::Array(all) => all.iter().filter_map(Json::as_str).collect(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => Vec::new(),
    };
    for name in types {
        out.push(match (name, schema["format"].as_str()) {
            ("string", Some(format @ ("date-time" | "uuid"))) => format!("string:{format}"),
            ("array", _) => format!("[{}]", allows(document, &schema["items"]).join("|")),
            (other, _) => other.to_owned(),
        });
    }
    if out.is_empty() {
        // No type of its own: an object by its fields, or anything.
        out.push(
            if fields(document, schema).is_empty() {
                "any"
            } else {
                "object"
            }
            .to_owned(),
        );
    }
    out.sort();
    out.dedup();
    out
}

fn fields<'d>(document: &'d Json, schema: &'d Json) -> BTreeMap<String, &'d Json> {
    if let Some(name) = schema["$ref"].as_str() {
        return document
            .pointer(name.trim_start_matches('#'))
            .map(|inner| fields(document, inner))
            .unwrap_or_default();
    }
    let mut out = BTreeMap::new();
    for key in ["allOf", "anyOf", "oneOf"] {
        for one in schema[key].as_array().into_iter().flatten() {
            out.extend(fields(document, one));
        }
    }
    let own = schema["properties"].as_object().into_iter().flatten();
    out.extend(own.map(|(name, schema)| (name.clone(), schema)));
    out
}

fn compare(at: &str, ours: (&Json, &Json), theirs: (&Json, &Json), depth: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let known = fields(ours.0, ours.1);
    for (name, schema) in fields(theirs.0, theirs.1) {
        let here = format!("{at}.{name}");
        let Some(mine) = known.get(&name) else {
            wrong.push(format!("{here} is missing"));
            continue;
        };
        let (a, b) = (allows(ours.0, mine), allows(theirs.0, schema));
        // A whole number is a number, and a list of anything is a list.
        let same =
            a == b || b == ["any"] || b.iter().all(|it| a.contains(it) || it.contains("any"));
        if !same {
            wrong.push(format!("{here} is {a:?}, upstream's {b:?}"));
        }
        if depth > 0 {
            let inner = |schema: &Json| schema.get("items").cloned().unwrap_or(schema.clone());
            let (mine, schema) = (inner(mine), inner(schema));
            wrong.extend(compare(
                &here,
                (ours.0, &mine),
                (theirs.0, &schema),
                depth - 1,
            ));
        }
    }
    wrong
}

#[test]
fn answers_have_upstreams_fields_and_types() {
    let Some(theirs) = upstream() else { return };
    let ours = crate::openapi::document();
    let (mut wrong, mut n_operations) = (Vec::new(), 0);
    for (path, item) in ours["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if path.contains("/orrery/") {
                continue;
            }
            n_operations += 1;
            let other = &theirs["paths"][path][method];
            if other.is_null() {
                wrong.push(format!("upstream has no {method} {path}"));
                continue;
            }
            if operation["operationId"] != other["operationId"] {
                wrong.push(format!(
                    "{path} {} is {}",
                    operation["operationId"], other["operationId"]
                ));
            }
            let codes = |it: &Json| -> Vec<String> {
                let all = it["responses"].as_object().unwrap().keys();
                all.filter(|code| code.starts_with('2')).cloned().collect()
            };
            if codes(operation) != codes(other) {
                wrong.push(format!(
                    "{method} {path}: {:?} {:?}",
                    codes(operation),
                    codes(other)
                ));
            }
            for code in codes(other) {
                let schema = |it: &Json| {
                    it["responses"][&code]["content"]["application/json"]["schema"].clone()
                };
                let (mine, schema) = (schema(operation), schema(other));
                let at = format!("{method} {path}");
                wrong.extend(compare(&at, (&ours, &mine), (theirs, &schema), 3));
            }
            let names = |it: &Json| -> Vec<String> {
                let all = it["parameters"].as_array().into_iter().flatten();
                let all = all.filter(|one| one["in"] == "query");
                all.map(|one| one["name"].as_str().unwrap().to_owned())
                    .collect()
            };
            let known = names(operation);
            let missing = names(other)
                .into_iter()
                .filter(|name| !known.contains(name));
            wrong.extend(missing.map(|name| format!("{method} {path} takes no `{name}`")));
        }
    }
    assert!(
        wrong.is_empty(),
        "{n_operations} operations\n{}",
        wrong.join("\n")
    );
    assert_eq!(n_operations, 122, "a new operation: raise the number");
}
