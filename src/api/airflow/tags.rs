//! Tags of dags.

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Pattern, Query, query},
};

/// Tags, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DAGTagCollectionResponse)]
pub(crate) struct TagCollection {
    tags: Vec<String>,
    total_entries: u64,
}

query! {
    /// What the list of tags takes.
    TagsQuery {
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
        tag_name: Pattern,
    }
}

/// All tags of dags that are there.
#[utoipa::path(get, path = "/dagTags", operation_id = "get_dag_tags", tag = "DAG",
    params(TagsQuery), responses((status = 200, body = TagCollection)))]
pub(crate) async fn list_tags(
    State(app): State<App>,
    query: Query<TagsQuery>,
) -> Result<Json<TagCollection>, Problem> {
    query.order_by.check(&["name"])?;
    let rows = app.read(|book| book.dag_rows()).await?;
    let tags = rows
        .into_iter()
        .filter(|row| !row.is_stale)
        .flat_map(|row| row.summary.tags);
    let tags: BTreeSet<String> = tags.filter(|tag| query.tag_name.matches(tag)).collect();
    let mut tags: Vec<String> = tags.into_iter().collect();
    page::sort(&mut tags, &query.order_by, |tag, _| Key::text(tag.as_str()));
    let (tags, total_entries) = page::cut(tags, query.offset, query.limit);
    Ok(Json(TagCollection {
        tags,
        total_entries,
    }))
}
