//! A second opinion on the trigger rules: of a run that nobody touched, each task must have run, or
//! not, as its rule says of how those above it ended.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    DagId, RunId, RunNo, TaskId,
    command::Command,
    dag::Dag,
    state::{DagRunState, TaskInstanceState as State, TriggerRule},
    task_instance::TaskInstance,
};

use crate::server::Server;

/// What was touched by hand, so that no rule explains it.
#[derive(Debug, Default)]
pub struct Touched {
    dags: BTreeSet<DagId>,
    runs: BTreeSet<(DagId, RunId)>,
    /// Tasks that a worker's report may have skipped.
    pub chosen_against: BTreeSet<(RunNo, TaskId)>,
}

impl Touched {
    /// Takes note of what a request may touch.
    pub fn note(&mut self, command: &Command) {
        let (dag, run, beyond) = match command {
            Command::Clear(clear) => {
                let beyond = clear.include_past || clear.include_future;
                (clear.dag_id.clone(), clear.run_id.clone(), beyond)
            }
            Command::SetTaskState(set) => {
                let beyond = set.include_past || set.include_future;
                (Some(set.dag_id.clone()), Some(set.run_id.clone()), beyond)
            }
            Command::SetRunState { dag_id, run_id, .. } => {
                (Some(dag_id.clone()), Some(run_id.clone()), false)
            }
            Command::TriggerRun(trigger) if trigger.reset => {
                (Some(trigger.dag_id.clone()), None, false)
            }
            Command::CreateBackfill(ask) => (Some(ask.dag_id.clone()), None, true),
            Command::TriggerRun(_)
            | Command::ChangeBackfill { .. }
            | Command::SetPaused { .. }
            | Command::SetRunNote { .. }
            | Command::SetTaskNote { .. }
            | Command::DeleteRun { .. }
            | Command::DeleteDag { .. }
            | Command::PublishFile(_)
            | Command::RemoveFile { .. }
            | Command::PutPool { .. }
            | Command::DeletePool { .. }
            | Command::PutVariable { .. }
            | Command::DeleteVariable { .. }
            | Command::PutXCom { .. }
            | Command::DeleteXCom { .. }
            | Command::Keep { .. }
            | Command::CallbackDone { .. }
            | Command::AskHuman(_)
            | Command::Evaluated { .. }
            | Command::AnswerHuman { .. }
            | Command::PutConnection { .. }
            | Command::DeleteConnection { .. }
            | Command::SetDisk { .. }
            | Command::PushXCom { .. }
            | Command::SkipDownstream { .. }
            | Command::Prune { .. }
            | Command::PruneAssetEvents { .. }
            | Command::AddAssetEvent { .. }
            | Command::WatcherFired { .. }
            | Command::DeleteQueuedAssets { .. }
            | Command::KeepAssetState { .. } => return,
        };
        match (dag, run) {
            (Some(dag), Some(run)) if !beyond => {
                self.runs.insert((dag, run));
            }
            (dag, _) => self.dags.extend(dag),
        }
    }

    /// The first task that did what its rule does not say.
    pub fn first_wrong(&self, server: &Server, n_judged: &mut u64) -> Option<String> {
        let book = server.reader.snapshot().ok()?;
        for (run, instances) in crate::book::runs(&book).ok()? {
            let row = book.dag(run.dag).ok()??;
            let cached = server.reader.dags.get(&book, run.dag, run.version).ok()??;
            let dag = &cached.dag;
            let ends_otherwise = dag.dagrun_timeout.is_some() || dag.fail_fast;
            let is_touched = self.dags.contains(&row.dag_id)
                || self
                    .runs
                    .contains(&(row.dag_id.clone(), run.run_id.clone()));
            if is_touched || ends_otherwise || !run.state.is_finished() {
                continue;
            }
            let of_task = |ti: TaskInstance| Some((cached.task(ti.key.task)?.task_id.clone(), ti));
            let states: BTreeMap<TaskId, TaskInstance> =
                instances.into_iter().filter_map(of_task).collect();
            let is_open = states.values().any(|ti| !ti.state.is_finished());
            if is_open && run.state == DagRunState::Failed {
                // It came to a deadlock; the scheduler's own tests are about those.
                continue;
            }
            *n_judged += dag.tasks.len() as u64;
            let chosen_against = |task_id: &TaskId| {
                let place = (run.no, task_id.clone());
                self.chosen_against.contains(&place)
            };
            let judge = |task| judge(dag, task, &states, chosen_against);
            let wrong = dag.tasks.iter().find_map(judge);
            if let Some(wrong) = wrong {
                return Some(format!("in run {} of {}: {wrong}", run.run_id, row.dag_id));
            }
        }
        None
    }
}

fn judge(
    dag: &Dag,
    task: &model::dag::Task,
    states: &BTreeMap<TaskId, TaskInstance>,
    chosen_against: impl Fn(&TaskId) -> bool,
) -> Option<String> {
    let ti = states.get(&task.task_id)?;
    let above = task.upstream.iter().filter_map(|at| dag.tasks.get(*at));
    let above: Vec<(State, State)> = above
        .filter_map(|task| states.get(&task.task_id).map(|ti| (task, ti.state)))
        .map(|(task, state)| {
            // A branch skips what could not run for another reason before, too.
            let overwrites = state == State::Skipped && chosen_against(&task.task_id);
            (
                if overwrites {
                    State::UpstreamFailed
                } else {
                    state
                },
                state,
            )
        })
        .collect();
    let (before, above): (Vec<State>, Vec<State>) = above.into_iter().unzip();
    if above.is_empty() {
        return None;
    }
    let did = if ti.try_number > 0 {
        End::Ran
    } else if ti.state == State::Skipped && chosen_against(&task.task_id) {
        return None;
    } else if ti.state == State::Skipped {
        End::Skipped
    } else if ti.state == State::UpstreamFailed {
        End::UpstreamFailed
    } else {
        return Some(format!("{} is {} without a try", task.task_id, ti.state));
    };
    let mut may = may_end(task.trigger_rule, &above);
    may.extend(may_end(task.trigger_rule, &before));
    if may.contains(&did) {
        return None;
    }
    let rule = task.trigger_rule;
    Some(format!(
        "{} {did:?}, and {rule} of {above:?} says {may:?}",
        task.task_id
    ))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Ran,
    Skipped,
    UpstreamFailed,
}

/// What may have become of a task, by how all above it ended. Where a failure and a skip are both
/// there, the first one to come decides.
fn may_end(rule: TriggerRule, above: &[State]) -> Vec<End> {
    use End::{Ran, Skipped, UpstreamFailed};
    let has = |state: State| above.contains(&state);
    let all = |state: State| above.iter().all(|of| *of == state);
    let good = has(State::Success);
    let bad = has(State::Failed) || has(State::UpstreamFailed);
    let skipped = has(State::Skipped);
    match rule {
        TriggerRule::Always | TriggerRule::AllDone => vec![Ran],
        TriggerRule::AllSuccess => match (bad, skipped) {
            (false, false) => vec![Ran],
            (true, false) => vec![UpstreamFailed],
            (false, true) => vec![Skipped],
            (true, true) => vec![Skipped, UpstreamFailed],
        },
        TriggerRule::AllFailed => vec![if good || skipped { Skipped } else { Ran }],
        TriggerRule::AllDoneMinOneSuccess => match (skipped, good) {
            (true, _) => vec![Skipped],
            (false, true) => vec![Ran],
            (false, false) => vec![UpstreamFailed],
        },
        TriggerRule::OneSuccess if good => vec![Ran],
        TriggerRule::OneSuccess if all(State::Skipped) => vec![Skipped],
        TriggerRule::OneSuccess => vec![UpstreamFailed],
        TriggerRule::OneFailed => vec![if bad { Ran } else { Skipped }],
        TriggerRule::OneDone => vec![if good || has(State::Failed) {
            Ran
        } else {
            Skipped
        }],
        TriggerRule::NoneFailed => vec![if bad { UpstreamFailed } else { Ran }],
        TriggerRule::NoneSkipped => vec![if skipped { Skipped } else { Ran }],
        TriggerRule::NoneFailedMinOneSuccess => match (bad, good) {
            (true, _) => vec![UpstreamFailed],
            (false, true) => vec![Ran],
            (false, false) => vec![Skipped],
        },
        TriggerRule::AllSkipped => vec![if good || bad { Skipped } else { Ran }],
        TriggerRule::AllDoneSetupSuccess => vec![Ran, Skipped, UpstreamFailed],
    }
}
