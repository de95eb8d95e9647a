//! Asks the evaluator on behalf of somebody who waits for the answer.

use std::{sync::Arc, time::Duration};

use model::{
    Json,
    command::{Refusal, RefusalKind},
    limits::EVALUATE_MS_MAX,
    ports::Evaluator,
};
use serde_json::json;

use super::Current;

/// Who can be asked, where there is a runtime.
#[derive(Clone)]
pub(crate) struct Asks {
    pub(crate) python: Current,
    pub(crate) port: Option<Arc<dyn Evaluator>>,
}

impl Asks {
    /// Asks, and waits for the answer so long as it may take.
    ///
    /// # Errors
    /// When there is no runtime, no answer in time, or the plugin raised an error.
    pub(crate) async fn ask(&self, words: Json) -> Result<Json, Refusal> {
        match self.said(words).await {
            Ok(Some(said)) => Ok(said),
            Ok(None) => {
                let no_runtime = "it needs a Python runtime, and there is none yet";
                Err(refusal(RefusalKind::Unavailable, no_runtime))
            }
            Err((kind, why)) => Err(refusal(kind, &why)),
        }
    }

    /// Asks what the runtime has; none where there is no runtime.
    ///
    /// # Errors
    /// When there is no answer in time, or it is an error.
    pub(crate) async fn about_itself(&self, what: &str) -> Result<Option<Json>, Refusal> {
        let said = self.said(json!({ "op": what })).await;
        said.map_err(|(_, why)| Refusal {
            kind: RefusalKind::Unavailable,
            code: "CTL-022",
            message: format!("the Python runtime cannot be asked for its {what}: {why}"),
        })
    }

    async fn said(&self, words: Json) -> Result<Option<Json>, (RefusalKind, String)> {
        let (tell, answer) = tokio::sync::oneshot::channel();
        let done = Box::new(move |said| drop(tell.send(said)));
        if !self.tell(words, done) {
            return Ok(None);
        }
        let limit = Duration::from_millis(EVALUATE_MS_MAX);
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(Ok(said))) => Ok(Some(said)),
            Ok(Ok(Err(wrong))) => {
                tracing::error!(target: "control", "CTL-022: the evaluator: {wrong}");
                // The last line of a traceback says what it is about.
                let last = wrong.lines().last().unwrap_or_default();
                Err((RefusalKind::Invalid, last.to_owned()))
            }
            Ok(Err(_)) => Err((RefusalKind::Unavailable, "the child is gone".to_owned())),
            Err(_) => {
                let late = format!("no answer within {limit:?}");
                Err((RefusalKind::Unavailable, late))
            }
        }
    }

    /// Asks; `done` is told later. False, and nothing is asked, where nobody can be.
    pub(crate) fn tell(
        &self,
        words: Json,
        done: Box<dyn FnOnce(Result<Json, String>) + Send>,
    ) -> bool {
        let (Some(python), Some(port)) = (self.python.get(), &self.port) else {
            return false;
        };
        port.evaluate(&python, words, done);
        true
    }
}

pub(crate) fn refusal(kind: RefusalKind, what: &str) -> Refusal {
    Refusal {
        kind,
        code: "CTL-022",
        message: format!("CTL-022: the dag's timetable cannot be asked: {what}"),
    }
}
