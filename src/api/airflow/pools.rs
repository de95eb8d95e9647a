//! Pools.

use std::collections::HashMap;

use axum::{Json, extract::State, http::StatusCode};
use control::queries::live::{self, PoolUsage};
use model::{PoolName, change::Pool, command::Command, limits::KEY_CHARS_MAX};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    bulk::{self, Actions, BulkResponse, Changes, OnExistence},
    dags::MaskQuery,
    runs::given,
};
use crate::{
    app::App,
    book::read,
    page::{self, Key},
    problem::Problem,
    request::{Body, Limit, Offset, OrderBy, Path, Pattern, Query, query},
};

/// A pool and how full it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PoolResponse {
    name: String,
    /// -1 is without end.
    slots: i32,
    description: Option<String>,
    include_deferred: bool,
    occupied_slots: i64,
    running_slots: i64,
    queued_slots: i64,
    scheduled_slots: i64,
    /// -1 is without end.
    open_slots: i64,
    deferred_slots: i64,
    team_name: Option<String>,
}

/// Pools, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PoolCollectionResponse)]
pub(crate) struct PoolCollection {
    pools: Vec<PoolResponse>,
    total_entries: u64,
}

impl PoolResponse {
    fn new(pool: Pool, usage: Option<&PoolUsage>) -> Self {
        let Pool {
            name,
            slots,
            description,
            include_deferred,
        } = pool;
        let count = |of: fn(&PoolUsage) -> i64| usage.map_or(0, of);
        let occupied = count(|usage| usage.occupied);
        Self {
            name: name.to_string(),
            slots,
            description,
            include_deferred,
            occupied_slots: occupied,
            running_slots: count(|usage| usage.running),
            queued_slots: count(|usage| usage.queued),
            scheduled_slots: count(|usage| usage.scheduled),
            open_slots: if slots < 0 {
                -1
            } else {
                i64::from(slots) - occupied
            },
            deferred_slots: count(|usage| usage.deferred),
            team_name: None,
        }
    }
}

async fn usage(app: &App) -> HashMap<PoolName, PoolUsage> {
    let all = live::pool_usage(app.control()).await.unwrap_or_default();
    all.into_iter()
        .map(|usage| (usage.pool.name.clone(), usage))
        .collect()
}

query! {
    /// What the list of pools takes.
    PoolsQuery {
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
        pool_name: Pattern,
    }
}

/// Pools.
#[utoipa::path(get, path = "/pools", operation_id = "get_pools", tag = "Pool",
    params(PoolsQuery), responses((status = 200, body = PoolCollection)))]
pub(crate) async fn list_pools(
    State(app): State<App>,
    query: Query<PoolsQuery>,
) -> Result<Json<PoolCollection>, Problem> {
    query.order_by.check(&["id", "pool", "name"])?;
    let mut pools = app.read(|book| read(book.snapshot.pools())).await?;
    pools.retain(|pool| query.pool_name.matches(&pool.name));
    page::sort(&mut pools, &query.order_by, |pool, _| {
        Key::text(pool.name.as_str())
    });
    let (pools, total_entries) = page::cut(pools, query.offset, query.limit);
    let usage = usage(&app).await;
    let response = |pool: Pool| {
        let usage = usage.get(&pool.name);
        PoolResponse::new(pool, usage)
    };
    Ok(Json(PoolCollection {
        pools: pools.into_iter().map(response).collect(),
        total_entries,
    }))
}

async fn find(app: &App, name: &str) -> Result<Pool, Problem> {
    let wanted = name.to_owned();
    let found = app
        .read(move |book| read(book.snapshot.pool(&wanted)))
        .await?;
    found.ok_or_else(|| Problem::not_found("pool", name))
}

async fn one(app: &App, name: &str) -> Result<PoolResponse, Problem> {
    let pool = find(app, name).await?;
    Ok(PoolResponse::new(pool, usage(app).await.get(name)))
}

/// A pool.
#[utoipa::path(get, path = "/pools/{pool_name}", operation_id = "get_pool", tag = "Pool",
    params(("pool_name" = String, Path)), responses((status = 200, body = PoolResponse)))]
pub(crate) async fn get_pool(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<PoolResponse>, Problem> {
    one(&app, &name).await.map(Json)
}

/// A pool to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PoolBody {
    name: String,
    slots: i32,
    description: Option<String>,
    #[serde(default)]
    include_deferred: bool,
    team_name: Option<String>,
}

impl bulk::Named for PoolBody {
    fn named(name: String) -> Self {
        Self {
            name,
            slots: 0,
            description: None,
            include_deferred: false,
            team_name: None,
        }
    }
}

impl PoolBody {
    fn into_pool(self) -> Result<Pool, Problem> {
        let Self {
            name,
            slots,
            description,
            include_deferred,
            team_name,
        } = self;
        check_slots(slots)?;
        check_team(team_name.as_deref())?;
        let n_chars = name.chars().count();
        if n_chars == 0 || n_chars > KEY_CHARS_MAX {
            let text = format!("a pool's name has 1 to {KEY_CHARS_MAX} characters");
            return Err(Problem::field("name", "string_length", text, &name));
        }
        Ok(Pool {
            name: name.into(),
            slots,
            description,
            include_deferred,
        })
    }
}

fn check_slots(slots: i32) -> Result<(), Problem> {
    if slots < -1 {
        let text = "slots are -1 (without end), 0 or more";
        return Err(Problem::field(
            "slots",
            "greater_than_equal",
            text,
            &slots.to_string(),
        ));
    }
    Ok(())
}

/// Teams are not there yet.
pub(crate) fn check_team(team_name: Option<&str>) -> Result<(), Problem> {
    match team_name {
        None => Ok(()),
        Some(name) => Err(Problem::field(
            "team_name",
            "value_error",
            "there are no teams",
            name,
        )),
    }
}

async fn put(app: &App, pool: Pool, only_new: bool) -> Result<(), Problem> {
    app.command(Command::PutPool { pool, only_new })
        .await
        .map(drop)
}

/// Create a pool.
#[utoipa::path(post, path = "/pools", operation_id = "post_pool", tag = "Pool",
    request_body = PoolBody, responses((status = 201, body = PoolResponse)))]
pub(crate) async fn create_pool(
    State(app): State<App>,
    Body(body): Body<PoolBody>,
) -> Result<(StatusCode, Json<PoolResponse>), Problem> {
    let pool = body.into_pool()?;
    let name = pool.name.clone();
    put(&app, pool, true).await?;
    Ok((StatusCode::CREATED, Json(one(&app, &name).await?)))
}

/// What can be changed of a pool.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PoolPatchBody {
    /// The pool's name, as in the path.
    #[serde(alias = "name")]
    pool: Option<String>,
    slots: Option<i32>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    include_deferred: Option<bool>,
    team_name: Option<String>,
}

impl PoolPatchBody {
    fn apply(self, pool: &mut Pool, has: impl Fn(&str) -> bool) -> Result<(), Problem> {
        check_team(self.team_name.as_deref())?;
        if self.pool.is_some_and(|name| name != *pool.name) {
            return Err(Problem::invalid(
                "a pool cannot be renamed: create another one",
            ));
        }
        if let Some(slots) = self.slots.filter(|_| has("slots")) {
            check_slots(slots)?;
            pool.slots = slots;
        }
        if let Some(description) = self.description.filter(|_| has("description")) {
            pool.description = description;
        }
        if let Some(include) = self.include_deferred.filter(|_| has("include_deferred")) {
            pool.include_deferred = include;
        }
        Ok(())
    }
}

/// Change a pool.
#[utoipa::path(patch, path = "/pools/{pool_name}", operation_id = "patch_pool", tag = "Pool",
    params(("pool_name" = String, Path), MaskQuery), request_body = PoolPatchBody,
    responses((status = 200, body = PoolResponse)))]
pub(crate) async fn patch_pool(
    State(app): State<App>,
    Path(name): Path<String>,
    mask: Query<MaskQuery>,
    Body(body): Body<PoolPatchBody>,
) -> Result<Json<PoolResponse>, Problem> {
    mask.check(&[
        "pool",
        "name",
        "slots",
        "description",
        "include_deferred",
        "team_name",
    ])?;
    let mut pool = find(&app, &name).await?;
    if name == "default_pool" && !mask.is_within(&["slots", "include_deferred"]) {
        let text = "of `default_pool` only slots and include_deferred may be changed: name them in \
                    update_mask, as in ?update_mask=slots";
        return Err(Problem::invalid(text));
    }
    body.apply(&mut pool, |field| mask.has(field))?;
    put(&app, pool, false).await?;
    one(&app, &name).await.map(Json)
}

async fn delete(app: &App, name: &str) -> Result<(), Problem> {
    app.command(Command::DeletePool { name: name.into() })
        .await
        .map(drop)
}

/// Delete a pool.
#[utoipa::path(delete, path = "/pools/{pool_name}", operation_id = "delete_pool", tag = "Pool",
    params(("pool_name" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_pool(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    delete(&app, &name).await.map(|()| StatusCode::NO_CONTENT)
}

struct Pools(App);

impl Changes<PoolBody> for Pools {
    async fn create(&self, body: PoolBody, on: OnExistence) -> Result<String, Problem> {
        let pool = body.into_pool()?;
        let name = pool.name.to_string();
        put(&self.0, pool, on != OnExistence::Overwrite)
            .await
            .map(|()| name)
    }
    async fn update(&self, body: PoolBody) -> Result<String, Problem> {
        find(&self.0, &body.name).await?;
        let pool = body.into_pool()?;
        let name = pool.name.to_string();
        put(&self.0, pool, false).await.map(|()| name)
    }
    async fn delete(&self, body: PoolBody) -> Result<String, Problem> {
        delete(&self.0, &body.name).await.map(|()| body.name)
    }
}

/// Create, change and delete many pools.
#[utoipa::path(patch, path = "/pools", operation_id = "bulk_pools", tag = "Pool",
    request_body = Actions<PoolBody>, responses((status = 200, body = BulkResponse)))]
pub(crate) async fn bulk_pools(
    State(app): State<App>,
    Body(actions): Body<Actions<PoolBody>>,
) -> Json<BulkResponse> {
    Json(actions.carry_out(Pools(app)).await)
}
