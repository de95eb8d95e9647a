//! What triggers in Python tell.

use std::sync::PoisonError;

use model::{
    Fence, Json, TiKey,
    execution::{TriggerFailure, TriggerFired},
    report::{Happened, Report},
};

use super::Desk;

impl Desk {
    pub(super) fn fired(&self, fired: TriggerFired) {
        let payload = fired.payload;
        let what = Happened::Fired { payload };
        self.tell(Fence(fired.trigger_id), fired.seq, what);
    }

    pub(super) fn failed(&self, failure: TriggerFailure) {
        let lines = failure.traceback.map(|text| {
            let lines = text.split_inclusive('\n');
            lines.map(Json::from).collect::<Vec<Json>>()
        });
        let traceback = lines.map_or(Json::Null, Json::from);
        let what = Happened::TriggerFailed { traceback };
        self.tell(Fence(failure.trigger_id), None, what);
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
