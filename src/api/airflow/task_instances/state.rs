//! What task instances keep from try to try.

use axum::{Json, extract::State, http::StatusCode};
use model::{
    MapIndex, TiKey, TimeDelta, Timestamp,
    change::{Kept, KeptValue},
    command::Command,
    limits::{KEY_CHARS_MAX, STATE_KEEP_DAYS_DEFAULT, XCOM_BYTES_MAX},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::MapQuery;
use crate::{
    app::App,
    book::{Book, read},
    page,
    problem::{FieldError, Problem},
    request::{Body, Limit, Offset, Path, Query, query},
    wire::{Any, At},
};

/// One line for each path.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_states, clear_states))
        .routes(routes!(get_state, set_state, patch_state, delete_state))
}

/// A value that a task instance keeps.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskStateStoreResponse {
    key: String,
    value: Any,
    updated_at: At,
    expires_at: Option<At>,
}

/// Values that a task instance keeps, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskStateStoreCollectionResponse {
    task_state_store: Vec<TaskStateStoreResponse>,
    total_entries: u64,
}

query! {
    /// What the list of values takes.
    StatesQuery {
        map_index: i32 = -1,
        limit: Limit,
        offset: Offset,
    }
}

query! {
    /// Which instances are to forget.
    ClearStatesQuery {
        map_index: i32 = -1,
        all_map_indices: bool = false,
    }
}

/// Dag, run and task.
type Names = (String, String, String);
/// The same with the key of a value.
type Named = (String, String, String, String);

/// What an instance keeps under a key, and when that was set. Older books do not say when: then it
/// was no later than the try began.
fn value(
    book: &Book<'_>,
    key: TiKey,
    began: Timestamp,
    name: &str,
) -> Result<Option<TaskStateStoreResponse>, Problem> {
    let kept = read(book.snapshot.kept(key, &Kept::State(name.to_owned())))?;
    Ok(kept.map(|kept| {
        let KeptValue {
            value,
            expires_at,
            updated_at,
        } = kept;
        TaskStateStoreResponse {
            key: name.to_owned(),
            value: Any(value),
            updated_at: At(updated_at.unwrap_or(began)),
            expires_at: expires_at.map(At),
        }
    }))
}

/// The instance, with when its try began; none where there is none.
fn instance(
    book: &Book<'_>,
    (dag_id, run_id, task_id): &Names,
    map: i32,
) -> Result<(TiKey, Timestamp), Problem> {
    if map < -1 {
        let told = "a map index is 0 or more, or -1 for a task that is not mapped";
        return Err(Problem::unprocessable(vec![FieldError::new(
            "query",
            "map_index",
            "greater_than_equal",
            told.to_owned(),
            &map.to_string(),
        )]));
    }
    let found = book.run(dag_id, run_id)?;
    let ti = book.ti(&found, task_id, map)?;
    Ok((ti.key, ti.start_date.unwrap_or(found.run.run_after)))
}

/// The values that a task instance keeps.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store",
    operation_id = "list_task_state_store", tag = "Task State Store",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        StatesQuery),
    responses((status = 200, body = TaskStateStoreCollectionResponse)))]
pub(crate) async fn list_states(
    State(app): State<App>,
    Path(names): Path<Names>,
    query: Query<StatesQuery>,
) -> Result<Json<TaskStateStoreCollectionResponse>, Problem> {
    let (offset, limit, map) = (query.offset, query.limit, query.map_index);
    let all = app
        .read(move |book| {
            // As upstream has it, what is not there keeps nothing.
            let (key, began) = match instance(book, &names, map) {
                Ok(found) => found,
                Err(problem) if problem.is_not_found() => return Ok(Vec::new()),
                Err(problem) => return Err(problem),
            };
            let keys = read(book.snapshot.state_keys(key))?;
            let values = keys.iter().map(|name| value(book, key, began, name));
            values.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let all: Vec<_> = all.into_iter().flatten().collect();
    let (task_state_store, total_entries) = page::cut(all, offset, limit);
    Ok(Json(TaskStateStoreCollectionResponse {
        task_state_store,
        total_entries,
    }))
}

/// A value that a task instance keeps.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key}",
    operation_id = "get_task_state_store", tag = "Task State Store",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("key" = String, Path), MapQuery),
    responses((status = 200, body = TaskStateStoreResponse)))]
pub(crate) async fn get_state(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, name)): Path<Named>,
    query: Query<MapQuery>,
) -> Result<Json<TaskStateStoreResponse>, Problem> {
    let map = query.map_index;
    app.read(move |book| {
        let (key, began) = instance(book, &(dag_id, run_id, task_id), map)?;
        let found = value(book, key, began, &name)?;
        found.ok_or_else(|| Problem::not_found("value", &name))
    })
    .await
    .map(Json)
}

/// A value to keep. Without `expires_at` it expires by default, with null never.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskStateStoreBody {
    value: Any,
    #[serde(default = "by_default")]
    #[schema(value_type = Option<String>)]
    expires_at: Option<String>,
}

#[allow(clippy::unnecessary_wraps)] // What is left out differs from null.
fn by_default() -> Option<String> {
    Some("default".to_owned())
}

/// Another value to keep, as long as the one before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskStateStorePatchBody {
    value: Any,
}

fn check(name: &str, value: &model::Json) -> Result<(), Problem> {
    if value.is_null() || value.to_string().len() > XCOM_BYTES_MAX {
        let text = format!("a value is not null and has at most {XCOM_BYTES_MAX} bytes as JSON");
        return Err(Problem::field("value", "value_error", text, ""));
    }
    if name.chars().count() > KEY_CHARS_MAX {
        let text = format!("a key has at most {KEY_CHARS_MAX} characters");
        return Err(Problem::invalid(text));
    }
    Ok(())
}

fn expiry(text: Option<&str>, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
    match text {
        None => Ok(None),
        Some("default") => {
            let day = TimeDelta::from_secs(86_400);
            let kept = (0..STATE_KEEP_DAYS_DEFAULT).fold(now, |at, _| at.plus(day));
            Ok(Some(kept))
        }
        Some(text) => Timestamp::parse(text).map(Some).map_err(|_| {
            let msg = "a time with its offset, null, or `default`";
            Problem::field("expires_at", "datetime_parsing", msg, text)
        }),
    }
}

/// Keep a value with a task instance.
#[utoipa::path(put,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key}",
    operation_id = "set_task_state_store", tag = "Task State Store",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("key" = String, Path), MapQuery),
    request_body = TaskStateStoreBody, responses((status = 204)))]
pub(crate) async fn set_state(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, name)): Path<Named>,
    query: Query<MapQuery>,
    Body(body): Body<TaskStateStoreBody>,
) -> Result<StatusCode, Problem> {
    let Any(value) = body.value;
    check(&name, &value)?;
    let kept = KeptValue {
        value,
        expires_at: expiry(body.expires_at.as_deref(), app.now())?,
        updated_at: Some(app.now()),
    };
    let map = query.map_index;
    let (key, _) = app
        .read(move |book| instance(book, &(dag_id, run_id, task_id), map))
        .await?;
    keep(&app, key, vec![(Kept::State(name), Some(kept))]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keep another value for as long as the one before.
#[utoipa::path(patch,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key}",
    operation_id = "patch_task_state_store", tag = "Task State Store",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("key" = String, Path), MapQuery),
    request_body = TaskStateStorePatchBody, responses((status = 200)))]
pub(crate) async fn patch_state(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, name)): Path<Named>,
    query: Query<MapQuery>,
    Body(body): Body<TaskStateStorePatchBody>,
) -> Result<Json<()>, Problem> {
    let Any(value) = body.value;
    check(&name, &value)?;
    let (map, asked) = (query.map_index, name.clone());
    let (key, before) = app
        .read(move |book| {
            let (key, _) = instance(book, &(dag_id, run_id, task_id), map)?;
            let before = read(book.snapshot.kept(key, &Kept::State(asked.clone())))?;
            let before = before.ok_or_else(|| Problem::not_found("value", &asked))?;
            Ok((key, before))
        })
        .await?;
    let kept = KeptValue {
        value,
        expires_at: before.expires_at,
        updated_at: Some(app.now()),
    };
    keep(&app, key, vec![(Kept::State(name), Some(kept))]).await?;
    Ok(Json(()))
}

/// Keep a value no longer.
#[utoipa::path(delete,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store/{key}",
    operation_id = "delete_task_state_store", tag = "Task State Store",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("key" = String, Path), MapQuery),
    responses((status = 204)))]
pub(crate) async fn delete_state(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, name)): Path<Named>,
    query: Query<MapQuery>,
) -> Result<StatusCode, Problem> {
    let map = query.map_index;
    let (key, _) = app
        .read(move |book| instance(book, &(dag_id, run_id, task_id), map))
        .await?;
    keep(&app, key, vec![(Kept::State(name), None)]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keep nothing any more with a task instance, or with all of its task.
#[utoipa::path(delete,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/state-store",
    operation_id = "clear_task_state_store", tag = "Task State Store",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ClearStatesQuery),
    responses((status = 204)))]
pub(crate) async fn clear_states(
    State(app): State<App>,
    Path(names): Path<Names>,
    query: Query<ClearStatesQuery>,
) -> Result<StatusCode, Problem> {
    let (map, all) = (query.map_index, query.all_map_indices);
    let keys = app
        .read(move |book| {
            let found = book.run(&names.0, &names.1)?;
            let wanted = |key: &TiKey| all || key.map == MapIndex(map);
            let task = book.task_no(found.row.no, &names.2)?;
            let tis = read(book.snapshot.task_instances(found.run.no))?;
            let keys = tis.iter().map(|ti| ti.key);
            let keys = keys.filter(|key| Some(key.task) == task && wanted(key));
            let mut found = Vec::new();
            for key in keys {
                found.push((key, read(book.snapshot.state_keys(key))?));
            }
            if found.is_empty() {
                let (task_id, run_id) = (&names.2, &names.1);
                let what = format_args!("{task_id}` of run `{run_id}");
                return Err(Problem::not_found("task instance", what));
            }
            Ok(found)
        })
        .await?;
    for (key, names) in keys {
        let kept = names.into_iter().map(|name| (Kept::State(name), None));
        keep(&app, key, kept.collect()).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn keep(app: &App, key: TiKey, kept: Vec<(Kept, Option<KeptValue>)>) -> Result<(), Problem> {
    app.command(Command::Keep { key, kept }).await.map(drop)
}
