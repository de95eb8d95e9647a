//! Connections. Passwords and what sounds secret are masked in answers, as upstream does; the words
//! of a connection are sealed before they leave this layer.

mod body;
mod change;
mod defaults;
mod list;
mod mask;
mod refuse;

pub(crate) use change::*;
pub(crate) use defaults::*;
pub(crate) use list::*;
pub(crate) use mask::{MASK, redacted, wholly_masked};
pub(crate) use refuse::*;

use control::queries::connections::{self, Error};
use model::execution::ConnectionWords;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    book::{Book, read},
    problem::Problem,
};

/// A connection.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionResponse {
    connection_id: String,
    conn_type: String,
    description: Option<String>,
    host: Option<String>,
    login: Option<String>,
    schema: Option<String>,
    port: Option<i64>,
    password: Option<String>,
    extra: Option<String>,
    team_name: Option<String>,
}

/// A connection with its secrets.
pub(crate) struct Opened {
    pub(crate) words: ConnectionWords,
    pub(crate) description: Option<String>,
}

impl From<Opened> for ConnectionResponse {
    fn from(opened: Opened) -> Self {
        let Opened { words, description } = opened;
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
        Self {
            connection_id: conn_id,
            conn_type,
            description,
            host,
            login,
            schema,
            port,
            password: password.map(mask::hidden),
            extra: extra.map(|extra| mask::extra(&extra)),
            team_name: None,
        }
    }
}

fn open(book: &Book<'_>, sealed: &model::change::Connection) -> Result<Opened, Problem> {
    let reader = book.app().control().reader();
    let words = connections::open(reader, sealed).map_err(|e: Error| Problem::internal(&e))?;
    Ok(Opened {
        words,
        description: sealed.description.clone(),
    })
}

async fn find(app: &App, conn_id: &str) -> Result<Opened, Problem> {
    let wanted = conn_id.to_owned();
    let found = app.read(move |book| {
        let sealed = read(book.snapshot.connection(&wanted))?;
        sealed.map(|sealed| open(book, &sealed)).transpose()
    });
    found
        .await?
        .ok_or_else(|| Problem::not_found("connection", conn_id))
}
