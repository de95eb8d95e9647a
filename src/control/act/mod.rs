//! What is in the book is done: one arm for each effect, and no decision here.

mod branch;
mod callbacks;
mod evaluations;
mod flights;
mod inline;
mod launch;
mod lookup;
mod trigger_dag;

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use model::{
    Fence, TiKey,
    effect::Effect,
    ports::{Clock, Executor, Triggers},
};
use tokio::sync::broadcast;

pub(crate) use self::{
    callbacks::{Awaited, Callbacks, Caller},
    evaluations::{Evaluations, interval, next_run},
    flights::Flights,
    launch::Launcher,
};

use self::launch::Job;
use crate::{
    handle::Handle, metrics::Metrics, notice::Notice, python::Current, reader::Reader,
    reconcilers::Chores,
};

/// What acting needs.
pub(crate) struct Act {
    pub(crate) reader: Reader,
    pub(crate) handle: Handle,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) triggers: Arc<dyn Triggers>,
    /// Asks what only Python can say.
    pub(crate) evaluations: Evaluations,
    /// Calls dag files.
    pub(crate) callbacks: Callbacks,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) chores: Chores,
    pub(crate) changes: broadcast::Sender<Arc<Notice>>,
    /// Where logs are.
    pub(crate) logs: PathBuf,
    /// What processes inherit, in order.
    pub(crate) base_env: Vec<(String, String)>,
    /// Runs tasks of Python dags, where there is one.
    pub(crate) python: Current,
    /// Runs what waits without a thread.
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) flights: Flights,
    pub(crate) launcher: Launcher,
    pub(crate) stopping: AtomicBool,
}

impl Act {
    /// Carries out effects in order. Returns at once: what takes time is done elsewhere.
    pub(crate) fn carry_out(&self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Start {
                    key,
                    try_number,
                    fence,
                } => {
                    self.launch(Job {
                        key,
                        try_number,
                        fence,
                        adopt: None,
                    });
                }
                Effect::Adopt {
                    key,
                    fence,
                    try_number,
                    was_running,
                } => {
                    self.launch(Job {
                        key,
                        try_number,
                        fence,
                        adopt: Some(was_running),
                    });
                }
                Effect::Kill { key, fence } => self.kill(key, fence),
                Effect::Arm {
                    key,
                    fence,
                    deferral,
                } => self.triggers.arm(key, fence, &deferral),
                Effect::Disarm { key, fence } => self.triggers.disarm(key, fence),
                Effect::Evaluate(asked) => self.evaluations.ask(*asked),
                Effect::Callback(owed) => self.callbacks.make(*owed),
                Effect::Watch {
                    trigger,
                    classpath,
                    kwargs,
                } => self.triggers.watch(trigger, &classpath, &kwargs),
                Effect::Unwatch { trigger } => self.triggers.unwatch(trigger),
                Effect::RunEnded { run } => self.chores.run_ended(run),
                Effect::RunDeleted { dag, run_id } => self.chores.run_deleted(dag, run_id),
            }
        }
    }

    /// The ends of these tries and waits are in the book.
    pub(crate) fn forget(&self, ended: &[Fence], waited: &[(TiKey, Fence)]) {
        for (key, fence) in waited {
            self.triggers.disarm(*key, *fence);
        }
        for fence in ended {
            self.executor.ack(*fence);
        }
    }
}
