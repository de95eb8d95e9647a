//! XComs of a task instance.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use control::book::XCom;
use model::{
    MapIndex, TiKey, Timestamp,
    command::Command,
    limits::{KEY_CHARS_MAX, XCOM_BYTES_MAX},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    dags::display_name,
    task_instances::{MapQuery, task_display_name},
};
use crate::{
    app::App,
    book::{Book, Found, read},
    page::{self, Key},
    problem::Problem,
    request::{Body, Limit, Offset, OrderBy, Path, Pattern, Query, Range, query},
    wire::{Any, At},
};

/// An XCom without its value.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct XComResponse {
    key: String,
    timestamp: At,
    logical_date: Option<At>,
    map_index: i32,
    task_id: String,
    dag_id: String,
    run_id: String,
    dag_display_name: String,
    task_display_name: String,
    run_after: At,
}

/// An XCom with its value as JSON.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct XComResponseNative {
    #[serde(flatten)]
    about: XComResponse,
    value: Any,
}

/// An XCom with its value as text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct XComResponseString {
    #[serde(flatten)]
    about: XComResponse,
    value: Option<String>,
}

/// Either of two answers.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // A description; the answers are made apart.
pub(crate) enum XComAnswer {
    Native(XComResponseNative),
    Text(XComResponseString),
}

/// XComs, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = XComCollectionResponse)]
pub(crate) struct XComCollection {
    xcom_entries: Vec<XComResponse>,
    total_entries: u64,
}

impl XComResponse {
    fn new(book: &Book<'_>, found: &Found, xcom: &XCom) -> Result<Self, Problem> {
        let Found { row, run } = found;
        let task_id = book.task_id(row.no, xcom.key.task)?;
        let dag = book.dag(row, run.version)?;
        let task = dag
            .as_ref()
            .and_then(|dag| dag.tasks.get(dag.position(&task_id)?));
        Ok(Self {
            key: xcom.name.clone(),
            timestamp: At(xcom.at),
            logical_date: run.logical_date.map(At),
            map_index: xcom.key.map.0,
            task_display_name: task.map_or_else(|| task_id.to_string(), task_display_name),
            task_id: task_id.to_string(),
            dag_id: row.dag_id.to_string(),
            run_id: run.run_id.to_string(),
            dag_display_name: display_name(row),
            run_after: At(run.run_after),
        })
    }
}

query! {
    /// What the list of XComs takes.
    XComsQuery {
        xcom_key: Option<String>,
        map_index: Option<i32>,
        limit: Limit,
        offset: Offset,
        xcom_key_pattern: Option<String>,
        xcom_key_prefix_pattern: Option<String>,
        dag_display_name: Pattern,
        run_id: Pattern,
        task_id: Pattern,
        map_index_filter: Option<i32>,
        logical_date: Range<Timestamp>,
        run_after: Range<Timestamp>,
        order_by: OrderBy,
    }
}

type Names = (String, String, String);

/// XComs of a task instance; `~` stands for all dags, all runs and all tasks.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries",
    operation_id = "get_xcom_entries", tag = "XCom",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        XComsQuery),
    responses((status = 200, body = XComCollection)))]
pub(crate) async fn list_xcoms(
    State(app): State<App>,
    Path(names): Path<Names>,
    Query(query): Query<XComsQuery>,
) -> Result<Json<XComCollection>, Problem> {
    query.order_by.check(&[
        "dag_id",
        "task_id",
        "run_id",
        "map_index",
        "key",
        "timestamp",
    ])?;
    app.read(move |book| list(book, &names, &query))
        .await
        .map(Json)
}

/// Runs whose XComs one request may look through.
const RUNS_MAX: usize = 10_000;

/// The runs that two names mean, `~` standing for all.
fn runs(book: &Book<'_>, dag_id: &str, run_id: &str) -> Result<Vec<Found>, Problem> {
    if dag_id != "~" && run_id != "~" {
        return Ok(vec![book.run(dag_id, run_id)?]);
    }
    let dags = match dag_id {
        "~" => book.dag_rows()?,
        named => vec![book.dag_row(named)?],
    };
    let mut found = Vec::new();
    for dag in dags {
        let runs = match run_id {
            "~" => read(book.snapshot.last_runs(dag.no, RUNS_MAX + 1))?,
            named => read(book.snapshot.run_no(dag.no, named))?
                .into_iter()
                .collect(),
        };
        for run in runs {
            found.extend(book.found(run)?);
        }
        if found.len() > RUNS_MAX {
            return Err(Problem::invalid(format!(
                "XComs of more than {RUNS_MAX} runs are not listed at once: name the dag or the run"
            )));
        }
    }
    Ok(found)
}

fn list(
    book: &Book<'_>,
    (dag_id, run_id, task_id): &Names,
    query: &XComsQuery,
) -> Result<XComCollection, Problem> {
    let mut all = Vec::new();
    for found in runs(book, dag_id, run_id)? {
        let meant = query.run_id.matches(&found.run.run_id)
            && query.dag_display_name.matches(&display_name(&found.row))
            && query.logical_date.contains(found.run.logical_date.as_ref())
            && query.run_after.contains(Some(&found.run.run_after));
        if meant {
            of_run(book, &found, task_id, query, &mut all)?;
        }
    }
    all.sort_by(|a, b| in_order(a).cmp(&in_order(b)));
    page::sort(&mut all, &query.order_by, |xcom, name| match name {
        "dag_id" => Key::text(xcom.dag_id.as_str()),
        "run_id" => Key::text(xcom.run_id.as_str()),
        "task_id" => Key::text(xcom.task_id.as_str()),
        "map_index" => Key::number(xcom.map_index),
        "key" => Key::text(xcom.key.as_str()),
        "timestamp" => Key::At(xcom.timestamp.0),
        _ => Key::Nothing,
    });
    let (xcom_entries, total_entries) = page::cut(all, query.offset, query.limit);
    Ok(XComCollection {
        xcom_entries,
        total_entries,
    })
}

fn in_order(xcom: &XComResponse) -> (&str, &str, &str, i32, &str) {
    let XComResponse {
        dag_id,
        run_id,
        task_id,
        ..
    } = xcom;
    (dag_id, run_id, task_id, xcom.map_index, &xcom.key)
}

fn of_run(
    book: &Book<'_>,
    found: &Found,
    task_id: &str,
    query: &XComsQuery,
    all: &mut Vec<XComResponse>,
) -> Result<(), Problem> {
    let names = Pattern {
        like: query.xcom_key_pattern.clone(),
        prefix: query.xcom_key_prefix_pattern.clone(),
    };
    for xcom in read(book.snapshot.xcoms_of_run(found.run.no))? {
        let id = book.task_id(found.row.no, xcom.key.task)?;
        let map = xcom.key.map.0;
        let is_named = query.xcom_key.as_ref().is_none_or(|of| *of == xcom.name);
        let meant = (task_id == "~" || id.as_str() == task_id)
            && is_named
            && query.map_index.is_none_or(|asked| asked == map)
            && query.map_index_filter.is_none_or(|asked| asked == map)
            && names.matches(&xcom.name)
            && query.task_id.matches(&id);
        if meant {
            all.push(XComResponse::new(book, found, &xcom)?);
        }
    }
    Ok(())
}

query! {
    /// What one XCom takes.
    #[allow(dead_code)] // Read and checked as upstream does; no answer differs by it.
    XComQuery {
        map_index: i32 = -1,
        deserialize: bool = false,
        stringify: bool = false,
    }
}

type Entry = (String, String, String, String);

/// An XCom; its value as text with `stringify`.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}",
    operation_id = "get_xcom_entry", tag = "XCom",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("xcom_key" = String, Path), XComQuery),
    responses((status = 200, body = XComAnswer)))]
pub(crate) async fn get_xcom(
    State(app): State<App>,
    Path(entry): Path<Entry>,
    query: Query<XComQuery>,
) -> Result<Response, Problem> {
    let answer = native(&app, entry, query.map_index).await?;
    if !query.stringify {
        return Ok(Json(answer).into_response());
    }
    let XComResponseNative { about, value } = answer;
    let value = Some(value.into_text());
    Ok(Json(XComResponseString { about, value }).into_response())
}

async fn native(
    app: &App,
    (dag_id, run_id, task_id, name): Entry,
    map: i32,
) -> Result<XComResponseNative, Problem> {
    app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        let key = key(book, &found, &task_id, map)?;
        let xcom = key
            .map(|key| read(book.snapshot.xcom(key, &name)))
            .transpose()?
            .flatten();
        let xcom = xcom.ok_or_else(|| Problem::not_found("XCom", &name))?;
        let about = XComResponse::new(book, &found, &xcom)?;
        Ok(XComResponseNative {
            about,
            value: Any(xcom.value),
        })
    })
    .await
}

fn key(book: &Book<'_>, found: &Found, task_id: &str, map: i32) -> Result<Option<TiKey>, Problem> {
    let task = book.task_no(found.row.no, task_id)?;
    Ok(task.map(|task| TiKey {
        run: found.run.no,
        task,
        map: MapIndex(map),
    }))
}

/// An XCom to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct XComCreateBody {
    key: String,
    value: Any,
    #[serde(default = "no_map")]
    map_index: i32,
}

/// A value to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct XComUpdateBody {
    value: Any,
    #[serde(default = "no_map")]
    map_index: i32,
}

const fn no_map() -> i32 {
    -1
}

/// Sets a value; `is_new` says whether it has to be there already or must not be.
async fn put(
    app: &App,
    entry: Entry,
    map: i32,
    value: model::Json,
    is_new: bool,
) -> Result<XComResponseNative, Problem> {
    if value.to_string().len() > XCOM_BYTES_MAX {
        let text = format!("a value has at most {} KiB of JSON", XCOM_BYTES_MAX >> 10);
        return Err(Problem::field("value", "too_long", text, ""));
    }
    let n_chars = entry.3.chars().count();
    if n_chars == 0 || n_chars > KEY_CHARS_MAX {
        let text = format!("an XCom's key has 1 to {KEY_CHARS_MAX} characters");
        return Err(Problem::field("key", "string_length", text, &entry.3));
    }
    let (dag_id, run_id, task_id, name) = entry.clone();
    let key = app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        let key = book.ti(&found, &task_id, map)?.key;
        match (read(book.snapshot.xcom(key, &name))?.is_some(), is_new) {
            (true, true) => Err(Problem::conflict(format!(
                "there is an XCom `{name}` already"
            ))),
            (false, false) => Err(Problem::not_found("XCom", &name)),
            (true, false) | (false, true) => Ok(key),
        }
    });
    let command = Command::PutXCom {
        key: key.await?,
        name: entry.3.clone(),
        value,
    };
    app.command(command).await?;
    native(app, entry, map).await
}

/// Create an XCom.
#[utoipa::path(post,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries",
    operation_id = "create_xcom_entry", tag = "XCom",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path)),
    request_body = XComCreateBody, responses((status = 201, body = XComResponseNative)))]
pub(crate) async fn create_xcom(
    State(app): State<App>,
    Path((dag_id, run_id, task_id)): Path<Names>,
    Body(XComCreateBody {
        key,
        value,
        map_index,
    }): Body<XComCreateBody>,
) -> Result<(StatusCode, Json<XComResponseNative>), Problem> {
    let entry = (dag_id, run_id, task_id, key);
    let made = put(&app, entry, map_index, value.0, true).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Change the value of an XCom.
#[utoipa::path(patch,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}",
    operation_id = "update_xcom_entry", tag = "XCom",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("xcom_key" = String, Path)),
    request_body = XComUpdateBody, responses((status = 200, body = XComResponseNative)))]
pub(crate) async fn patch_xcom(
    State(app): State<App>,
    Path(entry): Path<Entry>,
    Body(XComUpdateBody { value, map_index }): Body<XComUpdateBody>,
) -> Result<Json<XComResponseNative>, Problem> {
    put(&app, entry, map_index, value.0, false).await.map(Json)
}

/// Delete an XCom.
#[utoipa::path(delete,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/xcomEntries/{xcom_key}",
    operation_id = "delete_xcom_entry", tag = "XCom",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("xcom_key" = String, Path), MapQuery),
    responses((status = 204)))]
pub(crate) async fn delete_xcom(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, name)): Path<Entry>,
    query: Query<MapQuery>,
) -> Result<StatusCode, Problem> {
    let map = query.map_index;
    let wanted = name.clone();
    let key = app.read(move |book| {
        let found = book.run(&dag_id, &run_id)?;
        let key = key(book, &found, &task_id, map)?;
        let there = key
            .map(|key| read(book.snapshot.xcom(key, &wanted)))
            .transpose()?
            .flatten();
        key.filter(|_| there.is_some())
            .ok_or_else(|| Problem::not_found("XCom", &wanted))
    });
    let key = key.await?;
    app.command(Command::DeleteXCom { key, name }).await?;
    Ok(StatusCode::NO_CONTENT)
}
