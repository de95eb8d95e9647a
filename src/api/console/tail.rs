//! A log as it is written, by server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt};
use tokio::sync::{OwnedSemaphorePermit, broadcast::error::RecvError};

use crate::{
    airflow::logs::{LogOf, TryNames, find, line, page},
    app::App,
    problem::Problem,
    request::{Path, Query, query},
};

/// Bytes of lines in one event; a client that is slow to take them holds no more than that.
const EVENT_BYTES_MAX: usize = 256 * 1024;
/// How long to wait for word of a change before looking all the same: lines are no change.
const LOOK_MS: u64 = 250;
/// The same while nothing comes.
const LOOK_MS_MAX: u64 = 1_000;

query! {
    /// What the tail takes.
    TailQuery {
        offset: u64 = 0,
        lines: Option<u32>,
    }
}

struct Tail {
    app: App,
    names: TryNames,
    log: LogOf,
    offset: u64,
    look_ms: u64,
    /// Lines left out, to be told first. Without a first event a browser would also not learn that
    /// its question was taken, until there is a line.
    skipped: Option<u64>,
    _place: OwnedSemaphorePermit,
}

/// `start` with how many lines are `skipped`; `lines` with a list of log lines, its id the byte
/// that the next ones begin at; `end` when no more will come. `lines` in the query leaves out all
/// but the last so many that are there.
#[utoipa::path(get, path = "/orrery/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{task_id}\
/{map_index}/logs/{try_number}/tail", operation_id = "orrery_tail", tag = "Orrery",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("task_id" = String, Path),
        ("map_index" = i32, Path), ("try_number" = u32, Path), TailQuery),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn get_tail(
    State(app): State<App>,
    Path((dag_id, run_id, task_id, map, number)): Path<(String, String, String, i32, u32)>,
    query: Query<TailQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let place = app.stream()?;
    let stopped = app.stopped();
    let names = (dag_id, run_id, task_id, number, map);
    let log = find(&app, names.clone()).await?;
    let mut tail = Tail {
        app,
        names,
        log,
        offset: query.offset,
        look_ms: LOOK_MS,
        skipped: Some(0),
        _place: place,
    };
    if let Some(lines) = query.lines {
        tail.skip(lines).await?;
    }
    let events = futures_util::stream::unfold(Some(tail), |tail| async {
        let mut tail = tail?;
        match tail.next().await {
            Some(event) => Some((Ok(event), Some(tail))),
            None => Some((Ok(Event::default().event("end").data("{}")), None)),
        }
    });
    let events = events.take_until(Box::pin(stopped));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Tail {
    /// The next lines, once there are some; none when the log is complete.
    async fn next(&mut self) -> Option<Event> {
        if let Some(skipped) = self.skipped.take() {
            let data = serde_json::json!({ "skipped": skipped });
            return Some(Event::default().event("start").data(data.to_string()));
        }
        let mut changes = self.app.control().changes();
        loop {
            // The state is asked for before the file: what a finished try wrote is then all there.
            let log = find(&self.app, self.names.clone()).await;
            let was_open = log.as_ref().is_ok_and(|log| log.is_open);
            if let Ok(log) = log {
                self.log = log;
            }
            let page = page(self.log.clone(), self.offset, EVENT_BYTES_MAX)
                .await
                .ok()?;
            self.offset = page.next;
            if !page.text.is_empty() {
                self.look_ms = LOOK_MS;
                let lines = page.text.lines().map(line).collect();
                let data = model::Json::Array(lines).to_string();
                let event = Event::default().event("lines").id(self.offset.to_string());
                return Some(event.data(data));
            }
            if page.at_end && !was_open {
                return None;
            }
            self.look_ms = (self.look_ms * 2).min(LOOK_MS_MAX);
            let word = async {
                loop {
                    match changes.recv().await {
                        Ok(notice) if notice.runs.contains(&self.log.run) => return true,
                        Ok(_) => {}
                        Err(RecvError::Lagged(_)) => return true,
                        Err(RecvError::Closed) => return false,
                    }
                }
            };
            let look = Duration::from_millis(self.look_ms);
            if tokio::time::timeout(look, word).await == Ok(false) {
                return None;
            }
        }
    }

    /// Leaves out all but the last lines that are there.
    async fn skip(&mut self, lines: u32) -> Result<(), Problem> {
        let (mut ends, mut at) = (std::collections::VecDeque::new(), self.offset);
        let mut skipped = 0;
        loop {
            let page = page(self.log.clone(), at, EVENT_BYTES_MAX).await?;
            let mut end = at;
            for text in page.text.split_inclusive('\n') {
                ends.push_back(end);
                end += text.len() as u64;
                if ends.len() > lines as usize {
                    ends.pop_front();
                    skipped += 1;
                }
            }
            if page.at_end || page.next == at {
                break;
            }
            at = page.next;
        }
        self.offset = ends.front().copied().unwrap_or(at);
        self.skipped = Some(skipped);
        Ok(())
    }
}
