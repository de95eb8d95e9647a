//! What must hold after each batch.

use std::collections::BTreeMap;

use control::{
    batch::{Given, Outcome},
    view::BookView,
};
use model::{
    Json, PoolName, TiKey,
    command::{Command, Reply},
    execution::AssetRef,
    report::{Happened, Outcome as How},
    state::TaskInstanceState,
};

use crate::{
    life::{Life, mix},
    say,
};

/// The whole book is recounted after each so many batches.
const RECOUNT_EVERY: u64 = 16;

/// Word of a good end, with what it brings.
#[derive(Debug)]
struct Good {
    key: TiKey,
    try_number: u32,
    xcoms: Vec<(String, Json)>,
    outlets: Vec<AssetRef>,
}

/// What is known before a batch, to judge what comes of it.
#[derive(Debug, Default)]
pub struct Foreseen {
    /// The only input is word of a good end, from the worker that has the try.
    success: Option<Good>,
    /// Slots taken in each pool; none when pools are about to change.
    occupied: Option<BTreeMap<PoolName, i64>>,
}

impl Life {
    /// Looks at a batch before it is made.
    pub(crate) fn foresee(&self, inputs: &[Given]) -> Foreseen {
        let Some(server) = &self.server else {
            return Foreseen::default();
        };
        // A run that moves to another version, as those of Python dags do when one is published, may
        // ask for more slots while it holds them.
        let changes_pools = |input: &Given| match input {
            Given::Command(command) => {
                matches!(&**command, Command::Clear(clear) if clear.run_on_latest_version == Some(true))
                    || matches!(
                        **command,
                        Command::PutPool { .. }
                            | Command::DeletePool { .. }
                            | Command::PublishFile(_)
                    )
            }
            Given::Report(_) => false,
        };
        let usage = server.scheduler.live().pool_usage().into_iter();
        let occupied = usage
            .map(|usage| (usage.pool.name, usage.occupied))
            .collect();
        Foreseen {
            success: self.foresee_success(inputs),
            occupied: (!inputs.iter().any(changes_pools)).then_some(occupied),
        }
    }

    fn foresee_success(&self, inputs: &[Given]) -> Option<Good> {
        let [Given::Report(report)] = inputs else {
            return None;
        };
        let Happened::Finished {
            outcome: How::Success { xcoms, outlets, .. },
            ..
        } = &report.what
        else {
            return None;
        };
        let book = self.server.as_ref()?.reader.snapshot().ok()?;
        let ti = book.task_instance(report.key).ok()??;
        let is_held = ti.state.is_executing() && ti.fence == Some(report.fence);
        is_held.then(|| Good {
            key: ti.key,
            try_number: ti.try_number,
            xcoms: xcoms.clone(),
            outlets: outlets.assets.clone(),
        })
    }

    /// A good end that was taken in is in the book, with what it brought; and no pool is fuller than
    /// it may be.
    pub(crate) fn came_true(&self, foreseen: Foreseen) -> Result<(), String> {
        let Some(server) = &self.server else {
            return Ok(());
        };
        for usage in server.scheduler.live().pool_usage() {
            let Some(occupied) = &foreseen.occupied else {
                break;
            };
            let before = occupied.get(&usage.pool.name).copied().unwrap_or(0);
            let slots = i64::from(usage.pool.slots);
            if slots >= 0 && usage.occupied > slots.max(before) {
                return Err(format!("a pool is too full (it had {before}): {usage:?}"));
            }
        }
        let Some(good) = foreseen.success else {
            return Ok(());
        };
        let (key, try_number) = (good.key, good.try_number);
        let book = server
            .reader
            .snapshot()
            .map_err(|problem| problem.to_string())?;
        let ti = book
            .task_instance(key)
            .map_err(|problem| problem.to_string())?;
        let is_there = ti.as_ref().is_some_and(|ti| {
            ti.state == TaskInstanceState::Success && ti.try_number == try_number
        });
        for (name, value) in good.xcoms {
            let xcom = book
                .xcom(key, &name)
                .map_err(|problem| problem.to_string())?;
            let brought = xcom.map(|xcom| xcom.value);
            if !is_there || brought.as_ref() != Some(&value) {
                return Err(format!(
                    "a good end is lost: {ti:?} with {name} {brought:?}"
                ));
            }
        }
        let lost = crate::assets::lost(&book, key, self.now, &good.outlets);
        if let Some(lost) = lost.map_err(|problem| problem.to_string())? {
            return Err(format!("no word of asset {lost} by {ti:?}"));
        }
        Ok(())
    }

    /// Checks what a batch answered against the book.
    pub(crate) fn check(&mut self, inputs: &[Given], outcome: &Outcome) -> Result<(), String> {
        let Some(server) = &self.server else {
            return Ok(());
        };
        if outcome.replies.len() != inputs.len() {
            let (n, of) = (outcome.replies.len(), inputs.len());
            return Err(format!("{n} answers to {of} inputs"));
        }
        self.stats.n_stale += outcome.n_stale as u64;
        let mut last_deletion = None;
        for (at, input) in inputs.iter().enumerate() {
            if let Given::Command(command) = input {
                let deletes = matches!(
                    **command,
                    Command::DeleteRun { .. } | Command::DeleteDag { .. } | Command::Prune { .. }
                );
                last_deletion = if deletes { Some(at) } else { last_deletion };
            }
        }
        for (at, reply) in outcome.replies.iter().enumerate() {
            let Some(reply) = reply else { continue };
            say!(self, "answers {reply:?}");
            self.stats.history = mix(self.stats.history, &format!("{reply:?}"));
            match reply {
                Reply::Done
                | Reply::TaskInstances(_)
                | Reply::AssetEvent(_)
                | Reply::Backfill(_) => {
                    self.stats.n_granted += 1;
                }
                Reply::Refused(refusal) => {
                    if refusal.message.is_empty() || refusal.code.len() != 7 {
                        return Err(format!("a refusal without a word: {refusal:?}"));
                    }
                    self.stats.n_refused += 1;
                }
                Reply::Run { run, run_id, .. } => {
                    self.stats.n_granted += 1;
                    if last_deletion.is_some_and(|deletion| deletion > at) {
                        continue;
                    }
                    let book = server
                        .reader
                        .snapshot()
                        .map_err(|problem| problem.to_string())?;
                    let found = book.run(*run).map_err(|problem| problem.to_string())?;
                    if found.is_none_or(|found| found.run_id != *run_id) {
                        return Err(format!("run {run_id} was promised and is not in the book"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Nobody waits longer than his time, and who waits has no process at work.
    fn waits_are_over(&self) -> Result<(), String> {
        let Some(server) = &self.server else {
            return Ok(());
        };
        // After a start the timers are looked at by the next batch.
        let wake = server.scheduler.next_wake();
        let is_settled = wake.is_none_or(|wake| wake > self.now);
        let live = server.scheduler.live();
        for ti in live.runs().flat_map(|run| live.task_instances(run.no)) {
            let waits = matches!(
                ti.state,
                TaskInstanceState::Deferred | TaskInstanceState::AwaitingInput
            );
            let Some(deferral) = ti.deferral.as_ref().filter(|_| waits) else {
                continue;
            };
            if is_settled && deferral.timeout.is_some_and(|timeout| timeout <= self.now) {
                return Err(format!("at {} its time to wait is over: {ti:?}", self.now));
            }
            if ti.fence.is_some_and(|fence| self.world.is_at_work(fence)) {
                return Err(format!("it waits and works: {ti:?}"));
            }
        }
        Ok(())
    }

    /// What cannot be, here or outside.
    pub(crate) fn no_wrongs(&mut self) -> Result<(), String> {
        if let Some(broken) = self.world.broken.first() {
            return Err(broken.clone());
        }
        let Some(server) = &self.server else {
            return Ok(());
        };
        let view = BookView::new(&server.reader);
        engine::invariants::check(server.scheduler.live(), &view)?;
        self.waits_are_over()?;
        if !self.stats.n_batches.is_multiple_of(RECOUNT_EVERY) || self.disk.is_troubled() {
            return Ok(());
        }
        let book = server
            .reader
            .snapshot()
            .map_err(|problem| problem.to_string())?;
        let wrongs = crate::book::wrongs(&book).map_err(|problem| problem.to_string())?;
        wrongs.first().map_or(Ok(()), |wrong| Err(wrong.clone()))
    }
}
