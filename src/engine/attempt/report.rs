//! Word of a try.

use model::{
    report::{Happened, Report},
    state::TaskInstanceState as State,
};

use super::{At, Event, defer, finish, human};
use crate::live::Cx;

/// Takes in a report; false when its permission is not the present one.
pub(crate) fn report(cx: &mut Cx, report: Report) -> bool {
    let Report {
        key,
        fence,
        at,
        what,
    } = report;
    let slot = cx.run(key.run).and_then(|run| run.find(key));
    let Some(place) = slot.map(|at| At { run: key.run, at }) else {
        return false;
    };
    let Some(ti) = cx.ti(place).filter(|ti| ti.fence == Some(fence)) else {
        return false;
    };
    // A worker's clock may go wrong; the book's dates are never after its own present.
    let at = at.min(cx.now);
    let is_restarting = ti.state == State::Restarting;
    match what {
        Happened::Started { pid } => started(cx, place, pid, at),
        Happened::Finished { usage, .. } if is_restarting => {
            finish::gone(cx, place, Some(usage), at)
        }
        Happened::Finished { outcome, usage } => finish::finish(cx, place, outcome, usage, at),
        Happened::Labelled { rendered_map_index } => {
            if let Some(ti) = cx.change(place) {
                ti.rendered_map_index = Some(rendered_map_index);
            }
        }
        Happened::Deferred(_)
        | Happened::Rescheduled { .. }
        | Happened::Fired { .. }
        | Happened::TriggerFailed { .. }
        | Happened::TriggerEnded { .. }
        | Happened::AwaitsInput(_)
            if is_restarting =>
        {
            finish::gone(cx, place, None, at);
        }
        Happened::Deferred(deferral) => defer::defer(cx, place, *deferral),
        Happened::Rescheduled { at } => defer::reschedule(cx, place, at),
        Happened::Fired { payload } => defer::fire(cx, place, payload, at),
        Happened::TriggerFailed { traceback } => {
            defer::trigger_failed(cx, place, "Trigger failure", traceback);
        }
        Happened::AwaitsInput(awaited) => human::wait(cx, place, *awaited),
        Happened::TriggerEnded { state, xcoms } => {
            defer::trigger_ended(cx, place, state, xcoms, at);
        }
    }
    true
}

/// The process runs. Said again it changes nothing.
fn started(cx: &mut Cx, place: At, pid: Option<u32>, at: model::Timestamp) {
    cx.apply(place, Event::Started);
    let Some(ti) = cx.ti(place) else { return };
    if ti.start_date.is_some() && ti.pid == pid {
        return;
    }
    if let Some(ti) = cx.change(place) {
        // What goes on after a trigger began before; each look of a sensor begins anew.
        let goes_on = ti.deferral.as_ref().is_some_and(|of| of.resume.is_some());
        let begun = ti.start_date.filter(|_| goes_on);
        ti.start_date = begun.or(Some(at));
        ti.pid = pid;
        ti.reason = None;
    }
}
