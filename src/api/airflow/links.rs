//! Extra links of operators: addresses that a try has left as XComs, by the names that its operator
//! gives them.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use model::{TiKey, task_instance::TaskInstance};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    book::{Book, Found, read},
    problem::Problem,
    request::{Path, Query, query},
    wire::Any,
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
    let (map, try_number) = (query.map_index, query.try_number);
    app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        let ti = book.ti(&found, &task_id, map)?;
        check_try(book, &ti, try_number)?;
        links(book, &found, &ti).map(Json)
    })
    .await
}

fn check_try(book: &Book<'_>, ti: &TaskInstance, asked: Option<u32>) -> Result<(), Problem> {
    let Some(asked) = asked.filter(|asked| *asked != ti.try_number) else {
        return Ok(());
    };
    let tries = book.tries(ti.key)?;
    if tries.iter().any(|one| one.try_number == asked) {
        return Ok(());
    }
    Err(Problem::not_found("try", asked))
}

/// XComs are those of the latest try, as upstream has it: earlier ones are cleared by the next.
fn links(book: &Book<'_>, found: &Found, ti: &TaskInstance) -> Result<LinkCollection, Problem> {
    let cached = book.cached(found.row.no, ti.version)?;
    let task = cached.as_ref().and_then(|cached| cached.task(ti.key.task));
    let names = task.map(|task| task.display.extra_links.as_slice());
    let mut extra_links = BTreeMap::new();
    for (name, key) in names.unwrap_or_default() {
        extra_links.insert(name.clone(), link(book, ti.key, key)?);
    }
    Ok(LinkCollection {
        total_entries: extra_links.len() as u64,
        extra_links,
    })
}

fn link(book: &Book<'_>, ti: TiKey, key: &str) -> Result<Option<String>, Problem> {
    let xcom = read(book.snapshot.xcom(ti, key))?;
    let text = xcom.map(|xcom| Any(xcom.value).into_text());
    Ok(text.filter(|text| !text.is_empty()))
}
