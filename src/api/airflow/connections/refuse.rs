//! Connections are not tried out from here: upstream's default, since it makes the server call
//! whatever address it is told.

use axum::{Json, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::ConnectionBody;
use crate::{problem::Problem, request::Body};

/// What came of a test.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionTestResponse {
    status: bool,
    message: String,
}

/// Testing is off.
#[utoipa::path(post, path = "/connections/test", operation_id = "test_connection",
    tag = "Connection", request_body = ConnectionBody,
    responses((status = 200, body = ConnectionTestResponse)))]
pub(crate) async fn test_connection(
    Body(_): Body<ConnectionBody>,
) -> Result<Json<ConnectionTestResponse>, Problem> {
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "API-018",
        "connections are not tested from here: a task that uses it tells whether it works",
    ))
}
