//! The audit log, upstream's event logs.

use axum::{Json, extract::State};
use control::book::{AuditBy, AuditFilter, KeepAudit, Order, Paging};
use model::{
    AuditNo, Timestamp,
    audit::AuditEntry,
    limits::{AUDIT_VALUES_MAX, LIST_SCAN_ROWS_MAX, PAGE_ENTRIES_MAX},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{dags::display_name, task_instances::task_display_name};
use crate::{
    app::App,
    book::{Book, read},
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Path, Query, Range, Text, query},
    span::time_range,
    wire::At,
};

/// One line for each path.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_event_logs))
        .routes(routes!(get_event_log))
}

/// An entry of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EventLogResponse {
    event_log_id: u64,
    when: At,
    dag_id: Option<String>,
    task_id: Option<String>,
    run_id: Option<String>,
    map_index: Option<i32>,
    try_number: Option<u32>,
    event: String,
    logical_date: Option<At>,
    owner: Option<String>,
    extra: Option<String>,
    dag_display_name: Option<String>,
    task_display_name: Option<String>,
}

/// Entries, and how many there are in all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventLogCollectionResponse)]
pub(crate) struct EventLogCollection {
    event_logs: Vec<EventLogResponse>,
    total_entries: u64,
}

impl EventLogResponse {
    fn new(book: &Book<'_>, no: AuditNo, entry: AuditEntry) -> Result<Self, Problem> {
        let AuditEntry {
            event,
            dag_id,
            task_id,
            run_id,
            map_index,
            try_number,
            logical_date,
            owner,
            owner_display_name: _,
            extra,
        } = entry;
        // Names for people are those of today, where the dag is still there.
        let row = match &dag_id {
            Some(dag_id) => match read(book.snapshot.dag_no(dag_id))? {
                Some(no) => book.row(no)?,
                None => None,
            },
            None => None,
        };
        let mut task_name = None;
        if let (Some(row), Some(task_id), Some(_), Some(_)) = (&row, &task_id, &run_id, map_index) {
            let dag = book.dag(row, row.version)?;
            let task = dag.as_ref().and_then(|dag| {
                let at = dag.position(task_id)?;
                dag.tasks.get(at)
            });
            task_name = task.map(task_display_name);
        }
        Ok(Self {
            event_log_id: no.0,
            when: At(no.at()),
            dag_id,
            task_id,
            run_id,
            map_index,
            try_number,
            event,
            logical_date: logical_date.map(At),
            owner,
            extra,
            dag_display_name: row.map(|row| display_name(&row)),
            task_display_name: task_name,
        })
    }
}

query! {
    /// What the audit log takes.
    EventLogsQuery {
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
        dag_id: Text,
        task_id: Text,
        run_id: Text,
        map_index: Option<i32>,
        try_number: Option<u32>,
        owner: Text,
        event: Text,
        excluded_events: Vec<String>,
        included_events: Vec<String>,
        before: Option<Timestamp>,
        after: Option<Timestamp>,
    }
}

const ORDERS: [&str; 11] = [
    "id",
    "event_log_id",
    "dttm",
    "when",
    "dag_id",
    "task_id",
    "run_id",
    "event",
    "logical_date",
    "owner",
    "extra",
];

/// Characters of `extra` that an order by it looks at.
const EXTRA_ORDER_CHARS: usize = 100;

/// The audit log: what people asked for and what the scheduler did by itself, oldest first.
///
/// That a try began and how it ended is not among it, as it is in Airflow: the tries of a task
/// instance say both. Where the order is not by time it is one of the newest 20,000 entries.
#[utoipa::path(get, path = "/eventLogs", operation_id = "get_event_logs", tag = "Event Log",
    params(EventLogsQuery), responses((status = 200, body = EventLogCollection)))]
pub(crate) async fn list_event_logs(
    State(app): State<App>,
    Query(query): Query<EventLogsQuery>,
) -> Result<Json<EventLogCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    app.read(move |book| list(book, &query)).await.map(Json)
}

/// An entry of the audit log.
#[utoipa::path(get, path = "/eventLogs/{event_log_id}", operation_id = "get_event_log",
    tag = "Event Log", params(("event_log_id" = i64, Path)),
    responses((status = 200, body = EventLogResponse)))]
pub(crate) async fn get_event_log(
    State(app): State<App>,
    Path(id): Path<i64>,
) -> Result<Json<EventLogResponse>, Problem> {
    let answer = app.read(move |book| {
        let missing = || Problem::not_found("entry of the audit log with id", id);
        let no = AuditNo(u64::try_from(id).map_err(|_| missing())?);
        let entry = read(book.snapshot.audit_entry(no))?;
        EventLogResponse::new(book, no, entry.ok_or_else(missing)?)
    });
    answer.await.map(Json)
}

fn list(book: &Book<'_>, query: &EventLogsQuery) -> Result<EventLogCollection, Problem> {
    let (filter, is_exact) = filter(book, query)?;
    let keep = |_: AuditNo, entry: &AuditEntry| takes(query, entry);
    let keep: Option<KeepAudit<'_>> = if is_exact { None } else { Some(&keep) };
    let (entries, total_entries) = match order(&query.order_by) {
        Some(order) => {
            let paging = Paging {
                after: None,
                skip: query.offset.0,
                limit: query.limit.0,
            };
            let page = read(book.snapshot.audit(&filter, order, paging, keep))?;
            let (total, _) = read(book.snapshot.count_audit(&filter, keep))?;
            (page.items, total)
        }
        None => sorted(book, query, &filter, keep)?,
    };
    let entries = entries.into_iter();
    let entries = entries.map(|(no, entry)| EventLogResponse::new(book, no, entry));
    Ok(EventLogCollection {
        event_logs: entries.collect::<Result<_, _>>()?,
        total_entries,
    })
}

/// Whether the list is in the order of the book, and which way.
fn order(order: &OrderBy) -> Option<Order> {
    match order.0.first() {
        None => Some(Order::Ascending),
        Some((name, descending)) => match name.as_str() {
            "id" | "event_log_id" | "dttm" | "when" if *descending => Some(Order::Descending),
            "id" | "event_log_id" | "dttm" | "when" => Some(Order::Ascending),
            _ => None,
        },
    }
}

/// What the indexes of the book can tell of what is asked for, and whether that is all.
fn filter(book: &Book<'_>, query: &EventLogsQuery) -> Result<(AuditFilter, bool), Problem> {
    let at = time_range(&Range {
        gt: query.after,
        lt: query.before,
        ..Range::default()
    });
    let mut by = Vec::new();
    let mut is_exact = query.map_index.is_none() && query.try_number.is_none();
    for attribute in AuditBy::ALL {
        let text = text(query, attribute);
        let is_event = attribute == AuditBy::Event;
        let included = is_event && !query.included_events.is_empty();
        let excluded = is_event && !query.excluded_events.is_empty();
        if *text == Text::default() && !included && !excluded {
            continue;
        }
        let takes =
            |value: &str| text.takes(Some(value)) && (!is_event || is_event_of(query, value));
        let values = if let Some(is) = &text.is {
            Some(vec![is.clone()])
        } else if included && query.included_events.len() <= AUDIT_VALUES_MAX {
            Some(query.included_events.clone())
        } else {
            read(
                book.snapshot
                    .audit_values(attribute, AUDIT_VALUES_MAX, &takes),
            )?
        };
        match values {
            Some(mut values) => {
                values.retain(|value| takes(value));
                values.sort_unstable();
                values.dedup();
                by.push((attribute, values));
            }
            None => is_exact = false,
        }
    }
    Ok((AuditFilter { by, at }, is_exact))
}

fn text(query: &EventLogsQuery, by: AuditBy) -> &Text {
    match by {
        AuditBy::Dag => &query.dag_id,
        AuditBy::Task => &query.task_id,
        AuditBy::Run => &query.run_id,
        AuditBy::Event => &query.event,
        AuditBy::Owner => &query.owner,
    }
}

fn is_event_of(query: &EventLogsQuery, event: &str) -> bool {
    let has = |events: &[String]| events.iter().any(|one| one == event);
    let is_included = query.included_events.is_empty() || has(&query.included_events);
    is_included && !has(&query.excluded_events)
}

fn takes(query: &EventLogsQuery, entry: &AuditEntry) -> bool {
    let by = AuditBy::ALL.into_iter();
    by.into_iter().all(|by| text(query, by).takes(by.of(entry)))
        && is_event_of(query, &entry.event)
        && (query.map_index.is_none() || query.map_index == entry.map_index)
        && (query.try_number.is_none() || query.try_number == entry.try_number)
}

type Entries = Vec<(AuditNo, AuditEntry)>;

/// A page of the newest entries in another order. What an entry has to say more is not held for
/// all of them.
fn sorted(
    book: &Book<'_>,
    query: &EventLogsQuery,
    filter: &AuditFilter,
    keep: Option<KeepAudit<'_>>,
) -> Result<(Entries, u64), Problem> {
    let mut all = Vec::new();
    let mut paging = Paging::first(PAGE_ENTRIES_MAX);
    while all.len() < LIST_SCAN_ROWS_MAX {
        let page = read(book.snapshot.audit(filter, Order::Descending, paging, keep))?;
        all.extend(page.items.into_iter().map(|(no, mut entry)| {
            if let Some(extra) = &mut entry.extra
                && let Some((end, _)) = extra.char_indices().nth(EXTRA_ORDER_CHARS)
            {
                extra.truncate(end);
                extra.shrink_to_fit();
            }
            (no, entry)
        }));
        paging.after = page.next;
        if paging.after.is_none() || page.cut {
            break;
        }
    }
    let (page, total) = page::first_of(&all, &query.order_by, key, query.offset, query.limit);
    let whole = page.into_iter().map(|(no, _)| {
        let entry = read(book.snapshot.audit_entry(no))?;
        Ok(entry.map(|entry| (no, entry)))
    });
    let whole: Result<Vec<_>, Problem> = whole.collect();
    Ok((whole?.into_iter().flatten().collect(), total))
}

fn key((no, entry): &(AuditNo, AuditEntry), name: &str) -> Key {
    let text = |text: &Option<String>| text.as_deref().map_or(Key::Nothing, Key::text);
    match name {
        "dag_id" => text(&entry.dag_id),
        "task_id" => text(&entry.task_id),
        "run_id" => text(&entry.run_id),
        "event" => Key::text(entry.event.as_str()),
        "logical_date" => Key::at(entry.logical_date),
        "owner" => text(&entry.owner),
        "extra" => text(&entry.extra),
        _ => Key::At(no.at()),
    }
}
