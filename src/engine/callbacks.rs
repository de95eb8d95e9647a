//! Callbacks that the scheduler owes to dag files: noted with what they are about, in one
//! transaction, and struck out when they were made.

use model::{
    Fence, RunNo, TiKey,
    callback::{Call, OwedCallback},
    command::Reply,
    dag::OperatorKind,
    effect::Effect,
    state::{DagRunState, TaskInstanceState as State},
    task_instance::TaskInstance,
};

use crate::{
    attempt::{At, retry::has_try_left},
    live::{Cx, run::LiveRun},
};

/// Notes a callback, and has it made once it is in the book. Its number comes back.
pub(crate) fn owe(cx: &mut Cx, call: Call) -> Fence {
    let (no, at) = (cx.live.new_fence(), cx.now);
    let owed = OwedCallback { no, at, call };
    cx.live.owed.insert(no, owed.clone());
    cx.live.dirty.callbacks.insert(no, Some(owed.clone()));
    cx.live.dirty.effects.push(Effect::Callback(Box::new(owed)));
    no
}

/// It was made. Said again it changes nothing.
pub(crate) fn done(cx: &mut Cx, no: Fence) -> Reply {
    if cx.live.owed.remove(&no).is_some() {
        cx.live.dirty.callbacks.insert(no, None);
    }
    Reply::Done
}

/// A run has ended by itself: its dag is told where it wants to be.
pub(crate) fn run_ended(cx: &mut Cx, no: RunNo, reason: &str, relevant: Option<TiKey>) {
    let Some(run) = cx.run(no) else { return };
    let is_failure = run.row.state == DagRunState::Failed;
    let dag = &run.plan.dag;
    let wants = if is_failure {
        dag.has_on_failure_callback
    } else {
        dag.has_on_success_callback
    };
    if wants {
        let reason = reason.to_owned();
        let call = Call::Dag {
            run: no,
            is_failure,
            reason,
            relevant,
        };
        owe(cx, call);
    }
}

/// The instance that ended last with a state.
pub(crate) fn last_ended(run: &LiveRun, state: State) -> Option<TiKey> {
    let of_state = tis(run).filter(|ti| ti.state == state);
    latest(of_state, |ti| ti.end_date)
}

/// The unfinished instance that began last.
pub(crate) fn last_begun(run: &LiveRun) -> Option<TiKey> {
    let unfinished = tis(run).filter(|ti| !ti.state.is_finished());
    latest(unfinished, |ti| ti.start_date)
}

/// The first unfinished instance with a task above it that has ended.
pub(crate) fn blocking(run: &LiveRun) -> Option<TiKey> {
    let slots = (0..).zip(&run.slots);
    let mut unfinished = slots.filter(|(_, slot)| !slot.ti.state.is_finished());
    let is_blocked = |at: u32| {
        let above = run.task(at).map(|task| task.upstream.as_slice());
        let ended = |position: &usize| {
            let place = crate::plan::position(*position);
            run.task_state(place).is_some_and(State::is_finished)
        };
        above.is_some_and(|above| above.iter().any(ended))
    };
    let found = unfinished.find(|(at, _)| is_blocked(*at));
    found.map(|(_, slot)| slot.ti.key)
}

fn tis(run: &LiveRun) -> impl Iterator<Item = &TaskInstance> {
    run.slots.iter().map(|slot| &slot.ti)
}

/// The first of those with the latest date, as Python's `max` gives it.
fn latest<'t>(
    tis: impl Iterator<Item = &'t TaskInstance>,
    date: impl Fn(&TaskInstance) -> Option<model::Timestamp>,
) -> Option<TiKey> {
    let mut found: Option<&TaskInstance> = None;
    for ti in tis {
        if found.is_none_or(|found| date(ti) > date(found)) {
            found = Some(ti);
        }
    }
    found.map(|ti| ti.key)
}

/// What a task is told, and who gets mail, of an end that its own process knows nothing of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// Callbacks alone.
    Callback,
    /// Mail too.
    CallbackAndMail,
}

/// A try of a Python task is about to end badly without its process: its callbacks are owed, and
/// the mail that it asks for. To be called before it ends.
pub(crate) fn try_failed(cx: &mut Cx, place: At, message: &str, may_retry: bool, told: Told) {
    let Some(ti) = cx.ti(place) else { return };
    let (key, try_number) = (ti.key, ti.try_number);
    let again = may_retry && has_try_left(ti);
    let task = cx.run(place.run).and_then(|run| run.task(place.at));
    let Some(task) = task.filter(|task| task.operator.kind == OperatorKind::Python) else {
        return;
    };
    let (to, wants) = if again {
        (State::UpForRetry, task.callbacks.on_retry)
    } else {
        (State::Failed, task.callbacks.on_failure)
    };
    let mail = task.email.as_ref();
    let mail = mail.is_some_and(|mail| {
        if again {
            mail.on_retry
        } else {
            mail.on_failure
        }
    });
    if wants {
        let message = message.to_owned();
        let call = Call::Task {
            key,
            try_number,
            to,
            message,
        };
        owe(cx, call);
    }
    if mail && told == Told::CallbackAndMail {
        let call = Call::Email {
            key,
            try_number,
            is_failure: !again,
            message: message.to_owned(),
        };
        owe(cx, call);
    }
}
