//! Lists of runs. One page is read from an index and its total comes from tallies; what no index
//! serves is looked through up to a bound, and the answer then says that the total is not exact.

use axum::{Json, extract::State};
use control::book::{Order, Paging, RunCursor, RunFilter};
use model::{
    Timestamp,
    limits::LIST_SCAN_ROWS_MAX,
    run::DagRun,
    state::{DagRunState, DagRunType},
};

use super::DagRunCollection;
use crate::{
    app::App,
    book::{Book, read},
    cursor,
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Path, Pattern, Query, Range, query},
    span::time_range,
    wire::duration_s,
};

query! {
    /// What the list of runs takes.
    RunsQuery {
        partition_date: Range<Timestamp>,
        cursor: Option<String>,
        limit: Limit,
        offset: Offset,
        run_after: Range<Timestamp>,
        logical_date: Range<Timestamp>,
        start_date: Range<Timestamp>,
        end_date: Range<Timestamp>,
        duration: Range<f64>,
        updated_at: Range<Timestamp>,
        conf_contains: Option<String>,
        run_type: Vec<DagRunType>,
        state: Vec<DagRunState>,
        dag_version: Vec<u32>,
        bundle_version: Option<String>,
        order_by: OrderBy,
        run_id: Pattern,
        triggering_user_name: Pattern,
        dag_id: Pattern,
        partition_key: Pattern,
        consuming_asset_pattern: Option<String>,
    }
}

pub(crate) const ORDERS: [&str; 13] = [
    "id",
    "state",
    "dag_id",
    "run_id",
    "logical_date",
    "partition_date",
    "run_after",
    "start_date",
    "end_date",
    "updated_at",
    "conf",
    "duration",
    "dag_run_id",
];

/// Runs of a dag, or of all dags when `dag_id` is `~`.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns", operation_id = "get_dag_runs", tag = "DagRun",
    params(("dag_id" = String, Path), RunsQuery),
    responses((status = 200, body = DagRunCollection)))]
pub(crate) async fn list_runs(
    State(app): State<App>,
    Path(dag_id): Path<String>,
    Query(query): Query<RunsQuery>,
) -> Result<Json<DagRunCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    app.read(move |book| list(book, &dag_id, &[], &query))
        .await
        .map(Json)
}

/// One page. `dag_ids` narrows the list when it is not empty.
pub(crate) fn list(
    book: &Book<'_>,
    dag_id: &str,
    dag_ids: &[String],
    query: &RunsQuery,
) -> Result<DagRunCollection, Problem> {
    let dag = if dag_id == "~" {
        None
    } else {
        Some(book.dag_row(dag_id)?.no)
    };
    let filter = RunFilter {
        dag,
        states: query.state.clone(),
        run_types: query.run_type.clone(),
        run_after: time_range(&query.run_after),
        logical_date: time_range(&query.logical_date),
        start_date: time_range(&query.start_date),
        end_date: time_range(&query.end_date),
    };
    let search = Search {
        book,
        filter,
        dag_ids,
        query,
    };
    match index_order(&query.order_by) {
        Some(order) if search.is_by_index() => search.by_index(order),
        order => search.by_scan(order),
    }
}

struct Search<'s, 'b> {
    book: &'s Book<'b>,
    filter: RunFilter,
    dag_ids: &'s [String],
    query: &'s RunsQuery,
}

/// The order of the index, where it is the one asked for. Runs are numbered as they are created,
/// which is nearly the order of `run_after`; a list by `id` follows the latter.
fn index_order(order: &OrderBy) -> Option<Order> {
    match order.0.first() {
        None => Some(Order::Ascending),
        Some((name, descending)) if matches!(name.as_str(), "id" | "run_after") => {
            Some(if *descending {
                Order::Descending
            } else {
                Order::Ascending
            })
        }
        Some(_) => None,
    }
}

impl Search<'_, '_> {
    /// Whether the filter says all, so that no run needs to be looked at that is not on the page.
    fn is_by_index(&self) -> bool {
        let query = self.query;
        self.dag_ids.is_empty()
            && query.partition_date.is_open()
            && query.duration.is_open()
            && query.updated_at.is_open()
            && query.conf_contains.is_none()
            && query.dag_version.is_empty()
            && query.bundle_version.is_none()
            && query.consuming_asset_pattern.is_none()
            && query.run_id.is_open()
            && query.triggering_user_name.is_open()
            && query.dag_id.is_open()
            && query.partition_key.is_open()
    }

    fn by_index(&self, order: Order) -> Result<DagRunCollection, Problem> {
        let (after, skip) = match self.query.cursor.as_deref() {
            None => (None, self.query.offset.0),
            Some(text) => (cursor::run(text)?, 0),
        };
        let limit = self.query.limit.0;
        let paging = Paging { after, skip, limit };
        let page = read(self.book.snapshot.runs(&self.filter, order, paging, None))?;
        let (total, cut) = self.total()?;
        let is_cursor = self.query.cursor.is_some();
        let previous = if is_cursor {
            self.previous(order, page.items.first())?
        } else {
            None
        };
        Ok(DagRunCollection {
            total_entries: (is_cursor || !cut).then_some(total),
            total_entries_limit: (is_cursor || cut).then_some(LIST_SCAN_ROWS_MAX as u64),
            next_cursor: page.next.filter(|_| is_cursor).map(cursor::of_run),
            previous_cursor: previous,
            dag_runs: self.responses(page.items)?,
        })
    }

    /// From tallies where the states are all that is asked for.
    fn total(&self) -> Result<(u64, bool), Problem> {
        let RunFilter {
            dag,
            states,
            run_types,
            run_after,
            ..
        } = &self.filter;
        let rest = [
            run_after,
            &self.filter.logical_date,
            &self.filter.start_date,
        ];
        let is_open = rest.iter().all(|range| range.is_open()) && self.filter.end_date.is_open();
        if !run_types.is_empty() || !is_open {
            return read(self.book.snapshot.count_runs(&self.filter));
        }
        let counts = read(self.book.snapshot.run_counts(*dag))?;
        let meant = counts
            .iter()
            .filter(|(state, _)| states.is_empty() || states.contains(state));
        Ok((meant.map(|(_, n)| n).sum(), false))
    }

    /// Where the page before begins: after the run that is one more than a page before this one.
    fn previous(&self, order: Order, first: Option<&DagRun>) -> Result<Option<String>, Problem> {
        let Some(first) = first else { return Ok(None) };
        let back = match order {
            Order::Ascending => Order::Descending,
            Order::Descending => Order::Ascending,
        };
        let after = Some(place(first));
        let limit = self.query.limit.0 + 1;
        let paging = Paging {
            after,
            skip: 0,
            limit,
        };
        let page = read(self.book.snapshot.runs(&self.filter, back, paging, None))?;
        Ok(match page.items.get(limit - 1) {
            Some(before) => Some(cursor::of_run(place(before))),
            None => (!page.items.is_empty()).then(String::new),
        })
    }

    /// Everything that matches, up to the bound, sorted and cut.
    fn by_scan(&self, order: Option<Order>) -> Result<DagRunCollection, Problem> {
        let descends = self
            .query
            .order_by
            .0
            .first()
            .is_some_and(|(_, descending)| *descending);
        let direction = if descends {
            Order::Descending
        } else {
            Order::Ascending
        };
        let paging = Paging {
            after: None,
            skip: 0,
            limit: usize::MAX,
        };
        let keep = |run: &DagRun| self.keeps(run).unwrap_or(false);
        let keep: Option<&dyn Fn(&DagRun) -> bool> = if self.is_by_index() {
            None
        } else {
            Some(&keep)
        };
        let found = read(
            self.book
                .snapshot
                .runs(&self.filter, direction, paging, keep),
        )?;
        let is_cursor = self.query.cursor.is_some();
        let offset = match self.query.cursor.as_deref() {
            None => self.query.offset,
            Some(text) => Offset(cursor::offset(text)?),
        };
        let (runs, total) = if order.is_none() {
            let key = |run: &DagRun, name: &str| self.key(run, name);
            page::first_of(
                &found.items,
                &self.query.order_by,
                key,
                offset,
                self.query.limit,
            )
        } else {
            page::cut(found.items, offset, self.query.limit)
        };
        let (next, previous) = cursor::around(is_cursor, offset.0, self.query.limit.0, total);
        Ok(DagRunCollection {
            dag_runs: self.responses(runs)?,
            total_entries: (is_cursor || !found.cut).then_some(total),
            total_entries_limit: (is_cursor || found.cut).then_some(LIST_SCAN_ROWS_MAX as u64),
            next_cursor: next,
            previous_cursor: previous,
        })
    }

    fn keeps(&self, run: &DagRun) -> Result<bool, Problem> {
        let query = self.query;
        let plain = query.partition_date.contains(run.partition_date.as_ref())
            && query
                .duration
                .contains(duration_s(run.start_date, run.end_date).as_ref())
            && query.updated_at.contains(updated_at(run).as_ref())
            && query
                .conf_contains
                .as_ref()
                .is_none_or(|text| run.conf.to_string().contains(text))
            && (query.dag_version.is_empty() || query.dag_version.contains(&run.version.0))
            && query.bundle_version.is_none()
            && query.consuming_asset_pattern.is_none()
            && query.run_id.matches(&run.run_id)
            && query
                .triggering_user_name
                .matches_any(run.triggering_user.as_deref().into_iter())
            && query
                .partition_key
                .matches_any(run.partition_key.as_deref().into_iter());
        if !plain || (self.dag_ids.is_empty() && query.dag_id.is_open()) {
            return Ok(plain);
        }
        Ok(self.book.row(run.dag)?.is_some_and(|row| {
            let dag_id = row.dag_id.as_str();
            (self.dag_ids.is_empty() || self.dag_ids.iter().any(|one| one == dag_id))
                && query.dag_id.matches(dag_id)
        }))
    }

    fn key(&self, run: &DagRun, name: &str) -> Key {
        match name {
            "state" => Key::text(run.state.as_str()),
            "dag_id" => {
                let row = self.book.row(run.dag).ok().flatten();
                row.map_or(Key::Nothing, |row| Key::text(row.dag_id.as_str()))
            }
            "run_id" | "dag_run_id" => Key::text(run.run_id.as_str()),
            "logical_date" => Key::at(run.logical_date),
            "partition_date" => Key::at(run.partition_date),
            "run_after" => Key::At(run.run_after),
            "start_date" => Key::at(run.start_date),
            "end_date" => Key::at(run.end_date),
            "updated_at" => Key::at(updated_at(run)),
            "conf" => Key::text(run.conf.to_string()),
            "duration" => {
                duration_s(run.start_date, run.end_date).map_or(Key::Nothing, Key::Number)
            }
            _ => Key::text(format!("{:020}", run.no.0)),
        }
    }

    fn responses(&self, runs: Vec<DagRun>) -> Result<Vec<super::DagRunResponse>, Problem> {
        let mut out = Vec::with_capacity(runs.len());
        for run in runs {
            if let Some(row) = self.book.row(run.dag)? {
                out.push(self.book.run_response(&row, run)?);
            }
        }
        Ok(out)
    }
}

fn place(run: &DagRun) -> RunCursor {
    RunCursor {
        run_after: run.run_after,
        run: run.no,
    }
}

/// The last thing that is known to have happened to it.
fn updated_at(run: &DagRun) -> Option<Timestamp> {
    [
        run.queued_at,
        run.start_date,
        run.end_date,
        run.last_scheduling_decision,
    ]
    .into_iter()
    .flatten()
    .max()
}
