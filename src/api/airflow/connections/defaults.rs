//! The connections that an Airflow begins with where it is asked to.

use axum::{extract::State, http::StatusCode};
use model::execution::ConnectionWords;
use serde::Deserialize;

use super::{Opened, put};
use crate::{app::App, book::read, problem::Problem};

/// By id: addresses on this machine, or with blanks to fill in.
const DEFAULTS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../assets/connections.json"
));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Default {
    conn_id: String,
    conn_type: String,
    host: Option<String>,
    schema: Option<String>,
    login: Option<String>,
    password: Option<String>,
    port: Option<i64>,
    extra: Option<String>,
}

impl From<Default> for Opened {
    fn from(one: Default) -> Self {
        let Default {
            conn_id,
            conn_type,
            host,
            schema,
            login,
            password,
            port,
            extra,
        } = one;
        let words = ConnectionWords {
            conn_id,
            conn_type,
            host,
            schema,
            login,
            password,
            port,
            extra,
        };
        Self {
            words,
            description: None,
        }
    }
}

/// Create upstream's default connections. Those whose ids are taken stay as they are.
#[utoipa::path(post, path = "/connections/defaults", operation_id = "create_default_connections",
    tag = "Connection", responses((status = 204)))]
pub(crate) async fn create_defaults(State(app): State<App>) -> Result<StatusCode, Problem> {
    let all: Vec<Default> = serde_json::from_str(DEFAULTS).map_err(|e| Problem::internal(&e))?;
    let new = app
        .read(move |book| {
            let mut new = Vec::new();
            for one in all {
                if read(book.snapshot.connection(&one.conn_id))?.is_none() {
                    new.push(Opened::from(one));
                }
            }
            Ok(new)
        })
        .await?;
    for one in new {
        put(&app, &one, false).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
