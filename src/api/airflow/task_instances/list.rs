//! Lists of task instances: by index where the run, the dag and the states say all that is asked
//! for, else looked through up to a bound.

use axum::{Json, extract::State};
use control::book::{Order, Paging, TiFilter};
use model::{
    TaskNo, Timestamp, limits::LIST_SCAN_ROWS_MAX, state::TaskInstanceState,
    task_instance::TaskInstance,
};

use super::{TaskInstanceCollection, TaskInstanceResponse, operator_name};
use crate::{
    app::App,
    book::{Book, Found, read},
    cursor,
    page::{self, Key},
    problem::Problem,
    request::{Limit, Offset, OrderBy, Path, Pattern, Query, Range, query},
    span::time_range,
    wire::duration_s,
};

query! {
    /// What lists of task instances take.
    TisQuery {
        cursor: Option<String>,
        task_id: Option<String>,
        run_after: Range<Timestamp>,
        logical_date: Range<Timestamp>,
        start_date: Range<Timestamp>,
        end_date: Range<Timestamp>,
        updated_at: Range<Timestamp>,
        duration: Range<f64>,
        task_display_name: Pattern,
        task_group_id: Option<String>,
        dag_id: Pattern,
        run_id: Pattern,
        state: Vec<TaskInstanceState>,
        pool: Vec<String>,
        pool_name: Pattern,
        queue: Vec<String>,
        queue_name: Pattern,
        executor: Vec<String>,
        version_number: Vec<u32>,
        try_number: Vec<u32>,
        operator: Vec<String>,
        operator_name: Pattern,
        map_index: Vec<i32>,
        rendered_map_index: Pattern,
        limit: Limit,
        offset: Offset,
        order_by: OrderBy,
    }
}

pub(crate) const ORDERS: [&str; 13] = [
    "id",
    "state",
    "duration",
    "start_date",
    "end_date",
    "map_index",
    "try_number",
    "logical_date",
    "run_after",
    "data_interval_start",
    "data_interval_end",
    "rendered_map_index",
    "operator",
];

/// Names that only the body of a batch can give; no condition where empty.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) dag_ids: Vec<String>,
    pub(crate) run_ids: Vec<String>,
    pub(crate) task_ids: Vec<String>,
}

/// Task instances of a run; `~` stands for all dags, or for all runs.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances",
    operation_id = "get_task_instances", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), TisQuery),
    responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn list_tis(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
    Query(query): Query<TisQuery>,
) -> Result<Json<TaskInstanceCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    app.read(move |book| list(book, &dag_id, &run_id, &Names::default(), &query))
        .await
        .map(Json)
}

/// The instances of a mapped task.
#[utoipa::path(get,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}/listMapped",
    operation_id = "get_mapped_task_instances", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        TisQuery),
    responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn list_mapped_tis(
    State(app): State<App>,
    Path((dag_id, run_id, task_id)): Path<(String, String, String)>,
    Query(mut query): Query<TisQuery>,
) -> Result<Json<TaskInstanceCollection>, Problem> {
    query.order_by.check(&ORDERS)?;
    let found = app.read(move |book| {
        if !is_expanded(book, &dag_id, &run_id, &task_id)? {
            query.map_index = vec![i32::MIN];
        }
        query.task_id = Some(task_id);
        list(book, &dag_id, &run_id, &Names::default(), &query)
    });
    found.await.map(Json)
}

/// Whether a mapped task has its instances; 404 for a task that is not mapped. Until then it has
/// one without a map index.
fn is_expanded(
    book: &Book<'_>,
    dag_id: &str,
    run_id: &str,
    task_id: &str,
) -> Result<bool, Problem> {
    let found = book.run(dag_id, run_id)?;
    let Ok(ti) = book.ti(&found, task_id, -1) else {
        let known = book.task_no(found.row.no, task_id)?;
        return known
            .map(|_| true)
            .ok_or_else(|| Problem::not_found("task", task_id));
    };
    let cached = book.cached(found.row.no, ti.version)?;
    let is_mapped = cached.is_some_and(|cached| {
        let task = cached.task(ti.key.task);
        task.is_some_and(|task| cached.dag.needs_expansion(task))
    });
    if is_mapped {
        return Ok(false);
    }
    Err(Problem::not_found("mapped task", task_id))
}

/// One page.
pub(crate) fn list(
    book: &Book<'_>,
    dag_id: &str,
    run_id: &str,
    names: &Names,
    query: &TisQuery,
) -> Result<TaskInstanceCollection, Problem> {
    let dag = if dag_id == "~" {
        None
    } else {
        Some(book.dag_row(dag_id)?.no)
    };
    let run = if dag_id == "~" || run_id == "~" {
        None
    } else {
        Some(book.run(dag_id, run_id)?.run.no)
    };
    let mut states = query.state.clone();
    states.sort_unstable();
    states.dedup();
    let mut filter = TiFilter {
        dag,
        run,
        states,
        tasks: Vec::new(),
        start_date: time_range(&query.start_date),
        end_date: time_range(&query.end_date),
    };
    if let (Some(dag), Some(task_id)) = (dag, &query.task_id) {
        // A number that no task has finds nothing, as it should.
        filter.tasks = vec![book.task_no(dag, task_id)?.unwrap_or(TaskNo(u32::MAX))];
    }
    let search = Search {
        book,
        filter,
        names,
        query,
        run_id: (dag_id == "~").then_some(run_id),
    };
    match search.index_order() {
        Some(order) if search.is_by_index() => search.by_index(order),
        Some(_) | None => search.by_scan(),
    }
}

struct Search<'s, 'b> {
    book: &'s Book<'b>,
    filter: TiFilter,
    names: &'s Names,
    query: &'s TisQuery,
    /// A run's id in all dags.
    run_id: Option<&'s str>,
}

impl Search<'_, '_> {
    /// The order of the book, where it is the one asked for: by run, in it by task and map index.
    fn index_order(&self) -> Option<Order> {
        match self.query.order_by.0.first() {
            None => Some(Order::Ascending),
            Some((name, descending)) => match (name.as_str(), descending) {
                ("map_index" | "id", false) => Some(Order::Ascending),
                ("run_after" | "logical_date", false) => Some(Order::Ascending),
                ("run_after" | "logical_date", true) => Some(Order::Descending),
                _ => None,
            },
        }
    }

    fn is_by_index(&self) -> bool {
        let (query, names) = (self.query, self.names);
        let lists = [&query.pool, &query.queue, &query.executor, &query.operator];
        let named = [&names.dag_ids, &names.run_ids, &names.task_ids];
        let patterns = [
            &query.task_display_name,
            &query.dag_id,
            &query.run_id,
            &query.pool_name,
            &query.queue_name,
            &query.operator_name,
            &query.rendered_map_index,
        ];
        let spans = [&query.run_after, &query.logical_date, &query.updated_at];
        lists.iter().chain(&named).all(|list| list.is_empty())
            && patterns.iter().all(|pattern| pattern.is_open())
            && spans.iter().all(|span| span.is_open())
            && query.duration.is_open()
            && query.version_number.is_empty()
            && query.try_number.is_empty()
            && query.map_index.is_empty()
            && query.task_group_id.is_none()
            && (query.task_id.is_none() || !self.filter.tasks.is_empty())
            && self.run_id.is_none_or(|run_id| run_id == "~")
    }

    fn page(&self) -> Result<(bool, Offset), Problem> {
        match self.query.cursor.as_deref() {
            None => Ok((false, self.query.offset)),
            Some(text) => Ok((true, Offset(cursor::offset(text)?))),
        }
    }

    fn by_index(&self, order: Order) -> Result<TaskInstanceCollection, Problem> {
        let (is_cursor, offset) = self.page()?;
        let limit = self.query.limit.0;
        let paging = Paging {
            after: None,
            skip: offset.0,
            limit,
        };
        let page = read(
            self.book
                .snapshot
                .task_instances_all(&self.filter, order, paging, None),
        )?;
        let total = self.total()?;
        let end = offset.0.saturating_add(page.items.len()) as u64;
        // Where nothing counts them, a further page is known by this one's not being the last.
        let known = total.unwrap_or(end + u64::from(page.next.is_some()));
        let (next, previous) = cursor::around(is_cursor, offset.0, limit, known);
        Ok(TaskInstanceCollection {
            task_instances: self.responses(page.items)?,
            total_entries: total,
            total_entries_limit: (is_cursor || total.is_none())
                .then_some(LIST_SCAN_ROWS_MAX as u64),
            next_cursor: next,
            previous_cursor: previous,
        })
    }

    /// From tallies where the states are all that is asked for.
    fn total(&self) -> Result<Option<u64>, Problem> {
        let TiFilter {
            dag,
            run,
            states,
            tasks,
            start_date,
            end_date,
        } = &self.filter;
        if !start_date.is_open() || !end_date.is_open() || (!tasks.is_empty() && run.is_none()) {
            return Ok(None);
        }
        let snapshot = self.book.snapshot;
        if !tasks.is_empty() {
            let paging = Paging {
                after: None,
                skip: 0,
                limit: usize::MAX,
            };
            let all = snapshot.task_instances_all(&self.filter, Order::Ascending, paging, None);
            let all = read(all)?;
            return Ok((!all.cut).then_some(all.items.len() as u64));
        }
        let counts = match run {
            Some(run) => snapshot.ti_counts_of_run(*run),
            None => snapshot.ti_counts(*dag),
        };
        let counts = read(counts)?;
        let meant = counts
            .iter()
            .filter(|(state, _)| states.is_empty() || states.contains(state));
        Ok(Some(meant.map(|(_, n)| n).sum()))
    }

    fn by_scan(&self) -> Result<TaskInstanceCollection, Problem> {
        let (is_cursor, offset) = self.page()?;
        let descends = self
            .query
            .order_by
            .0
            .first()
            .is_some_and(|(_, descending)| *descending);
        let order = if descends {
            Order::Descending
        } else {
            Order::Ascending
        };
        let paging = Paging {
            after: None,
            skip: 0,
            limit: usize::MAX,
        };
        let keep = |ti: &TaskInstance| self.keeps(ti).ok().flatten().is_some();
        let keep: Option<&dyn Fn(&TaskInstance) -> bool> = if self.is_by_index() {
            None
        } else {
            Some(&keep)
        };
        let found = self
            .book
            .snapshot
            .task_instances_all(&self.filter, order, paging, keep);
        let found = read(found)?;
        let (tis, total) = if self.index_order().is_none() {
            let key = |ti: &TaskInstance, name: &str| self.key(ti, name);
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
        Ok(TaskInstanceCollection {
            task_instances: self.responses(tis)?,
            total_entries: (is_cursor || !found.cut).then_some(total),
            total_entries_limit: (is_cursor || found.cut).then_some(LIST_SCAN_ROWS_MAX as u64),
            next_cursor: next,
            previous_cursor: previous,
        })
    }

    /// Some when all that the filter does not know is met.
    fn keeps(&self, ti: &TaskInstance) -> Result<Option<()>, Problem> {
        let query = self.query;
        let plain = query
            .duration
            .contains(duration_s(ti.start_date, ti.end_date).as_ref())
            && query.updated_at.contains(updated_at(ti).as_ref())
            && (query.version_number.is_empty() || query.version_number.contains(&ti.version.0))
            && (query.try_number.is_empty() || query.try_number.contains(&ti.try_number))
            && (query.map_index.is_empty() || query.map_index.contains(&ti.key.map.0))
            && query
                .rendered_map_index
                .matches_any(ti.rendered_map_index.as_deref().into_iter())
            && query.executor.is_empty();
        if !plain {
            return Ok(None);
        }
        let Some(found) = self.book.found(ti.key.run)? else {
            return Ok(None);
        };
        if !self.keeps_run(&found) || !self.keeps_task(&found, ti)? {
            return Ok(None);
        }
        Ok(Some(()))
    }

    fn keeps_run(&self, found: &Found) -> bool {
        let (query, names) = (self.query, self.names);
        let Found { row, run } = found;
        let named = |names: &[String], name: &str| {
            names.is_empty() || names.iter().any(|one| one == name || one == "~")
        };
        query.run_after.contains(Some(&run.run_after))
            && query.logical_date.contains(run.logical_date.as_ref())
            && query.dag_id.matches(&row.dag_id)
            && query.run_id.matches(&run.run_id)
            && named(&names.dag_ids, &row.dag_id)
            && named(&names.run_ids, &run.run_id)
            && self
                .run_id
                .is_none_or(|id| id == "~" || id == run.run_id.as_str())
    }

    fn keeps_task(&self, found: &Found, ti: &TaskInstance) -> Result<bool, Problem> {
        let (query, names) = (self.query, self.names);
        let task_id = self.book.task_id(found.row.no, ti.key.task)?;
        if !names.task_ids.is_empty() && !names.task_ids.iter().any(|id| id == task_id.as_str()) {
            return Ok(false);
        }
        if query
            .task_id
            .as_deref()
            .is_some_and(|id| id != task_id.as_str())
        {
            return Ok(false);
        }
        let cached = self.book.cached(found.row.no, ti.version)?;
        let task = cached.as_ref().and_then(|cached| cached.task(ti.key.task));
        if let Some(group) = &query.task_group_id {
            let dag = cached.as_ref().map(|cached| &cached.dag);
            let inside = dag.is_some_and(|dag| in_group(&dag.groups, group, dag, &task_id));
            if !inside {
                return Ok(false);
            }
        }
        let title = task
            .and_then(|task| task.display_name.as_deref())
            .unwrap_or(&task_id);
        let among = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|one| one == value))
        };
        let pool = task.map_or("default_pool", |task| &task.pool);
        let queue = task.map(|task| task.queue.as_str());
        let operator = task.map(operator_name);
        Ok(query.task_display_name.matches(title)
            && among(&query.pool, Some(pool))
            && query.pool_name.matches(pool)
            && among(&query.queue, queue)
            && query.queue_name.matches_any(queue.into_iter())
            && among(&query.operator, operator)
            && query.operator_name.matches_any(operator.into_iter()))
    }

    fn key(&self, ti: &TaskInstance, name: &str) -> Key {
        let run = || self.book.run_no(ti.key.run).ok().flatten();
        match name {
            "state" if ti.state == TaskInstanceState::NoStatus => Key::Nothing,
            "state" => Key::text(ti.state.as_str()),
            "duration" => duration_s(ti.start_date, ti.end_date).map_or(Key::Nothing, Key::Number),
            "start_date" => Key::at(ti.start_date),
            "end_date" => Key::at(ti.end_date),
            "map_index" => Key::number(ti.key.map.0),
            "try_number" => Key::number(ti.try_number),
            "logical_date" => Key::at(run().and_then(|run| run.logical_date)),
            "run_after" => Key::at(run().map(|run| run.run_after)),
            "data_interval_start" => Key::at(
                run()
                    .and_then(|run| run.data_interval)
                    .map(|interval| interval.start),
            ),
            "data_interval_end" => Key::at(
                run()
                    .and_then(|run| run.data_interval)
                    .map(|interval| interval.end),
            ),
            "rendered_map_index" => ti
                .rendered_map_index
                .clone()
                .map_or(Key::Nothing, Key::Text),
            "operator" => {
                let cached = run().and_then(|run| self.book.cached(run.dag, ti.version).ok()?);
                let name = cached
                    .as_ref()
                    .and_then(|c| c.task(ti.key.task))
                    .map(operator_name);
                name.map_or(Key::Nothing, Key::text)
            }
            _ => Key::text(format!("{:020}.{:010}", ti.key.run.0, ti.key.task.0)),
        }
    }

    fn responses(&self, tis: Vec<TaskInstance>) -> Result<Vec<TaskInstanceResponse>, Problem> {
        let mut out = Vec::with_capacity(tis.len());
        for ti in tis {
            if let Some(found) = self.book.found(ti.key.run)? {
                out.push(self.book.ti_response(&found, ti)?);
            }
        }
        Ok(out)
    }
}

fn in_group(
    groups: &[model::dag::TaskGroup],
    wanted: &str,
    dag: &model::dag::Dag,
    task_id: &str,
) -> bool {
    let holds = |at: &usize| {
        dag.tasks
            .get(*at)
            .is_some_and(|task| &*task.task_id == task_id)
    };
    groups.iter().any(|group| {
        (group.group_id == wanted && group.tasks.iter().any(holds))
            || in_group(&group.groups, wanted, dag, task_id)
    })
}

fn updated_at(ti: &TaskInstance) -> Option<Timestamp> {
    [
        ti.scheduled_when,
        ti.queued_when,
        ti.start_date,
        ti.end_date,
    ]
    .into_iter()
    .flatten()
    .max()
}
