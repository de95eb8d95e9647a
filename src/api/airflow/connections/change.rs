//! Creates, changes and deletes connections.

use axum::{Json, extract::State, http::StatusCode};
use control::queries::connections::seal;
use model::command::Command;

use super::{ConnectionResponse, Opened, body::ConnectionBody, find};
use crate::{
    airflow::{
        bulk::{Actions, BulkResponse, Changes, OnExistence},
        dags::MaskQuery,
    },
    app::App,
    problem::Problem,
    request::{Body, Path, Query},
};

/// Fields that can be changed.
const FIELDS: [&str; 10] = [
    "connection_id",
    "conn_type",
    "description",
    "host",
    "login",
    "schema",
    "port",
    "password",
    "extra",
    "team_name",
];

pub(super) async fn put(app: &App, opened: &Opened, only_new: bool) -> Result<(), Problem> {
    let Opened { words, description } = opened;
    let sealed = seal(app.control().reader(), words, description.clone());
    let connection = sealed.map_err(|cause| {
        let text = format!("the connection cannot be sealed: {cause}");
        Problem::busy("CTL-014", text)
    })?;
    let command = Command::PutConnection {
        connection,
        only_new,
    };
    app.command(command).await.map(drop)
}

/// Create a connection.
#[utoipa::path(post, path = "/connections", operation_id = "post_connection", tag = "Connection",
    request_body = ConnectionBody, responses((status = 201, body = ConnectionResponse)))]
pub(crate) async fn create_connection(
    State(app): State<App>,
    Body(body): Body<ConnectionBody>,
) -> Result<(StatusCode, Json<ConnectionResponse>), Problem> {
    let opened = body.into_opened()?;
    put(&app, &opened, true).await?;
    Ok((StatusCode::CREATED, Json(opened.into())))
}

/// Change a connection. A mask (`***`) in the body leaves the secret as it is.
#[utoipa::path(patch, path = "/connections/{connection_id}", operation_id = "patch_connection",
    tag = "Connection", params(("connection_id" = String, Path), MaskQuery),
    request_body = ConnectionBody, responses((status = 200, body = ConnectionResponse)))]
pub(crate) async fn patch_connection(
    State(app): State<App>,
    Path(id): Path<String>,
    mask: Query<MaskQuery>,
    Body(body): Body<ConnectionBody>,
) -> Result<Json<ConnectionResponse>, Problem> {
    mask.check(&FIELDS)?;
    if body.connection_id != id {
        return Err(Problem::invalid(
            "the connection_id in the body is not the one in the path",
        ));
    }
    let there = find(&app, &id).await?;
    let opened = body.apply(there, |field| mask.has(field))?;
    put(&app, &opened, false).await?;
    Ok(Json(opened.into()))
}

async fn delete(app: &App, id: &str) -> Result<(), Problem> {
    let conn_id = id.to_owned();
    app.command(Command::DeleteConnection { conn_id })
        .await
        .map(drop)
}

/// Delete a connection.
#[utoipa::path(delete, path = "/connections/{connection_id}", operation_id = "delete_connection",
    tag = "Connection", params(("connection_id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_connection(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    delete(&app, &id).await.map(|()| StatusCode::NO_CONTENT)
}

struct Connections(App);

impl Changes<ConnectionBody> for Connections {
    async fn create(&self, body: ConnectionBody, on: OnExistence) -> Result<String, Problem> {
        let opened = body.into_opened()?;
        put(&self.0, &opened, on != OnExistence::Overwrite).await?;
        Ok(opened.words.conn_id)
    }
    async fn update(&self, body: ConnectionBody) -> Result<String, Problem> {
        let there = find(&self.0, &body.connection_id).await?;
        let opened = body.apply(there, |_| true)?;
        put(&self.0, &opened, false).await?;
        Ok(opened.words.conn_id)
    }
    async fn delete(&self, body: ConnectionBody) -> Result<String, Problem> {
        let id = body.connection_id;
        delete(&self.0, &id).await.map(|()| id)
    }
}

/// Create, change and delete many connections.
#[utoipa::path(patch, path = "/connections", operation_id = "bulk_connections",
    tag = "Connection", request_body = Actions<ConnectionBody>,
    responses((status = 200, body = BulkResponse)))]
pub(crate) async fn bulk_connections(
    State(app): State<App>,
    Body(actions): Body<Actions<ConnectionBody>>,
) -> Json<BulkResponse> {
    Json(actions.carry_out(Connections(app)).await)
}
