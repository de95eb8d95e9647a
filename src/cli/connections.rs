//! `orrery connections`: what tasks connect to, by id. Secrets go in and do not come out.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::{
    Server, Trouble, bulk,
    client::{Client, part},
    output::{self, text},
};

#[derive(Subcommand)]
pub enum Connections {
    /// Lists them.
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Shows one; secrets are masked.
    Get {
        /// Its id.
        conn_id: String,
        #[command(flatten)]
        server: Server,
    },
    /// Creates one, or puts another in its place.
    Set {
        /// Its id.
        conn_id: String,
        #[command(flatten)]
        words: Box<Words>,
        #[command(flatten)]
        server: Server,
    },
    /// Deletes some.
    Delete {
        /// Their ids.
        #[arg(required = true)]
        conn_ids: Vec<String>,
        #[command(flatten)]
        server: Server,
    },
    /// Takes all of a file: JSON by id, or lines `ID=URI` (`AIRFLOW_CONN_ID=URI` too).
    Import {
        /// The file; `-` is standard input.
        file: PathBuf,
        #[command(flatten)]
        server: Server,
    },
}

/// The words of a connection.
#[derive(Args)]
pub struct Words {
    /// All at once, as in `postgres://user:password@host:5432/schema`.
    #[arg(long, conflicts_with_all = ["conn_type", "host", "login", "port", "schema"])]
    uri: Option<String>,
    /// Its kind, such as `postgres`.
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "uri")]
    conn_type: Option<String>,
    #[arg(long)]
    host: Option<String>,
    #[arg(long)]
    port: Option<u16>,
    #[arg(long)]
    login: Option<String>,
    /// Reads the password from standard input, so that no list of processes shows it.
    #[arg(long)]
    password_stdin: bool,
    /// Often the database's name.
    #[arg(long)]
    schema: Option<String>,
    /// A JSON object.
    #[arg(long, value_name = "JSON")]
    extra: Option<String>,
    #[arg(long)]
    description: Option<String>,
}

pub fn run(command: Connections) -> Result<(), Trouble> {
    match command {
        Connections::List { server } => list(&server),
        Connections::Get { conn_id, server } => get(&server, &conn_id),
        Connections::Set {
            conn_id,
            words,
            server,
        } => bulk::put(&server, "connections", vec![entity(&conn_id, *words)?]),
        Connections::Delete { conn_ids, server } => bulk::delete(&server, "connections", &conn_ids),
        Connections::Import { file, server } => {
            let entities = bulk::read(&file)?.into_iter();
            let entities = entities.map(|(id, value)| imported(&id, &value));
            bulk::put(&server, "connections", entities.collect::<Result<_, _>>()?)
        }
    }
}

fn list(server: &Server) -> Result<(), Trouble> {
    let all = bulk::all(server, "connections")?;
    if server.json {
        return output::json(&Value::Array(all));
    }
    let row = |one: &Value| {
        [
            "connection_id",
            "conn_type",
            "host",
            "port",
            "login",
            "description",
        ]
        .map(|field| text(one, field))
        .to_vec()
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    output::table(
        &["ID", "TYPE", "HOST", "PORT", "LOGIN", "DESCRIPTION"],
        &rows,
    )
}

fn get(server: &Server, conn_id: &str) -> Result<(), Trouble> {
    let one = Client::new(server).get(&format!("connections/{}", part(conn_id)))?;
    if server.json {
        return output::json(&one);
    }
    let fields = one.as_object().into_iter().flatten();
    let fields = fields.filter(|(_, value)| !value.is_null());
    let rows: Vec<_> = fields
        .map(|(name, value)| vec![name.clone(), output::plain(value)])
        .collect();
    output::table(&["WHAT", "IS"], &rows)
}

fn entity(conn_id: &str, words: Words) -> Result<Value, Trouble> {
    let Words {
        uri,
        conn_type,
        host,
        port,
        login,
        password_stdin,
        schema,
        extra,
        description,
    } = words;
    let mut entity = match uri {
        Some(uri) => of_uri(conn_id, &uri)?,
        None => json!({
            "connection_id": conn_id, "conn_type": conn_type, "host": host, "port": port,
            "login": login, "schema": schema,
        }),
    };
    let password = if password_stdin {
        Some(bulk::stdin()?.trim_end_matches(['\r', '\n']).to_owned())
    } else {
        None
    };
    if let Some(fields) = entity.as_object_mut() {
        let more = [
            ("password", password),
            ("extra", extra),
            ("description", description),
        ];
        for (name, value) in more {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value.into());
            }
        }
    }
    Ok(entity)
}

fn of_uri(conn_id: &str, uri: &str) -> Result<Value, Trouble> {
    let found = control::environment::parse(conn_id, uri);
    if found.conn_type.is_empty() {
        return Err(Trouble(format!(
            "CLI-005: connection `{conn_id}` has no type\n  more: orrery explain CLI-005"
        )));
    }
    Ok(json!({
        "connection_id": conn_id, "conn_type": found.conn_type, "host": found.host,
        "login": found.login, "password": found.password, "schema": found.schema,
        "port": found.port, "extra": found.extra, "description": found.description,
    }))
}

/// A URI, or the fields under upstream's names.
fn imported(conn_id: &str, value: &Value) -> Result<Value, Trouble> {
    let conn_id = conn_id
        .strip_prefix("AIRFLOW_CONN_")
        .map_or_else(|| conn_id.to_owned(), |id| id.to_lowercase());
    match value {
        Value::String(uri) => of_uri(&conn_id, uri),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => of_uri(&conn_id, &fields(other).to_string()),
    }
}

/// `extra_dejson` is what some exports call an extra that is no text.
fn fields(value: &Value) -> Value {
    let mut fields: Map<String, Value> = value.as_object().cloned().unwrap_or_default();
    if let Some(extra) = fields.remove("extra_dejson") {
        fields.entry("extra").or_insert(extra);
    }
    fields.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_read_from_uris_and_from_fields() {
        let of = |id: &str, value: Value| imported(id, &value).unwrap();
        let shop = of("AIRFLOW_CONN_SHOP", json!("http://me:p%40@h:80/s?a=1"));
        assert_eq!(
            (&shop["connection_id"], &shop["password"], &shop["port"]),
            (&json!("shop"), &json!("p@"), &json!(80))
        );
        let db = json!({"conn_type": "postgres", "extra_dejson": {"a": 1}, "port": 5432});
        let db = of("db", db);
        assert_eq!(
            (&db["conn_type"], &db["extra"]),
            (&json!("postgres"), &json!("{\"a\":1}"))
        );
        assert!(imported("x", &json!({})).is_err());
    }
}
