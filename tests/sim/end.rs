//! The end: the world becomes kind, nothing new is asked, and all that was begun must be finished.

use std::collections::BTreeSet;

use control::{batch::Given, view::BookView};
use model::{
    MapIndex, PoolName, RunNo, TaskId, TaskNo,
    backfill::BackfillAct,
    change::Pool,
    command::{Command, SetTaskState},
    reason::Reason,
    state::TaskInstanceState,
    task_instance::TaskInstance,
};
use serde_json::{Value, json};

use crate::{
    dags::POOLS,
    life::Life,
    person::{self, Screen},
    python_dags, say,
};

/// Batches that a kind world may need.
const BATCHES_MAX: usize = 1_500;
/// Times that a person helps what waits for a past that failed.
const HELP_MAX: usize = 64;

impl Life {
    /// Makes the world kind and waits until every run has ended.
    pub(crate) fn come_to_an_end(&mut self) -> Result<(), String> {
        say!(self, "the world becomes kind");
        self.disk.heal();
        self.world.is_kind = true;
        let inputs = self.kindness();
        self.batch(inputs)?;
        let mut n_helped = 0;
        for _ in 0..BATCHES_MAX {
            let unfinished = self.unfinished();
            if unfinished.is_empty() {
                return self.last_look();
            }
            let wake = self
                .server
                .as_ref()
                .and_then(|server| server.scheduler.next_wake());
            let next = [wake, self.world.next()].into_iter().flatten().min();
            let inputs = match next {
                Some(next) => {
                    self.now = self.now.max(next);
                    self.arrivals()
                }
                None if n_helped < HELP_MAX => {
                    n_helped += 1;
                    self.help(&unfinished)
                }
                None => return Err(self.stuck(&unfinished)),
            };
            let answers = self.answers();
            self.batch(inputs.into_iter().chain(answers).collect())?;
        }
        Err(format!(
            "no end in sight: {}",
            self.stuck(&self.unfinished())
        ))
    }

    /// Room on the disk and in the pools, no dag paused, all files back, no clock that makes more
    /// runs.
    fn kindness(&mut self) -> Vec<Given> {
        let command = |command| Given::Command(Box::new(command));
        let mut inputs = vec![command(Command::SetDisk {
            free_bytes: 1_000,
            needed_bytes: 100,
        })];
        for name in POOLS {
            let name = PoolName::from(name);
            let pool = Pool {
                name,
                slots: 64,
                description: None,
                include_deferred: false,
            };
            inputs.push(command(Command::PutPool {
                pool,
                only_new: false,
            }));
        }
        let screen = self.screen();
        for dag_id in screen.dags {
            let path = format!("{dag_id}.yaml");
            let text = self
                .documents
                .get(&path)
                .or(self.removed.get(&path))
                .cloned();
            let Some(text) = text else { continue };
            let Ok(mut document) = serde_json::from_str::<Value>(&text) else {
                continue;
            };
            if document.get("__version").is_some() {
                document = python_dags::unscheduled(document);
            } else {
                document["schedule"] = Value::Null;
                document["max_consecutive_failed_dag_runs"] = json!(0);
            }
            let text = document.to_string();
            inputs.push(self.publish_text(&dag_id, text));
            inputs.push(command(Command::SetPaused {
                dag_id,
                paused: false,
            }));
        }
        inputs.extend(self.open_backfills().into_iter().map(|no| {
            let (act, user) = (BackfillAct::Unpause, None);
            command(Command::ChangeBackfill { no, act, user })
        }));
        inputs
    }

    /// Everybody who is asked answers.
    fn answers(&self) -> Vec<Given> {
        let Some(server) = &self.server else {
            return Vec::new();
        };
        let live = server.scheduler.live();
        let all = live.runs().flat_map(|run| live.task_instances(run.no));
        let waiting = all.filter(|ti| ti.state == TaskInstanceState::AwaitingInput);
        waiting
            .map(|ti| Given::Command(Box::new(person::answer(ti.key))))
            .collect()
    }

    fn open_backfills(&self) -> Vec<u64> {
        let server = self.server.as_ref();
        let book = server.and_then(|server| server.reader.snapshot().ok());
        let all = book
            .and_then(|book| book.backfills().ok())
            .unwrap_or_default();
        let open = all.iter().filter(|of| of.completed_at.is_none());
        open.map(|of| of.no).collect()
    }

    fn screen(&self) -> Screen {
        self.server
            .as_ref()
            .map(|server| server.screen(0))
            .unwrap_or_default()
    }

    fn unfinished(&self) -> BTreeSet<RunNo> {
        let server = self.server.as_ref();
        let book = server.and_then(|server| server.reader.snapshot().ok());
        let runs = book.and_then(|book| book.live_runs().ok());
        runs.unwrap_or_default().into_iter().collect()
    }

    /// A person sets to success what failed and holds up the runs after it, and what waits for a task
    /// of which the run has no instance.
    fn help(&mut self, unfinished: &BTreeSet<RunNo>) -> Vec<Given> {
        say!(self, "somebody helps {unfinished:?}");
        let mut inputs = Vec::new();
        let Some(book) = self
            .server
            .as_ref()
            .and_then(|of| of.reader.snapshot().ok())
        else {
            return inputs;
        };
        for row in book.dags(None, usize::MAX).unwrap_or_default() {
            let names = book.task_names(row.no).unwrap_or_default();
            for run_no in book.last_runs(row.no, usize::MAX).unwrap_or_default() {
                let Ok(Some(run)) = book.run(run_no) else {
                    continue;
                };
                let tis = book.task_instances(run_no).unwrap_or_default();
                let lacks = tis.iter().any(has_none_now);
                let there: BTreeSet<TaskNo> = tis.iter().map(|ti| ti.key.task).collect();
                let absent = names.iter().filter(|(no, _)| !there.contains(no));
                let absent: BTreeSet<&TaskId> = absent.map(|(_, id)| id).collect();
                for ti in tis {
                    let helps = ti.state.is_failure()
                        || (lacks && ti.state == TaskInstanceState::NoStatus)
                        || (!ti.state.is_finished() && self.waits_for_ever(ti.key, &absent));
                    let name = names.iter().find(|(no, _)| *no == ti.key.task);
                    let Some((_, task_id)) = name.filter(|_| helps) else {
                        continue;
                    };
                    let command = Command::SetTaskState(Box::new(SetTaskState {
                        dag_id: row.dag_id.clone(),
                        run_id: run.run_id.clone(),
                        task_id: task_id.clone(),
                        map_index: None,
                        state: TaskInstanceState::Success,
                        include_upstream: false,
                        include_downstream: false,
                        include_future: false,
                        include_past: false,
                        dry_run: false,
                        user: None,
                    }));
                    inputs.push(Given::Command(Box::new(command)));
                }
            }
        }
        inputs
    }

    /// For a past that failed, or for a task that is not there.
    fn waits_for_ever(&self, key: model::TiKey, absent: &BTreeSet<&TaskId>) -> bool {
        let Some(server) = &self.server else {
            return false;
        };
        let view = BookView::new(&server.reader);
        let reasons = server.scheduler.live().task_reasons(key, &view, self.now);
        reasons.iter().any(|reason| {
            let is_absent = |task| absent.contains(task);
            matches!(reason, Reason::DependsOnPast { .. })
                || matches!(reason, Reason::WaitsFor { tasks, .. } if tasks.iter().any(is_absent))
        })
    }

    /// What does not come to an end, and why it says it does not.
    fn stuck(&self, unfinished: &BTreeSet<RunNo>) -> String {
        let mut text = format!("{} runs do not end:", unfinished.len());
        let Some(server) = &self.server else {
            return text;
        };
        let Ok(book) = server.reader.snapshot() else {
            return text;
        };
        let view = BookView::new(&server.reader);
        for no in unfinished.iter().take(3) {
            let run = book.run(*no).ok().flatten();
            let why = server.scheduler.live().run_reasons(*no, &view, self.now);
            text += &format!("\n  {run:?}\n    because {why:?}");
            for ti in book.task_instances(*no).unwrap_or_default() {
                if ti.state.is_finished() {
                    continue;
                }
                let why = server
                    .scheduler
                    .live()
                    .task_reasons(ti.key, &view, self.now);
                text += &format!("\n    {ti:?}\n      because {why:?}");
            }
        }
        text
    }

    /// All runs have ended: nothing is left over.
    fn last_look(&mut self) -> Result<(), String> {
        for _ in 0..200 {
            let Some(next) = self.world.next() else { break };
            self.now = self.now.max(next);
            let inputs = self.arrivals();
            self.batch(inputs)?;
        }
        if self.world.n_busy() > 0 {
            return Err(format!("left over in the world: {}", self.world.leftover()));
        }
        let Some(server) = &self.server else {
            return Ok(());
        };
        for usage in server.scheduler.live().pool_usage() {
            if usage.running + usage.queued + usage.scheduled + usage.deferred != 0 {
                return Err(format!(
                    "all runs have ended, and a pool is in use: {usage:?}"
                ));
            }
        }
        let book = server
            .reader
            .snapshot()
            .map_err(|problem| problem.to_string())?;
        let wrongs = crate::book::wrongs(&book).map_err(|problem| problem.to_string())?;
        let runs = crate::book::runs(&book).map_err(|problem| problem.to_string())?;
        self.stats.n_runs = runs.len() as u64;
        let mut more =
            crate::assets::wrongs(&book, &self.touched).map_err(|problem| problem.to_string())?;
        more.extend(self.touched.first_wrong(server, &mut self.stats.n_judged));
        more.extend(crate::mapping::first_wrong(
            server,
            &self.touched,
            &mut self.stats.n_mapped,
        ));
        if let Some(wrong) = more.first() {
            return Err(wrong.clone());
        }
        match wrongs.first() {
            Some(wrong) => Err(format!("at the end {wrong}")),
            None => Ok(()),
        }
    }
}

/// Whether it stands for instances that do not come by themselves, since its task is mapped now.
fn has_none_now(ti: &TaskInstance) -> bool {
    let is_removed = ti.state == TaskInstanceState::Removed && ti.key.map == MapIndex::NONE;
    is_removed && matches!(ti.reason, Some(Reason::Failed { .. }))
}
