//! Connections and variables that the environment gives, read once at the start.

use std::collections::BTreeMap;

use dagfile::Connection;
use model::{Json, JsonMap};

/// What `AIRFLOW_CONN_*` and `AIRFLOW_VAR_*` said at the start, and what processes inherit.
#[derive(Clone, Default)]
pub struct Environment {
    connections: BTreeMap<String, Connection>,
    variables: BTreeMap<String, String>,
}

impl Environment {
    /// Takes what concerns us from environment variables.
    #[must_use]
    pub fn new(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut out = Self::default();
        for (name, value) in vars {
            if let Some(id) = name.strip_prefix("AIRFLOW_CONN_") {
                let id = id.to_lowercase();
                let connection = parse(&id, &value);
                out.connections.insert(id, connection);
            } else if let Some(key) = name.strip_prefix("AIRFLOW_VAR_") {
                out.variables.insert(key.to_uppercase(), value);
            }
        }
        out
    }

    /// A connection by its id, whatever its case.
    #[must_use]
    pub fn connection(&self, conn_id: &str) -> Option<&Connection> {
        self.connections.get(&conn_id.to_lowercase())
    }

    /// A variable by its key, whatever its case.
    #[must_use]
    pub fn variable(&self, key: &str) -> Option<&str> {
        self.variables.get(&key.to_uppercase()).map(String::as_str)
    }

    /// Whether a variable of the book is hidden by one of the environment.
    #[must_use]
    pub fn has_variable(&self, key: &str) -> bool {
        self.variables.contains_key(&key.to_uppercase())
    }
}

/// Reads a JSON object, or a URI such as `http://user:secret@host:80/schema?extra=1`.
#[must_use]
pub fn parse(conn_id: &str, text: &str) -> Connection {
    let text = text.trim();
    let connection = match serde_json::from_str::<JsonMap>(text) {
        Ok(object) => from_json(&object),
        Err(_) => from_uri(text),
    };
    Connection {
        conn_id: conn_id.to_owned(),
        ..connection
    }
}

fn from_json(object: &JsonMap) -> Connection {
    let text = |key: &str| match object.get(key) {
        Some(Json::String(text)) => Some(text.clone()),
        Some(value @ (Json::Number(_) | Json::Object(_))) => Some(value.to_string()),
        Some(Json::Null | Json::Bool(_) | Json::Array(_)) | None => None,
    };
    Connection {
        conn_id: String::new(),
        conn_type: text("conn_type").unwrap_or_default(),
        description: text("description"),
        host: text("host"),
        login: text("login"),
        password: text("password"),
        schema: text("schema"),
        port: text("port").and_then(|port| port.parse().ok()),
        extra: text("extra"),
    }
}

fn from_uri(uri: &str) -> Connection {
    let (scheme, rest) = uri.split_once("://").unwrap_or((uri, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (login, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port.parse().ok()),
        Some(_) | None => (host, None),
    };
    let full = |text: &str| Some(unquote(text)).filter(|text| !text.is_empty());
    let conn_type = match scheme {
        "postgresql" => "postgres".to_owned(),
        other => other.replace('-', "_"),
    };
    let mut extra = JsonMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        extra.insert(
            unquote(key),
            Json::String(unquote(&value.replace('+', " "))),
        );
    }
    let whole = extra
        .get("__extra__")
        .and_then(Json::as_str)
        .map(str::to_owned);
    let extra = Some(extra).filter(|extra| !extra.is_empty());
    Connection {
        conn_id: String::new(),
        conn_type,
        description: None,
        host: full(host),
        login: full(login),
        password: full(password),
        schema: full(path),
        port,
        extra: whole.or_else(|| extra.map(|extra| Json::Object(extra).to_string())),
    }
}

/// The texts of a connection that must not be seen in logs.
#[must_use]
pub fn secrets(connection: &Connection) -> Vec<String> {
    let extra = connection.extra.as_deref().unwrap_or_default();
    let extra: JsonMap = serde_json::from_str(extra).unwrap_or_default();
    let extra = extra.into_iter().filter(|(key, _)| is_sensitive(key));
    let values = extra.filter_map(|(_, value)| value.as_str().map(str::to_owned));
    let all = connection.password.iter().cloned().chain(values);
    all.filter(|text| text.len() >= SECRET_CHARS_MIN).collect()
}

/// Shorter texts are not hidden: they would hide half of each log (upstream's rule).
pub const SECRET_CHARS_MIN: usize = 5;

/// Whether the value under this name is to be hidden (upstream's list).
#[must_use]
pub fn is_sensitive(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "access_token",
        "api_key",
        "apikey",
        "authorization",
        "connection_string",
        "keyfile_dict",
        "passphrase",
        "passwd",
        "password",
        "private_key",
        "secret",
        "service_account",
        "token",
        "credential",
    ];
    // What is neither letter nor digit separates words, whatever it is.
    let plain = |c: char| if c.is_alphanumeric() { c } else { '_' };
    let name: String = name.to_lowercase().chars().map(plain).collect();
    let parts: Vec<&str> = name.split('_').filter(|part| !part.is_empty()).collect();
    let name = parts.join("_");
    WORDS.iter().any(|word| name.contains(word))
}

fn unquote(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let pair = tail.get(..2).filter(|_| *byte == b'%');
        let decoded = pair
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        out.push(decoded.unwrap_or(*byte));
        rest = if decoded.is_some() {
            tail.get(2..).unwrap_or_default()
        } else {
            tail
        };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_read_from_uris_and_json() {
        let env = Environment::new([
            (
                "AIRFLOW_CONN_SHOP".to_owned(),
                "http://me:p%40ss%2Fword@shop.local:8080/https?api_key=abcdef&x=a+b".to_owned(),
            ),
            (
                "AIRFLOW_CONN_DB".to_owned(),
                r#"{"conn_type": "postgres", "host": "h", "port": 5432, "extra": "{\"a\": 1}"}"#
                    .to_owned(),
            ),
            ("AIRFLOW_VAR_Region".to_owned(), "eu".to_owned()),
        ]);
        let shop = env.connection("shop").unwrap();
        assert_eq!(shop.conn_type, "http");
        assert_eq!(shop.host.as_deref(), Some("shop.local"));
        assert_eq!(shop.port, Some(8080));
        assert_eq!(shop.schema.as_deref(), Some("https"));
        assert_eq!(
            shop.extra.as_deref(),
            Some(r#"{"api_key":"abcdef","x":"a b"}"#)
        );
        assert_eq!(secrets(shop), ["p@ss/word", "abcdef"]);
        let db = env.connection("DB").unwrap();
        assert_eq!(
            (db.port, db.extra.as_deref()),
            (Some(5432), Some("{\"a\": 1}"))
        );
        assert_eq!(env.variable("region"), Some("eu"));
        assert!(env.connection("none").is_none());
    }

    #[test]
    fn names_tell_secrets() {
        for (name, secret) in [
            ("DB_PASSWORD", true),
            ("slack_token", true),
            ("Api  Key", true),
            ("private-key", true),
            ("region", false),
        ] {
            assert_eq!(is_sensitive(name), secret, "{name}");
        }
    }
}
