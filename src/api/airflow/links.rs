//! Extra links of operators: native ones have none.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    problem::Problem,
    request::{Path, Query, query},
};

/// Links by name, and how many there are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExtraLinkCollectionResponse)]
pub(crate) struct LinkCollection {
    extra_links: BTreeMap<String, Option<String>>,
    total_entries: u64,
}

query! {
    /// What the links take.
    #[allow(dead_code)] // Read and checked as upstream does; no answer differs by it.
    LinksQuery {
        map_index: i32 = -1,
        try_number: Option<u32>,
    }
}

/// Extra links of a task instance.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/links",
    operation_id = "get_extra_links", tag = "Extra Links",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        LinksQuery),
    responses((status = 200, body = LinkCollection)))]
pub(crate) async fn get_links(
    State(app): State<App>,
    Path((dag_id, run_id, task_id)): Path<(String, String, String)>,
    query: Query<LinksQuery>,
) -> Result<Json<LinkCollection>, Problem> {
    let map = query.map_index;
    let found = app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        book.ti(&found, &task_id, map).map(drop)
    });
    found.await?;
    Ok(Json(LinkCollection {
        extra_links: BTreeMap::new(),
        total_entries: 0,
    }))
}
