//! Waiting for the end of a run.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use model::{MapIndex, TiKey};

use crate::{
    app::App,
    book::{Found, read},
    problem::Problem,
    request::{Path, Query, query},
};

query! {
    /// What waiting takes.
    WaitQuery {
        interval: Option<f64>,
        result: Vec<String>,
    }
}

/// A line for each look at the run, the last one when it has ended, with the return values of the
/// tasks that `result` names.
#[utoipa::path(get, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/wait",
    operation_id = "wait_dag_run_until_finished", tag = "DagRun",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), WaitQuery),
    responses((status = 200, content(
        (crate::wire::Any = "application/json"), (String = "application/x-ndjson")))))]
pub(crate) async fn wait_run(
    State(app): State<App>,
    Path((dag_id, run_id)): Path<(String, String)>,
    query: Query<WaitQuery>,
) -> Result<Response, Problem> {
    let interval = query.interval.filter(|seconds| *seconds > 0.0);
    let interval = interval.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let interval = interval.ok_or_else(|| {
        let text = "`interval` has to be a number of seconds above 0";
        Problem::field("interval", "greater_than", text, "")
    })?;
    let place = app.stream()?;
    let stopped = app.stopped();
    let look = Look {
        app,
        dag_id,
        run_id,
        results: query.0.result,
    };
    let first = look.line().await?;
    let lines = futures_util::stream::unfold(Some((first, look, place)), move |state| async move {
        let ((line, ended), look, place) = state?;
        let next = if ended {
            None
        } else {
            tokio::time::sleep(interval).await;
            look.line().await.ok().map(|next| (next, look, place))
        };
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(line)), next))
    });
    let mime = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((mime, Body::from_stream(lines.take_until(Box::pin(stopped)))).into_response())
}

struct Look {
    app: App,
    dag_id: String,
    run_id: String,
    results: Vec<String>,
}

impl Look {
    /// What to say of the run now, and whether that is the last of it.
    async fn line(&self) -> Result<(String, bool), Problem> {
        let (dag_id, run_id, results) = (
            self.dag_id.clone(),
            self.run_id.clone(),
            self.results.clone(),
        );
        self.app
            .read(move |book| {
                let found = book.run(&dag_id, &run_id)?;
                let mut line = serde_json::json!({ "state": found.run.state.as_str() });
                let ended = found.run.state.is_finished();
                if ended && !results.is_empty() {
                    let values = results.iter().map(|task_id| value(book, &found, task_id));
                    let values: Result<model::JsonMap, Problem> = values.collect();
                    if let Some(line) = line.as_object_mut() {
                        line.insert("results".to_owned(), values?.into());
                    }
                }
                Ok((format!("{line}\n"), ended))
            })
            .await
    }
}

fn value(
    book: &crate::book::Book<'_>,
    found: &Found,
    task_id: &str,
) -> Result<(String, model::Json), Problem> {
    let task = book.task_no(found.row.no, task_id)?;
    let key = task.map(|task| TiKey {
        run: found.run.no,
        task,
        map: MapIndex::NONE,
    });
    let xcom = key
        .map(|key| read(book.snapshot.xcom(key, "return_value")))
        .transpose()?
        .flatten();
    Ok((
        task_id.to_owned(),
        xcom.map_or(model::Json::Null, |xcom| xcom.value),
    ))
}
