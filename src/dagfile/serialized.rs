//! The form in which Airflow's own serialiser writes a dag (versions 1 to 3) becomes a dag.
//!
//! Precedence of a task's property: the task itself, `partial_kwargs` where it is mapped,
//! `client_defaults.tasks`, the schema's default. Version 2 differs from 3 only in writing more of
//! what is a default; version 1, of Airflow 2, is brought up to date first.

mod assets;
mod dag;
mod deadlines;
mod fields;
mod groups;
mod hash;
mod mapping;
mod params;
mod plain;
mod task;
mod upgrade;

use model::{Json, dag::Dag};

pub use hash::version_hash;

use crate::ImportError;
use fields::{FORM, wrong};

/// Deeper than any dag that Airflow itself can write, and far from a stack's end.
const DEPTH_MAX: usize = 200;

/// Makes a dag of what Airflow's serialiser wrote.
///
/// # Errors
/// `DAG-030` when it is no serialised dag of a known version, or too deep or too large; `DAG-031`
/// when a property is not what its name calls for; `DAG-032` when tasks or groups name what is not
/// there, or tasks wait for each other.
pub fn decode(document: &Json) -> Result<Dag, ImportError> {
    if is_deeper_than(document, DEPTH_MAX) {
        let message = format!("the serialised dag is nested more than {DEPTH_MAX} levels deep");
        return Err(wrong(FORM, message));
    }
    let top = document
        .as_object()
        .ok_or_else(|| wrong(FORM, "a serialised dag is an object".to_owned()))?;
    let defaults = top
        .get("client_defaults")
        .and_then(|defaults| defaults.get("tasks"))
        .and_then(Json::as_object);
    let body = top.get("dag").and_then(Json::as_object);
    let Some(body) = body else {
        return Err(wrong(FORM, "the object `dag` is missing".to_owned()));
    };
    match top.get("__version").and_then(Json::as_u64) {
        Some(1) => dag::read(&upgrade::from_1(body), defaults),
        Some(2 | 3) => dag::read(body, defaults),
        Some(other) => {
            let message = format!(
                "serialised dags of version {other} are not known; versions 1 to 3 can be read"
            );
            Err(wrong(FORM, message))
        }
        None => Err(wrong(FORM, "`__version` is missing".to_owned())),
    }
}

fn is_deeper_than(value: &Json, levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else {
        return true;
    };
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
        Json::Array(items) => items.iter().any(|item| is_deeper_than(item, levels)),
        Json::Object(map) => map.values().any(|item| is_deeper_than(item, levels)),
    }
}

#[cfg(test)]
mod tests;
