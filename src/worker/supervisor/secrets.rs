//! Which texts of questions and answers must not be seen.

use model::{
    Json,
    execution::{Answer, ConnectionWords},
};

/// Shorter texts are too common to hide (upstream's minimum).
const CHARS_MIN: usize = 5;
/// Parts of names whose values are secrets (upstream's `DEFAULT_SENSITIVE_FIELDS`).
const NAMES: &[&str] = &[
    "access_token",
    "api_key",
    "apikey",
    "authorization",
    "keyfile_dict",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "proxies",
    "proxy",
    "secret",
    "service_account",
    "token",
];

/// Of a value that somebody asks to hide. With a name, only when that is one of secrets, or the
/// value is text.
pub fn of_value(value: &Json, name: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, name.is_none_or(is_sensitive), &mut found);
    found
}

/// Of an answer.
#[allow(clippy::wildcard_enum_match_arm)] // The others hold what everybody may see.
pub fn of_answer(answer: &Answer) -> Vec<String> {
    match answer {
        Answer::ConnectionResult(connection) => of_connection(connection),
        Answer::VariableResult {
            key,
            value: Some(value),
        } => {
            let json = serde_json::from_str(value).unwrap_or(Json::Null);
            let mut found = Vec::new();
            if is_sensitive(key) {
                add(value, &mut found);
            }
            if !json.is_string() {
                collect(&json, is_sensitive(key), &mut found);
            }
            found
        }
        _ => Vec::new(),
    }
}

/// Of a connection: its password and what its extra names as secret.
pub fn of_connection(connection: &ConnectionWords) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(password) = &connection.password {
        add(password, &mut found);
    }
    let extra = connection.extra.as_deref().unwrap_or_default();
    if let Ok(extra) = serde_json::from_str::<Json>(extra) {
        collect(&extra, false, &mut found);
    }
    found
}

fn collect(value: &Json, hide: bool, found: &mut Vec<String>) {
    match value {
        Json::String(text) if hide => add(text, found),
        Json::Array(items) => items.iter().for_each(|item| collect(item, hide, found)),
        Json::Object(map) => {
            for (name, value) in map {
                collect(value, hide || is_sensitive(name), found);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn add(text: &str, found: &mut Vec<String>) {
    if text.chars().count() >= CHARS_MIN {
        found.push(text.to_owned());
    }
}

fn is_sensitive(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    NAMES.iter().any(|part| name.contains(part))
}
