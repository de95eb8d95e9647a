//! Where questions arrive, and how their answers leave.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use model::{
    Fence, TiKey, Timestamp,
    command::{Command, RefusalKind, Reply},
    execution::{Answer, Ask, Asker, TriggerFailure, TriggerFired},
    ports::{self, Answerer, Clock},
};

use super::Plan;
use crate::{
    act::Awaited,
    handle::{Handle, stopped},
    python::Asks,
    reader::Reader,
    trigger,
};

/// Between two attempts to have a command taken.
const AGAIN: Duration = Duration::from_millis(200);
/// How often to try.
const ATTEMPTS: u32 = 50;

/// Answers children. It is made before the layer starts, since the executor needs it; what is asked
/// before then waits.
#[derive(Clone, Default)]
pub struct Execution(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    desk: Option<Arc<Desk>>,
    waiting: Vec<Said>,
}

enum Said {
    Ask(Asker, Ask, Answerer),
    Fired(TriggerFired),
    Failed(TriggerFailure),
}

/// Triggers in Python, by their number, which is the fence.
pub(crate) type Armed = Arc<Mutex<HashMap<Fence, Watched>>>;

/// Triggers that watch assets, by their number.
pub(crate) type Watching = Arc<Mutex<HashSet<Fence>>>;

/// A trigger that is watched.
pub(crate) struct Watched {
    pub(crate) key: TiKey,
    /// The try that it waits for, as children know it.
    pub(crate) ti_id: Option<String>,
    /// The number of its event, which is confirmed when that is in the book.
    pub(crate) seq: Option<u64>,
}

/// What answering needs.
pub(crate) struct Desk {
    pub(crate) reader: Reader,
    pub(crate) handle: Handle,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) armed: Armed,
    pub(crate) awaited: Awaited,
    /// Triggers that watch assets.
    pub(crate) watching: Watching,
    /// Where their events are confirmed, where Python is.
    pub(crate) triggerer: Option<Arc<dyn ports::Triggerer>>,
    /// Who says what only Python can.
    pub(crate) asks: Asks,
    /// When the layer started.
    pub(crate) started: Timestamp,
}

impl Execution {
    pub(crate) fn begin(&self, desk: Desk) {
        let desk = Arc::new(desk);
        let waiting = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.desk = Some(Arc::clone(&desk));
            std::mem::take(&mut state.waiting)
        };
        for said in waiting {
            desk.take(said);
        }
    }

    /// The layer stops: what is asked from now on waits, for the worker asks the next server again.
    pub(crate) fn end(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.desk = None;
    }

    fn say(&self, said: Said) {
        let desk = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(desk) = state.desk.clone() else {
                state.waiting.push(said);
                return;
            };
            desk
        };
        desk.take(said);
    }
}

impl ports::Execution for Execution {
    fn ask(&self, who: Asker, ask: Ask, answer: Answerer) {
        self.say(Said::Ask(who, ask, answer));
    }
    fn trigger_fired(&self, fired: TriggerFired) {
        self.say(Said::Fired(fired));
    }
    fn trigger_failed(&self, failure: TriggerFailure) {
        self.say(Said::Failed(failure));
    }
}

impl Desk {
    fn take(self: &Arc<Self>, said: Said) {
        let (who, ask, answer) = match said {
            Said::Ask(who, ask, answer) => (who, ask, answer),
            Said::Fired(fired) if self.is_watcher(fired.trigger_id) => return self.changed(fired),
            Said::Fired(fired) => return self.fired(fired),
            Said::Failed(failure) => return self.failed(failure),
        };
        let desk = Arc::clone(self);
        self.runtime.spawn(async move {
            let of = Arc::clone(&desk);
            let plan = tokio::task::spawn_blocking(move || of.plan(&who, ask)).await;
            let word = match plan {
                Ok(Ok(Plan::Now(answer))) => answer,
                Ok(Ok(Plan::Do(command, then))) => match desk.carry_out(*command).await {
                    Some(reply) => then(reply),
                    // Dropped, it would be a failure. The worker asks the next server again.
                    None => return std::mem::forget(answer),
                },
                Ok(Ok(Plan::Then(command, then))) => match desk.carry_out(*command).await {
                    Some(reply) => then(reply),
                    // Dropped, it would be a failure. The worker asks the next server again.
                    None => return std::mem::forget(answer),
                },
                Ok(Err(wrong)) => wrong.into_answer(),
                Err(_) => Answer::Failure {
                    message: "the server broke on this question".to_owned(),
                    status: 500,
                },
            };
            answer(word);
        });
    }

    /// Waits until a command is in the book or refused for good; none when the layer stops.
    pub(super) async fn carry_out(&self, command: Command) -> Option<Reply> {
        let mut attempt = 0;
        let mut command = command;
        loop {
            let asked = trigger::complete(&self.reader, &self.asks, &mut command, self.clock.now());
            if let Err(refusal) = asked.await {
                return Some(Reply::Refused(refusal));
            }
            let refusal = match self.handle.command(command.clone()).await {
                Ok(Reply::Refused(refusal)) => refusal,
                Ok(reply) => return Some(reply),
                Err(full) => full.into(),
            };
            attempt += 1;
            if refusal == stopped() {
                return None;
            }
            if refusal.kind != RefusalKind::Unavailable || attempt >= ATTEMPTS {
                return Some(Reply::Refused(refusal));
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// The status that a refusal has over HTTP.
pub(super) const fn status(kind: RefusalKind) -> u16 {
    match kind {
        RefusalKind::NotFound => 404,
        RefusalKind::Forbidden => 403,
        RefusalKind::Conflict => 409,
        RefusalKind::Invalid => 400,
        RefusalKind::Unprocessable => 422,
        RefusalKind::Unavailable => 503,
    }
}
