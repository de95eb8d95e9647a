//! The hash that tells versions of a dag apart, as upstream computes it.

use std::fmt::Write as _;

use md5::{Digest, Md5};
use model::{Json, JsonMap};

/// MD5, in hex, of the document with its names sorted, lists of texts and of tasks sorted, and
/// without the dag's `fileloc`, in the spelling of Python's `json.dumps(sort_keys=True)`. It is no
/// protection against anybody; it finds changes.
#[must_use]
pub fn version_hash(document: &Json) -> String {
    let mut out = String::new();
    match document {
        Json::Object(map) => {
            let mut top = map.clone();
            if let Some(Json::Object(dag)) = top.get_mut("dag") {
                dag.shift_remove("fileloc");
            }
            write_map(&mut out, &top, 0);
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) => {
            write(&mut out, document, 0);
        }
    }
    let mut hex = String::with_capacity(32);
    for byte in Md5::digest(out.as_bytes()) {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// What is deeper than a dag may be is not told apart.
fn write(out: &mut String, value: &Json, depth: usize) {
    if depth > super::DEPTH_MAX {
        return;
    }
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => write_float(out, float),
            None => {
                let _ = write!(out, "{number}");
            }
        },
        Json::String(text) => write_text(out, text),
        Json::Array(items) => write_list(out, items, depth),
        Json::Object(map) => write_map(out, map, depth),
    }
}

fn write_map(out: &mut String, map: &JsonMap, depth: usize) {
    // Python compares texts by code points, and so does the order of UTF-8.
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(name, _)| *name);
    out.push('{');
    for (n, (name, value)) in entries.into_iter().enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        write_text(out, name);
        out.push_str(": ");
        write(out, value, depth + 1);
    }
    out.push('}');
}

fn write_list(out: &mut String, items: &[Json], depth: usize) {
    let mut items: Vec<&Json> = items.iter().collect();
    if items.iter().all(|item| item.is_object()) {
        if items.iter().all(|item| has_task_id(item)) {
            items.sort_by_key(|item| task_id(item));
        }
    } else if items.iter().all(|item| item.is_string()) {
        items.sort_by_key(|item| item.as_str());
    }
    out.push('[');
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        write(out, item, depth + 1);
    }
    out.push(']');
}

fn has_task_id(item: &Json) -> bool {
    task_id(item).is_some()
}

fn task_id(item: &Json) -> Option<&str> {
    item.get("__var")?.get("task_id")?.as_str()
}

/// ASCII alone, as Python writes it by default.
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// Python's `repr`: the shortest digits, with an exponent below 1e-4 and from 1e16.
fn write_float(out: &mut String, float: f64) {
    let size = float.abs();
    let written = if float == 0.0 || (1e-4..1e16).contains(&size) {
        write!(out, "{float:?}")
    } else {
        let text = format!("{float:e}");
        match text.split_once('e') {
            Some((digits, exponent)) => {
                let (sign, exponent) = match exponent.strip_prefix('-') {
                    Some(exponent) => ('-', exponent),
                    None => ('+', exponent),
                };
                write!(out, "{digits}e{sign}{exponent:0>2}")
            }
            None => write!(out, "{text}"),
        }
    };
    let _ = written;
}
