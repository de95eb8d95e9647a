//! A task that creates a run of another dag, and waits for its end if it is told to.

use std::{sync::Arc, time::Duration};

use dagfile::TriggerDag;
use model::{
    Json, RunId, RunNo, Timestamp,
    command::{Command, Refusal, RefusalKind, Reply, TriggerRun},
    report::{Happened, Outcome, Report},
    run::DagRun,
    state::{DagRunState, DagRunType, TriggeredBy},
};
use tokio::sync::broadcast;

use super::{Act, launch::Loaded};
use crate::{notice::Notice, queries, trigger};

/// How often a refusal for want of room is tried again, and how often.
const AGAIN: Duration = Duration::from_millis(500);
const ATTEMPTS: u32 = 20;

/// The run that was asked for.
struct Triggered {
    run: RunNo,
    run_id: RunId,
}

impl Act {
    pub(super) fn trigger_dag(self: &Arc<Self>, of: Loaded, ask: TriggerDag) {
        let this = Arc::clone(self);
        let execution_timeout = of.task().and_then(|task| task.execution_timeout);
        let (waker, killed) = self.flights.waker(of.job.fence);
        self.runtime.spawn(async move {
            let changes = this.changes.subscribe();
            let work = async {
                let work = this.see_through(&of, &ask, changes);
                match execution_timeout {
                    Some(limit) => tokio::time::timeout(limit.to_std(), work)
                        .await
                        .unwrap_or(Outcome::TimedOut { limit }),
                    None => work.await,
                }
            };
            let outcome = if killed {
                Outcome::Killed
            } else {
                tokio::select! {
                    outcome = work => outcome,
                    () = waker.notified() => Outcome::Killed,
                }
            };
            this.end(&of, outcome);
        });
    }

    async fn see_through(
        self: &Arc<Self>,
        of: &Loaded,
        ask: &TriggerDag,
        mut changes: broadcast::Receiver<Arc<Notice>>,
    ) -> Outcome {
        let triggered = match self.create(of, ask).await {
            Ok(triggered) => triggered,
            Err(outcome) => return outcome,
        };
        let Triggered { run, run_id } = &triggered;
        self.log(
            of,
            "info",
            format!("Triggered run {run_id} of dag {}", ask.dag_id),
        );
        let xcom = (
            "trigger_run_id".to_owned(),
            Json::String(run_id.to_string()),
        );
        let well = Outcome::Success {
            xcoms: vec![xcom],
            skip: Vec::new(),
            outlets: Box::default(),
        };
        if !ask.wait_for_completion {
            return well;
        }
        let (key, fence) = (of.job.key, of.job.fence);
        let what = Happened::Started { pid: None };
        self.handle.report(Report {
            key,
            fence,
            at: self.clock.now(),
            what,
        });
        let every = ask.poke_interval.to_std().max(Duration::from_millis(100));
        loop {
            match self.reader.snapshot().and_then(|book| book.run(*run)) {
                Ok(Some(DagRun { state, .. })) => {
                    if let Some(outcome) = verdict(ask, state, run_id, &well) {
                        self.log(of, "info", format!("Run {run_id} is {state}"));
                        return outcome;
                    }
                }
                Ok(None) => return failed(format!("run {run_id} was deleted"), true),
                Err(e) => tracing::warn!(target: "control", "a run cannot be looked at: {e}"),
            }
            // The notice of the commit that ends the run, or the next poke, whichever is first.
            let _ = tokio::time::timeout(every, until_touched(&mut changes, *run)).await;
        }
    }

    async fn create(&self, of: &Loaded, ask: &TriggerDag) -> Result<Triggered, Outcome> {
        for _ in 0..ATTEMPTS {
            let Some(mut command) = self.command(of, ask)? else {
                tokio::time::sleep(AGAIN).await;
                continue;
            };
            let asks = &self.evaluations.asks;
            let now = self.clock.now();
            let result = match trigger::ask_run(&self.reader, asks, &mut command, now).await {
                Ok(()) => {
                    let command = Command::TriggerRun(Box::new(command.clone()));
                    self.handle.command(command).await
                }
                Err(refusal) => Ok(Reply::Refused(refusal)),
            };
            let refusal = match result {
                Ok(Reply::Run {
                    dag: _,
                    run,
                    run_id,
                }) => return Ok(Triggered { run, run_id }),
                Ok(Reply::Refused(refusal)) => refusal,
                Ok(
                    Reply::Done
                    | Reply::TaskInstances(_)
                    | Reply::AssetEvent(_)
                    | Reply::Backfill(_),
                ) => {
                    return Err(failed("no run was created".to_owned(), true));
                }
                Err(full) => full.into(),
            };
            match refusal.kind {
                RefusalKind::Unavailable => tokio::time::sleep(AGAIN).await,
                RefusalKind::Conflict => return self.on_conflict(of, ask, &command, refusal),
                RefusalKind::NotFound
                | RefusalKind::Forbidden
                | RefusalKind::Invalid
                | RefusalKind::Unprocessable => {
                    self.log(of, "error", refusal.message.clone());
                    return Err(failed(refusal.message, true));
                }
            }
        }
        Err(failed(
            "the scheduler took no more runs for ten seconds".to_owned(),
            true,
        ))
    }

    /// What to ask for; none when the book cannot be read just now.
    fn command(&self, of: &Loaded, ask: &TriggerDag) -> Result<Option<TriggerRun>, Outcome> {
        let row = match trigger::check(&self.reader, &ask.dag_id, &ask.conf) {
            Ok(row) => row,
            Err(refusal) if refusal.kind == RefusalKind::Unavailable => return Ok(None),
            Err(refusal) => {
                self.log(of, "error", refusal.message.clone());
                return Err(failed(refusal.message, true));
            }
        };
        if ask.fail_when_dag_is_paused && row.is_paused {
            let message = format!("dag {} is paused", ask.dag_id);
            self.log(of, "error", message.clone());
            return Err(failed(message, true));
        }
        // The same for the same try, so that the run is found again after a restart.
        let began: Timestamp = of.ti.queued_when.unwrap_or_else(|| self.clock.now());
        let run_after = ask.run_after.unwrap_or(began);
        let prefix = DagRunType::OperatorTriggered.run_id_prefix();
        let logical_date = ask.logical_date.unwrap_or(Some(began));
        let stamp = logical_date.unwrap_or(run_after).isoformat();
        let run_id = ask
            .run_id
            .clone()
            .unwrap_or_else(|| format!("{prefix}{stamp}").into());
        Ok(Some(TriggerRun {
            dag_id: ask.dag_id.clone(),
            run_id: Some(run_id),
            run_type: DagRunType::OperatorTriggered,
            logical_date,
            data_interval: None,
            run_after: Some(run_after),
            conf: ask.conf.clone(),
            note: ask.note.clone(),
            triggered_by: TriggeredBy::Operator,
            user: None,
            partition_key: None,
            reset: ask.reset_dag_run,
        }))
    }

    /// There is such a run. It may be our own, created before a restart.
    fn on_conflict(
        &self,
        of: &Loaded,
        ask: &TriggerDag,
        command: &TriggerRun,
        refusal: Refusal,
    ) -> Result<Triggered, Outcome> {
        let run_id = command.run_id.clone().unwrap_or_else(|| "".into());
        let found = queries::runs::find(&self.reader, &ask.dag_id, &run_id)
            .ok()
            .flatten();
        if let Some(run) = found {
            let since = of.ti.queued_when;
            let ours = of.job.adopt.is_some()
                && run.triggered_by == TriggeredBy::Operator
                && run.conf == command.conf
                && run.queued_at >= since;
            if ours {
                return Ok(Triggered {
                    run: run.no,
                    run_id,
                });
            }
        }
        if ask.skip_when_already_exists {
            let message = format!("run {run_id} exists already");
            self.log(of, "info", message.clone());
            return Err(Outcome::Skipped { message });
        }
        self.log(of, "error", refusal.message.clone());
        Err(failed(refusal.message, true))
    }
}

fn verdict(ask: &TriggerDag, state: DagRunState, id: &RunId, well: &Outcome) -> Option<Outcome> {
    if ask.failed_states.contains(&state) {
        return Some(failed(
            format!("run {id} of dag {} ended {state}", ask.dag_id),
            true,
        ));
    }
    ask.allowed_states.contains(&state).then(|| well.clone())
}

fn failed(message: String, may_retry: bool) -> Outcome {
    Outcome::Failed {
        message,
        may_retry,
        retry_delay: None,
    }
}

async fn until_touched(changes: &mut broadcast::Receiver<Arc<Notice>>, run: RunNo) {
    loop {
        match changes.recv().await {
            Ok(notice) if notice.runs.contains(&run) => return,
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => return,
            // No more notices: the poke interval alone remains.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}
