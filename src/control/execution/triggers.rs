//! What triggers in Python tell.

use std::sync::{Arc, PoisonError};

use model::{
    Fence, Json, TiKey,
    command::{Command, Reply},
    execution::{TriggerEnd, TriggerFailure, TriggerFired},
    report::{Happened, Report},
};

use super::Desk;
use crate::act::Caller;

impl Desk {
    pub(super) fn is_watcher(&self, trigger_id: u64) -> bool {
        let watching = self.watching.lock().unwrap_or_else(PoisonError::into_inner);
        watching.contains(&Fence(trigger_id))
    }

    /// An asset has changed. It is told again until it is confirmed; then the trigger goes on.
    pub(super) fn changed(self: &Arc<Self>, fired: TriggerFired) {
        let TriggerFired {
            trigger_id,
            payload,
            end: _,
            seq,
        } = fired;
        let trigger = Fence(trigger_id);
        let desk = Arc::clone(self);
        self.runtime.spawn(async move {
            let command = Command::WatcherFired { trigger, payload };
            let reply = desk.carry_out(command).await;
            if let (Some(Reply::Done), Some(seq), Some(triggerer)) =
                (reply, seq, desk.triggerer.as_ref())
            {
                triggerer.confirm(seq);
            }
        });
    }

    pub(super) fn fired(&self, fired: TriggerFired) {
        let TriggerFired {
            trigger_id,
            payload,
            end,
            seq,
        } = fired;
        if let Some(caller) = self.awaited(Fence(trigger_id)) {
            let says = |name: &str| payload.get(name).and_then(Json::as_str);
            let body = says("body").unwrap_or_default();
            match says("state") {
                Some("success") => caller.ended(Fence(trigger_id), seq, None),
                Some("failed") => caller.ended(Fence(trigger_id), seq, Some(body)),
                // It runs; another word follows.
                Some(_) | None => return,
            }
            return self.forget(Fence(trigger_id));
        }
        let what = match end {
            Some(TriggerEnd { state, xcoms }) => Happened::TriggerEnded { state, xcoms },
            None => Happened::Fired { payload },
        };
        self.tell(Fence(trigger_id), seq, what);
    }

    pub(super) fn failed(&self, failure: TriggerFailure) {
        if self.is_watcher(failure.trigger_id) {
            let why = failure.traceback.as_deref().unwrap_or("it did not say why");
            tracing::error!(target: "control", "CTL-023: a watcher of an asset failed: {why}");
            return;
        }
        let no = Fence(failure.trigger_id);
        if let Some(caller) = self.awaited(no) {
            let text = failure.traceback.as_deref();
            caller.ended(no, None, Some(text.unwrap_or("its trigger failed")));
            return self.forget(no);
        }
        let lines = failure.traceback.map(|text| {
            let lines = text.split_inclusive('\n');
            lines.map(Json::from).collect::<Vec<Json>>()
        });
        let traceback = lines.map_or(Json::Null, Json::from);
        let what = Happened::TriggerFailed { traceback };
        self.tell(Fence(failure.trigger_id), None, what);
    }

    /// Who is told of a callback that the triggerer awaits.
    fn awaited(&self, no: Fence) -> Option<Arc<Caller>> {
        let awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        awaited.get(&no).cloned()
    }

    fn forget(&self, no: Fence) {
        let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        awaited.remove(&no);
    }

    /// One that is no longer watched has nobody who waits.
    fn tell(&self, fence: Fence, seq: Option<u64>, what: Happened) {
        let mut armed = self.armed.lock().unwrap_or_else(PoisonError::into_inner);
        let key: Option<TiKey> = armed.get_mut(&fence).map(|watched| {
            watched.seq = seq;
            watched.key
        });
        drop(armed);
        if let Some(key) = key {
            let at = self.clock.now();
            self.handle.report(Report {
                key,
                fence,
                at,
                what,
            });
        }
    }
}
