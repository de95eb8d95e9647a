//! Live changes by server-sent events: what changed, not how; who looks at it asks again.
//!
//! Changes are gathered so that one client is told at most four times a second, the first time at
//! once. A client that falls too far behind is told to look at everything again.

use std::{
    collections::{BTreeSet, HashMap},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use control::Notice;
use futures_util::{Stream, StreamExt};
use model::{DagNo, RunNo, limits::EVENTS_EVERY_MS};
use serde_json::json;
use tokio::{
    sync::{
        OwnedSemaphorePermit,
        broadcast::{Receiver, error::RecvError, error::TryRecvError},
    },
    time::Instant,
};

use crate::{app::App, problem::Problem};

/// What changed since a client was last told.
#[derive(Debug, Default, PartialEq)]
struct Gathered {
    dags: BTreeSet<DagNo>,
    runs: BTreeSet<RunNo>,
    import_errors: bool,
    pools: bool,
    /// Too much to name: look at all of it.
    all: bool,
}

/// Dags and runs named in one event; beyond, everything is said to have changed.
const NAMED_MAX: usize = 1_000;

impl Gathered {
    fn add(&mut self, notice: &Notice) {
        let Notice {
            dags,
            runs,
            pools,
            import_errors,
        } = notice;
        self.dags.extend(dags);
        self.runs.extend(runs);
        self.pools |= pools;
        self.import_errors |= import_errors;
        self.all |= self.dags.len() + self.runs.len() > NAMED_MAX;
    }
    /// Takes what waits without waiting; false when the other end is gone.
    fn drain(&mut self, notices: &mut Receiver<Arc<Notice>>) -> bool {
        loop {
            match notices.try_recv() {
                Ok(notice) => self.add(&notice),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Lagged(_)) => self.all = true,
                Err(TryRecvError::Closed) => return false,
            }
        }
    }
}

struct Client {
    app: App,
    notices: Receiver<Arc<Notice>>,
    told: Option<Instant>,
    /// Whether to say hello next: at the beginning, and when all has to be looked at again.
    greets: bool,
    names: HashMap<DagNo, String>,
    _place: OwnedSemaphorePermit,
}

/// `hello` with the version and the time here, then `changes` as they happen.
#[utoipa::path(get, path = "/orrery/events", operation_id = "orrery_events", tag = "Orrery",
    responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(crate) async fn get_events(
    State(app): State<App>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let place = app.stream()?;
    // From here on nothing is missed; what was before is read by whoever asks.
    let notices = app.control().changes();
    let stopped = app.stopped();
    let client = Client {
        app,
        notices,
        told: None,
        greets: true,
        names: HashMap::new(),
        _place: place,
    };
    let events = futures_util::stream::unfold(client, |mut client| async move {
        let event = client.next().await?;
        Some((Ok(event), client))
    });
    let events = events.take_until(Box::pin(stopped));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Client {
    /// The next event; none when we stop.
    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.greets) {
            return Some(self.hello());
        }
        let mut gathered = Gathered::default();
        match self.notices.recv().await {
            Ok(notice) => gathered.add(&notice),
            Err(RecvError::Lagged(_)) => gathered.all = true,
            Err(RecvError::Closed) => return None,
        }
        if let Some(told) = self.told {
            tokio::time::sleep_until(told + Duration::from_millis(EVENTS_EVERY_MS)).await;
        }
        if !gathered.drain(&mut self.notices) {
            return None;
        }
        self.told = Some(Instant::now());
        Some(self.event(gathered).await)
    }

    fn hello(&self) -> Event {
        let version = &self.app.place().version;
        let hello = json!({ "version": version, "server_time": self.app.now().to_string() });
        Event::default().event("hello").data(hello.to_string())
    }

    async fn event(&mut self, gathered: Gathered) -> Event {
        let mut data = match self.data(&gathered).await {
            Some(data) if !gathered.all => data,
            Some(_) | None => {
                // Who reconnects looks at all of it again, and so does who is greeted again.
                self.greets = true;
                json!({
                    "dags": [], "runs": [], "import_errors": true, "pools": true, "all": true,
                })
            }
        };
        if let Some(object) = data.as_object_mut() {
            object.entry("all").or_insert(false.into());
        }
        Event::default().event("changes").data(data.to_string())
    }

    /// The names of what changed; none when they cannot be read.
    async fn data(&mut self, gathered: &Gathered) -> Option<model::Json> {
        let Gathered {
            dags,
            runs,
            import_errors,
            pools,
            all,
        } = gathered;
        if *all {
            return None;
        }
        let (dags, runs, known) = (dags.clone(), runs.clone(), std::mem::take(&mut self.names));
        let named = self.app.read(move |book| {
            let mut known = known;
            let mut name = |dag: DagNo| -> Result<Option<String>, Problem> {
                if let Some(name) = known.get(&dag) {
                    return Ok(Some(name.clone()));
                }
                let row = book.row(dag)?;
                let name = row.map(|row| row.dag_id.to_string());
                if let Some(name) = &name {
                    known.insert(dag, name.clone());
                }
                Ok(name)
            };
            let mut dag_ids = Vec::with_capacity(dags.len());
            for dag in dags {
                dag_ids.extend(name(dag)?);
            }
            let mut run_ids = Vec::with_capacity(runs.len());
            for run in runs {
                if let Some(run) = book.run_no(run)?
                    && let Some(dag_id) = name(run.dag)?
                {
                    run_ids.push((dag_id, run.run_id.to_string()));
                }
            }
            Ok((dag_ids, run_ids, known))
        });
        let (dags, runs, known) = named.await.ok()?;
        self.names = known;
        Some(json!({
            "dags": dags, "runs": runs, "import_errors": import_errors, "pools": pools,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_waits_becomes_one_event_and_a_late_reader_looks_again() {
        let (tell, mut notices) = tokio::sync::broadcast::channel(4);
        let notice = |run| {
            let (dags, runs) = (vec![DagNo(1)], vec![RunNo(run)]);
            Arc::new(Notice {
                dags,
                runs,
                pools: run == 2,
                import_errors: false,
            })
        };
        tell.send(notice(1)).unwrap();
        tell.send(notice(2)).unwrap();
        let mut gathered = Gathered::default();
        assert!(gathered.drain(&mut notices));
        assert_eq!(gathered.runs, BTreeSet::from([RunNo(1), RunNo(2)]));
        assert!(gathered.pools && !gathered.import_errors && !gathered.all);
        for run in 0..9 {
            tell.send(notice(run)).unwrap();
        }
        let mut gathered = Gathered::default();
        assert!(gathered.drain(&mut notices) && gathered.all);
        drop(tell);
        assert!(!Gathered::default().drain(&mut notices));
    }
}
