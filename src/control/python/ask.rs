//! Asks the evaluator on behalf of somebody who waits for the answer.

use std::{sync::Arc, time::Duration};

use model::{
    Json,
    command::{Refusal, RefusalKind},
    limits::EVALUATE_MS_MAX,
    ports::Evaluator,
};

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
        let (tell, answer) = tokio::sync::oneshot::channel();
        let done = Box::new(move |said| drop(tell.send(said)));
        if !self.tell(words, done) {
            let no_runtime = "it needs a Python runtime, and there is none yet";
            return Err(refusal(RefusalKind::Unavailable, no_runtime));
        }
        let limit = Duration::from_millis(EVALUATE_MS_MAX);
        match tokio::time::timeout(limit, answer).await {
            Ok(Ok(Ok(said))) => Ok(said),
            Ok(Ok(Err(wrong))) => {
                tracing::error!(target: "control", "CTL-022: the evaluator: {wrong}");
                // The last line of a traceback says what it is about.
                let last = wrong.lines().last().unwrap_or_default();
                Err(refusal(RefusalKind::Invalid, last))
            }
            Ok(Err(_)) => Err(refusal(RefusalKind::Unavailable, "the child is gone")),
            Err(_) => {
                let late = format!("no answer within {limit:?}");
                Err(refusal(RefusalKind::Unavailable, &late))
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
