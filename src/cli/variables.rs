//! `orrery variables`: values that dags read by key.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    Server, Trouble, bulk,
    client::{Client, part},
    output::{self, text},
};

#[derive(Subcommand)]
pub enum Variables {
    /// Lists them; values under names that sound secret are masked.
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Prints the value of one.
    Get {
        /// Its key.
        key: String,
        #[command(flatten)]
        server: Server,
    },
    /// Creates one, or gives it another value.
    Set {
        /// Its key.
        key: String,
        /// Its value; `-` reads it from standard input.
        value: String,
        #[arg(long)]
        description: Option<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Deletes some.
    Delete {
        /// Their keys.
        #[arg(required = true)]
        keys: Vec<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Takes all of a file: a JSON object, or lines `KEY=VALUE` (`AIRFLOW_VAR_KEY=VALUE` too).
    Import {
        /// The file; `-` is standard input.
        file: PathBuf,
        #[command(flatten)]
        server: Server,
    },
}

pub fn run(command: Variables) -> Result<(), Trouble> {
    match command {
        Variables::List { server } => list(&server),
        Variables::Get { key, server } => {
            let one = Client::new(&server).get(&format!("variables/{}", part(&key)))?;
            if server.json {
                output::json(&one)
            } else {
                output::line(&text(&one, "value"))
            }
        }
        Variables::Set {
            key,
            value,
            description,
            server,
        } => {
            let value = if value == "-" { bulk::stdin()? } else { value };
            let entity = json!({ "key": key, "value": value, "description": description });
            bulk::put(&server, "variables", vec![entity])
        }
        Variables::Delete { keys, server } => bulk::delete(&server, "variables", &keys),
        Variables::Import { file, server } => {
            let read = bulk::read(&file)?;
            let entities = read.iter().map(|(key, value)| imported(key, value));
            bulk::put(&server, "variables", entities.collect())
        }
    }
}

fn list(server: &Server) -> Result<(), Trouble> {
    let all = bulk::all(server, "variables")?;
    if server.json {
        return output::json(&Value::Array(all));
    }
    let row = |one: &Value| {
        ["key", "value", "description"]
            .map(|field| text(one, field))
            .to_vec()
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    output::table(&["KEY", "VALUE", "DESCRIPTION"], &rows)
}

/// A value, or upstream's `{"value": ..., "description": ...}`.
fn imported(key: &str, value: &Value) -> Value {
    let key = key
        .strip_prefix("AIRFLOW_VAR_")
        .map_or_else(|| key.to_owned(), |key| key.to_lowercase());
    let description = value.get("description");
    match value.get("value") {
        Some(value) if description.is_some() => {
            json!({ "key": key, "value": value, "description": description })
        }
        Some(_) | None => json!({ "key": key, "value": value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_and_without_a_description() {
        for (value, expected) in [
            (json!(1), json!({"key": "k", "value": 1})),
            (
                json!({"value": 1}),
                json!({"key": "k", "value": {"value": 1}}),
            ),
            (
                json!({"value": 1, "description": "d"}),
                json!({"key": "k", "value": 1, "description": "d"}),
            ),
        ] {
            assert_eq!(imported("AIRFLOW_VAR_K", &value), expected);
        }
    }
}
