//! Lists connections, or shows one.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{ConnectionResponse, Opened, find, open};
use crate::{
    app::App,
    book::{Book, read},
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Path, Pattern, Query, query},
};

/// Connections, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ConnectionCollectionResponse)]
pub(crate) struct ConnectionCollection {
    connections: Vec<ConnectionResponse>,
    total_entries: u64,
}

query! {
    /// What the list of connections takes.
    ConnectionsQuery {
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
        connection_id: Pattern,
    }
}

const ORDERS: [&str; 8] = [
    "id",
    "conn_id",
    "connection_id",
    "conn_type",
    "description",
    "host",
    "port",
    "team_name",
];

/// Connections of the book; those of the environment are not among them, as with upstream.
#[utoipa::path(get, path = "/connections", operation_id = "get_connections", tag = "Connection",
    params(ConnectionsQuery), responses((status = 200, body = ConnectionCollection)))]
pub(crate) async fn list_connections(
    State(app): State<App>,
    Query(query): Query<ConnectionsQuery>,
) -> Result<Json<ConnectionCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    app.read(move |book| list(book, &query)).await.map(Json)
}

fn list(book: &Book<'_>, query: &ConnectionsQuery) -> Result<ConnectionCollection, Problem> {
    let mut sealed = read(book.snapshot.connections())?;
    sealed.retain(|one| query.connection_id.matches(&one.conn_id));
    let opened = sealed.iter().map(|one| open(book, one));
    let mut opened: Vec<Opened> = opened.collect::<Result<_, _>>()?;
    let text = |text: &Option<String>| text.clone().map_or(Key::Nothing, Key::Text);
    page::sort(&mut opened, &query.order_by, |one, name| match name {
        "conn_type" => Key::text(one.words.conn_type.as_str()),
        "description" => text(&one.description),
        "host" => text(&one.words.host),
        "port" => one.words.port.map_or(Key::Nothing, |port| {
            Key::number(u32::try_from(port).unwrap_or(u32::MAX))
        }),
        "team_name" => Key::Nothing,
        _ => Key::text(one.words.conn_id.as_str()),
    });
    let (page, total_entries) = page::cut(opened, query.offset, query.limit);
    Ok(ConnectionCollection {
        connections: page.into_iter().map(Into::into).collect(),
        total_entries,
    })
}

/// A connection.
#[utoipa::path(get, path = "/connections/{connection_id}", operation_id = "get_connection",
    tag = "Connection", params(("connection_id" = String, Path)),
    responses((status = 200, body = ConnectionResponse)))]
pub(crate) async fn get_connection(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<ConnectionResponse>, Problem> {
    find(&app, &id).await.map(|opened| Json(opened.into()))
}
