//! Pausing, unpausing and deleting dags.

use axum::{Json, extract::State, http::StatusCode};
use model::{DagId, command::Command};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{DagCollection, DagResponse, DagsQuery, collect, get_dag};
use crate::{
    app::App,
    problem::Problem,
    request::{Body, Path, Query, query},
};

/// What can be changed of a dag.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DAGPatchBody)]
pub(crate) struct DagPatchBody {
    is_paused: bool,
}

query! {
    /// Which fields of a body count; all of them when absent.
    MaskQuery {
        update_mask: Vec<String>,
    }
}

impl MaskQuery {
    /// Whether the field is to be changed.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.update_mask.is_empty() || self.fields().any(|one| one == field)
    }
    /// Says no to a field that cannot be changed.
    /// Whether it names fields, and none but these.
    pub(crate) fn is_within(&self, fields: &[&str]) -> bool {
        self.fields().next().is_some() && self.fields().all(|one| fields.contains(&one))
    }

    pub(crate) fn check(&self, known: &[&str]) -> Result<(), Problem> {
        let unknown = self.fields().find(|field| !known.contains(field));
        unknown.map_or(Ok(()), |field| {
            let known = known.join(", ");
            Err(Problem::invalid(format!(
                "`{field}` cannot be changed here; only {known} can"
            )))
        })
    }
    fn fields(&self) -> impl Iterator<Item = &str> {
        self.update_mask
            .iter()
            .flat_map(|text| text.split(','))
            .map(str::trim)
    }
}

/// Pause or unpause a dag.
#[utoipa::path(patch, path = "/dags/{dag_id}", operation_id = "patch_dag", tag = "DAG",
    params(("dag_id" = String, Path), MaskQuery), request_body = DagPatchBody,
    responses((status = 200, body = DagResponse)))]
pub(crate) async fn patch_dag(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    mask: Query<MaskQuery>,
    Body(DagPatchBody { is_paused }): Body<DagPatchBody>,
) -> Result<Json<DagResponse>, Problem> {
    mask.check(&["is_paused"])?;
    set_paused(&app, &dag_id, is_paused).await?;
    get_dag(State(app), Path(dag_id)).await
}

async fn set_paused(app: &App, dag_id: &str, paused: bool) -> Result<(), Problem> {
    let dag_id = DagId::from(dag_id);
    app.command(Command::SetPaused { dag_id, paused })
        .await
        .map(drop)
}

/// Pause or unpause the dags of one page of a list.
#[utoipa::path(patch, path = "/dags", operation_id = "patch_dags", tag = "DAG",
    params(DagsQuery, MaskQuery), request_body = DagPatchBody,
    responses((status = 200, body = DagCollection)))]
pub(crate) async fn patch_dags(
    State(app): State<App>,
    mask: Query<MaskQuery>,
    Query(query): Query<DagsQuery>,
    Body(DagPatchBody { is_paused }): Body<DagPatchBody>,
) -> Result<Json<DagCollection>, Problem> {
    mask.check(&["is_paused"])?;
    let mut page = app.read(move |book| collect(book, &query)).await?;
    for dag in &mut page.dags {
        set_paused(&app, &dag.dag_id, is_paused).await?;
        dag.is_paused = is_paused;
    }
    Ok(Json(page))
}

/// Delete a dag with all of its runs. It comes back when its file still says it.
// Upstream's document says 200, and upstream answers 204.
#[utoipa::path(delete, path = "/dags/{dag_id}", operation_id = "delete_dag", tag = "DAG",
    params(("dag_id" = String, Path)),
    responses((status = 200, body = crate::wire::Any)))]
pub(crate) async fn delete_dag(
    State(app): State<App>,
    Path(dag_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let dag_id = DagId::from(dag_id);
    app.command(Command::DeleteDag { dag_id })
        .await
        .map(|_| StatusCode::NO_CONTENT)
}
