//! Connections, opened.

use model::{Json, change::Connection, execution::ConnectionWords};
use security::SecurityError;
use serde_json::json;
use store::ReadError;

use crate::reader::Reader;

/// Why a connection cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The book cannot be read.
    #[error("the book cannot be read: {0}")]
    Read(#[from] ReadError),
    /// It is sealed by a key that is not there.
    #[error("CTL-014: connection `{conn_id}` cannot be opened: {cause}")]
    Sealed {
        /// Which.
        conn_id: String,
        /// Why not.
        #[source]
        cause: SecurityError,
    },
}

/// What a connection is sealed for.
fn context(conn_id: &str) -> String {
    format!("connection/{conn_id}")
}

/// A connection of the environment, else of the book.
///
/// # Errors
/// When it cannot be read or opened.
pub fn get(reader: &Reader, conn_id: &str) -> Result<Option<ConnectionWords>, Error> {
    if let Some(found) = reader.environment.connection(conn_id) {
        let found = found.clone();
        return Ok(Some(ConnectionWords {
            conn_id: conn_id.to_owned(),
            conn_type: found.conn_type,
            host: found.host,
            schema: found.schema,
            login: found.login,
            password: found.password,
            port: found.port.map(i64::from),
            extra: found.extra,
        }));
    }
    let found = reader.snapshot()?.connection(conn_id)?;
    found.map(|found| open(reader, &found)).transpose()
}

/// Opens a connection of the book.
///
/// # Errors
/// When it is sealed by a key that is not there.
pub fn open(reader: &Reader, connection: &Connection) -> Result<ConnectionWords, Error> {
    let conn_id = connection.conn_id.clone();
    let plain = reader.keyring.open(&context(&conn_id), &connection.sealed);
    let plain = plain.map_err(|cause| Error::Sealed {
        conn_id: conn_id.clone(),
        cause,
    })?;
    let words: Json = serde_json::from_slice(&plain).unwrap_or(Json::Null);
    let text = |name: &str| words.get(name).and_then(Json::as_str).map(str::to_owned);
    Ok(ConnectionWords {
        conn_id,
        conn_type: connection.conn_type.clone(),
        host: text("host"),
        schema: text("schema"),
        login: text("login"),
        password: text("password"),
        port: words.get("port").and_then(Json::as_i64),
        extra: text("extra"),
    })
}

/// A connection with its words sealed, to be sent with
/// [`Command::PutConnection`](model::command::Command::PutConnection).
///
/// # Errors
/// When it cannot be sealed.
pub fn seal(
    reader: &Reader,
    words: &ConnectionWords,
    description: Option<String>,
) -> Result<Connection, SecurityError> {
    let ConnectionWords {
        conn_id,
        conn_type,
        host,
        schema,
        login,
        password,
        port,
        extra,
    } = words;
    let plain = json!({
        "host": host, "schema": schema, "login": login, "password": password, "port": port,
        "extra": extra,
    });
    let sealed = reader
        .keyring
        .seal(&context(conn_id), plain.to_string().as_bytes())?;
    Ok(Connection {
        conn_id: conn_id.clone(),
        conn_type: conn_type.clone(),
        sealed,
        description,
    })
}
