//! Events of assets.

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use control::{
    book::{AssetEventFilter, EventsOf, Order, Paging},
    queries::assets::{EventDetails, Known, MadeRun, consumed},
};
use model::{
    AssetEventNo, AssetNo, JsonMap, Timestamp,
    asset::AssetEvent,
    command::{Command, Reply},
    limits::KEY_CHARS_MAX,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::App,
    book::{Book, Found, read},
    page::{self, Key},
    problem::Problem,
    request::{Body, Limit, Offset, OrderBy, Path, Pattern, Query, Range, query},
    span::time_range,
    wire::{Any, At, RunState},
};

/// A run that an asset event made.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DagRunAssetReference {
    run_id: String,
    dag_id: String,
    logical_date: Option<At>,
    start_date: At,
    end_date: Option<At>,
    state: RunState,
    data_interval_start: Option<At>,
    data_interval_end: Option<At>,
    partition_key: Option<String>,
    /// Whether it is the last of the events that the run was made for.
    triggering: bool,
}

/// Word that an asset has changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetEventResponse {
    id: u64,
    asset_id: u32,
    uri: Option<String>,
    name: Option<String>,
    group: Option<String>,
    #[schema(value_type = Option<std::collections::HashMap<String, Any>>)]
    extra: Option<Any>,
    source_task_id: Option<String>,
    source_dag_id: Option<String>,
    source_run_id: Option<String>,
    source_map_index: i32,
    created_dagruns: Vec<DagRunAssetReference>,
    timestamp: At,
    partition_key: Option<String>,
}

/// Events, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssetEventCollectionResponse)]
pub(crate) struct AssetEventCollection {
    asset_events: Vec<AssetEventResponse>,
    total_entries: u64,
}

impl From<MadeRun> for DagRunAssetReference {
    fn from(made: MadeRun) -> Self {
        let MadeRun {
            dag_id,
            run,
            is_triggering,
        } = made;
        // Upstream's shape has a date here even before the start.
        let start_date = run.start_date.unwrap_or(run.run_after);
        Self {
            run_id: run.run_id.to_string(),
            dag_id: dag_id.to_string(),
            logical_date: run.logical_date.map(At),
            start_date: At(start_date),
            end_date: run.end_date.map(At),
            state: RunState(run.state),
            data_interval_start: run.data_interval.map(|interval| At(interval.start)),
            data_interval_end: run.data_interval.map(|interval| At(interval.end)),
            partition_key: run.partition_key,
            triggering: is_triggering,
        }
    }
}

impl From<EventDetails> for AssetEventResponse {
    fn from(details: EventDetails) -> Self {
        let EventDetails {
            event,
            asset,
            aliases: _,
            runs,
        } = details;
        let timestamp = At(event.at());
        let AssetEvent {
            no,
            asset: asset_no,
            extra,
            source,
            aliases: _,
            partition_key,
        } = event;
        Self {
            id: no.0,
            asset_id: asset_no.0,
            uri: Some(asset.uri),
            name: Some(asset.name),
            group: Some(asset.group),
            extra: Some(Any(extra.into())),
            source_map_index: source.as_ref().map_or(-1, |source| source.map.0),
            source_dag_id: source.as_ref().map(|source| source.dag_id.to_string()),
            source_run_id: source.as_ref().map(|source| source.run_id.to_string()),
            source_task_id: source.map(|source| source.task_id.to_string()),
            created_dagruns: runs.into_iter().map(DagRunAssetReference::from).collect(),
            timestamp,
            partition_key,
        }
    }
}

query! {
    /// What the list of events takes.
    AssetEventsQuery {
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
        asset_id: Option<u32>,
        source_dag_id: Option<String>,
        source_task_id: Option<String>,
        source_run_id: Option<String>,
        source_map_index: Option<i32>,
        name: Pattern,
        timestamp: Range<Timestamp>,
    }
}

const ORDERS: [&str; 5] = [
    "source_task_id",
    "source_dag_id",
    "source_run_id",
    "source_map_index",
    "timestamp",
];

/// Events of assets, oldest first.
#[utoipa::path(get, path = "/assets/events", operation_id = "get_asset_events", tag = "Asset",
    params(AssetEventsQuery), responses((status = 200, body = AssetEventCollection)))]
pub(crate) async fn list_asset_events(
    State(app): State<App>,
    Query(query): Query<AssetEventsQuery>,
) -> Result<Json<AssetEventCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    app.read(move |book| list(book, &query)).await.map(Json)
}

fn list(book: &Book<'_>, query: &AssetEventsQuery) -> Result<AssetEventCollection, Problem> {
    let filter = AssetEventFilter {
        of: index(book, query)?,
        at: time_range(&query.timestamp),
    };
    let named = named(book, &query.name)?;
    let keep = |event: &AssetEvent| takes(query, named.as_ref(), event);
    let is_exact = named.is_none() && is_by_index(query, filter.of);
    let keep: Option<&dyn Fn(&AssetEvent) -> bool> = if is_exact { None } else { Some(&keep) };
    let (events, total_entries) = match order(&query.order_by) {
        Some(order) => {
            let paging = Paging {
                after: None,
                skip: query.offset.0,
                limit: query.limit.0,
            };
            let page = read(book.snapshot.asset_events(&filter, order, paging, keep))?;
            let (total, _) = read(book.snapshot.count_asset_events(&filter, keep))?;
            (page.items, total)
        }
        None => {
            let all = Paging::first(usize::MAX);
            let order = Order::Descending;
            let found = read(book.snapshot.asset_events(&filter, order, all, keep))?;
            page::first_of(
                &found.items,
                &query.order_by,
                key,
                query.offset,
                query.limit,
            )
        }
    };
    let mut known = Known::default();
    let mut asset_events = Vec::new();
    for event in events {
        let details = read(known.event(book.snapshot, event, true))?;
        asset_events.extend(details.map(AssetEventResponse::from));
    }
    Ok(AssetEventCollection {
        asset_events,
        total_entries,
    })
}

/// The order of the indexes, where it is the one asked for.
fn order(order: &OrderBy) -> Option<Order> {
    match order.0.first() {
        None => Some(Order::Ascending),
        Some((name, false)) if name == "timestamp" => Some(Order::Ascending),
        Some((name, true)) if name == "timestamp" => Some(Order::Descending),
        Some(_) => None,
    }
}

fn key(event: &AssetEvent, name: &str) -> Key {
    let source = event.source.as_ref();
    let text = |text: Option<&str>| text.map_or(Key::Nothing, Key::text);
    match name {
        "source_task_id" => text(source.map(|source| &*source.task_id)),
        "source_dag_id" => text(source.map(|source| &*source.dag_id)),
        "source_run_id" => text(source.map(|source| &*source.run_id)),
        "source_map_index" => Key::number(source.map_or(-1, |source| source.map.0)),
        _ => Key::At(event.at()),
    }
}

/// The index that serves the filter best.
fn index(book: &Book<'_>, query: &AssetEventsQuery) -> Result<Option<EventsOf>, Problem> {
    let dag = match &query.source_dag_id {
        Some(dag_id) => read(book.snapshot.dag_no(dag_id))?,
        None => None,
    };
    if let (Some(dag), Some(run_id)) = (dag, &query.source_run_id)
        && let Some(run) = read(book.snapshot.run_no(dag, run_id))?
    {
        return Ok(Some(EventsOf::Run(run)));
    }
    if let Some(asset) = query.asset_id {
        return Ok(Some(EventsOf::Asset(AssetNo(asset))));
    }
    Ok(dag.map(EventsOf::Dag))
}

/// Whether the index says all that is asked for.
fn is_by_index(query: &AssetEventsQuery, of: Option<EventsOf>) -> bool {
    let AssetEventsQuery {
        asset_id,
        source_dag_id,
        source_task_id,
        source_run_id,
        source_map_index,
        ..
    } = query;
    let (is_asset, is_dag, is_run) = match of {
        None | Some(EventsOf::Alias(_)) => (false, false, false),
        Some(EventsOf::Asset(_)) => (true, false, false),
        Some(EventsOf::Dag(_)) => (false, true, false),
        Some(EventsOf::Run(_)) => (false, true, true),
    };
    (is_asset || asset_id.is_none())
        && (is_dag || source_dag_id.is_none())
        && (is_run || source_run_id.is_none())
        && source_task_id.is_none()
        && source_map_index.is_none()
}

/// The assets whose name is asked for; none when all are.
fn named(book: &Book<'_>, name: &Pattern) -> Result<Option<BTreeSet<AssetNo>>, Problem> {
    if name.is_open() {
        return Ok(None);
    }
    let rows = read(book.snapshot.assets())?.into_iter();
    let named = rows.filter(|row| name.matches(&row.name));
    Ok(Some(named.map(|row| row.no).collect()))
}

fn takes(query: &AssetEventsQuery, named: Option<&BTreeSet<AssetNo>>, event: &AssetEvent) -> bool {
    let source = event.source.as_ref();
    let is = |wanted: &Option<String>, found: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
    };
    let map = source.map_or(-1, |source| source.map.0);
    query.asset_id.is_none_or(|asset| asset == event.asset.0)
        && named.is_none_or(|named| named.contains(&event.asset))
        && is(&query.source_dag_id, source.map(|source| &*source.dag_id))
        && is(&query.source_run_id, source.map(|source| &*source.run_id))
        && is(&query.source_task_id, source.map(|source| &*source.task_id))
        && query.source_map_index.is_none_or(|wanted| wanted == map)
}

/// Which consumers may have the event; there is one team, so that it changes nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // Read so that a request of upstream's shape is taken.
pub(crate) struct AssetEventAccessControl {
    consumer_teams: Option<Vec<String>>,
    #[serde(default)]
    allow_global: Option<bool>,
}

/// Word that an asset has changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateAssetEventsBody)]
pub(crate) struct AssetEventBody {
    asset_id: u32,
    partition_key: Option<String>,
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, Any>)]
    extra: JsonMap,
    #[allow(dead_code)] // Nothing follows from it.
    access_control: Option<AssetEventAccessControl>,
}

/// Say that an asset has changed.
#[utoipa::path(post, path = "/assets/events", operation_id = "create_asset_event", tag = "Asset",
    request_body = AssetEventBody, responses((status = 200, body = AssetEventResponse)))]
pub(crate) async fn create_asset_event(
    State(app): State<App>,
    Body(body): Body<AssetEventBody>,
) -> Result<Json<AssetEventResponse>, Problem> {
    let AssetEventBody {
        asset_id,
        partition_key,
        mut extra,
        access_control: _,
    } = body;
    if let Some(key) = &partition_key {
        check_partition(key)?;
    }
    extra.insert("from_rest_api".to_owned(), true.into());
    let command = Command::AddAssetEvent {
        asset: AssetNo(asset_id),
        extra,
        partition_key,
    };
    let Reply::AssetEvent(event) = app.command(command).await? else {
        return Err(Problem::hidden());
    };
    app.read(move |book| one(book, event)).await.map(Json)
}

fn check_partition(key: &str) -> Result<(), Problem> {
    if key.trim().is_empty() || key.chars().count() > KEY_CHARS_MAX {
        let text = format!("a partition key has 1 to {KEY_CHARS_MAX} characters, not only blanks");
        return Err(Problem::field(
            "partition_key",
            "string_pattern_mismatch",
            text,
            key,
        ));
    }
    Ok(())
}

fn one(book: &Book<'_>, no: AssetEventNo) -> Result<AssetEventResponse, Problem> {
    let event = read(book.snapshot.asset_event(no))?;
    let details = match event {
        Some(event) => read(Known::default().event(book.snapshot, event, true))?,
        None => None,
    };
    details
        .map(AssetEventResponse::from)
        .ok_or_else(|| Problem::not_found("asset event with id", no))
}

/// The asset events that a run was made for.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents",
    operation_id = "get_upstream_asset_events", tag = "DagRun",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path)),
    responses((status = 200, body = AssetEventCollection)))]
pub(crate) async fn list_upstream_asset_events(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
) -> Result<Json<AssetEventCollection>, Problem> {
    app.read(move |book| {
        let Found { run, .. } = book.run(&dag_id, &run_id)?;
        let events = read(consumed(book.snapshot, run.no, true))?;
        Ok(AssetEventCollection {
            total_entries: events.len() as u64,
            asset_events: events.into_iter().map(AssetEventResponse::from).collect(),
        })
    })
    .await
    .map(Json)
}
