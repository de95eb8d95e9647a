//! A second opinion on the trigger rules: of a run that nobody touched, each task must have run, or
//! not, as its rule says of how those above it ended.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    DagId, MapIndex, RunId, RunNo, TaskId, Timestamp,
    command::Command,
    dag::{Dag, Task},
    run::DagRun,
    state::{DagRunState, TaskInstanceState as State, TriggerRule},
    task_instance::TaskInstance,
};

use crate::server::Server;

/// What was touched by hand, so that no rule explains it.
#[derive(Debug, Default)]
pub struct Touched {
    dags: BTreeSet<DagId>,
    runs: BTreeSet<(DagId, RunId)>,
    /// Dags of which runs are gone, so that those after them have their events.
    lost_runs: BTreeSet<DagId>,
    has_pruned: bool,
    /// When a dag was published.
    published: BTreeMap<DagId, Vec<Timestamp>>,
    /// Tasks that a worker's report may have skipped.
    pub chosen_against: BTreeSet<(RunNo, TaskId)>,
}

impl Touched {
    /// Whether a run was touched by hand.
    pub fn contains(&self, dag_id: &DagId, run_id: &RunId) -> bool {
        let run = (dag_id.clone(), run_id.clone());
        self.dags.contains(dag_id) || self.runs.contains(&run)
    }

    /// Whether runs of a dag may be gone.
    pub fn has_lost_runs(&self, dag_id: &DagId) -> bool {
        self.has_pruned || self.lost_runs.contains(dag_id)
    }

    /// Whether a run may have moved to another version of its dag on its way.
    pub fn may_have_moved(&self, dag_id: &DagId, run: &DagRun) -> bool {
        let published = self.published.get(dag_id).into_iter().flatten();
        let (from, to) = (run.queued_at, run.end_date);
        published
            .into_iter()
            .any(|at| from.is_none_or(|from| from <= *at) && to.is_none_or(|to| *at <= to))
    }

    /// Takes note of what a request may touch.
    #[allow(clippy::too_many_lines)] // A table: an arm for each command.
    pub fn note(&mut self, command: &Command, now: Timestamp) {
        if let Command::DeleteRun { dag_id, .. } | Command::DeleteDag { dag_id } = command {
            self.lost_runs.insert(dag_id.clone());
        }
        self.has_pruned |= matches!(command, Command::Prune { .. });
        if let Command::PublishFile(publish) = command {
            for dag in &publish.dags {
                let known = self.published.entry(dag.dag.dag_id.clone());
                known.or_default().push(now);
            }
        }
        let (dag, run, beyond) = match command {
            Command::Clear(clear) => {
                let beyond = clear.include_past || clear.include_future;
                (clear.dag_id.clone(), clear.run_id.clone(), beyond)
            }
            Command::SetTaskState(set) => {
                let beyond = set.include_past || set.include_future;
                (Some(set.dag_id.clone()), Some(set.run_id.clone()), beyond)
            }
            Command::SetGroupState(set) => {
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
            | Command::ForgetPartition { .. }
            | Command::DeleteTaskInstance { .. }
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
            | Command::KeepAssetState { .. }
            | Command::Audit(_)
            | Command::PruneAudit { .. } => return,
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
            let is_touched = self.contains(&row.dag_id, &run.run_id);
            if is_touched || ends_otherwise || !run.state.is_finished() {
                continue;
            }
            let is_odd = |ti: &TaskInstance| ti.state == State::Removed;
            if instances.iter().any(is_odd) {
                continue;
            }
            let is_open = instances.iter().any(|ti| !ti.state.is_finished());
            if is_open && run.state == DagRunState::Failed {
                // It came to a deadlock; the scheduler's own tests are about those.
                continue;
            }
            let mut states: States = BTreeMap::new();
            for ti in instances {
                let task = cached.task(ti.key.task)?;
                let of_task = states.entry(task.task_id.clone()).or_default();
                of_task.insert(ti.key.map, ti);
            }
            let setups = below_setups(dag);
            let chosen_against = |task_id: &TaskId| {
                let place = (run.no, task_id.clone());
                self.chosen_against.contains(&place)
            };
            let judged = dag.tasks.iter().zip(&setups);
            for (task, _) in judged.filter(|(_, has_setup)| !**has_setup) {
                *n_judged += 1;
                if let Some(wrong) = judge_task(dag, task, &states, &chosen_against) {
                    return Some(format!("in run {} of {}: {wrong}", run.run_id, row.dag_id));
                }
            }
        }
        None
    }
}

/// All instances of a run, by task and index.
type States = BTreeMap<TaskId, BTreeMap<MapIndex, TaskInstance>>;

/// For each task, whether it has a setup above it, or is one for what is above it: other rules
/// hold for those.
fn below_setups(dag: &Dag) -> Vec<bool> {
    let mut found: Vec<bool> = dag
        .tasks
        .iter()
        .map(|task| task.is_setup || task.is_teardown)
        .collect();
    // Those above come first in the documents.
    for at in 0..found.len() {
        let mut above = dag.tasks[at].upstream.iter();
        found[at] |= above.any(|above| found[*above]);
    }
    found
}

fn judge_task(
    dag: &Dag,
    task: &Task,
    states: &States,
    chosen_against: &dyn Fn(&TaskId) -> bool,
) -> Option<String> {
    let own = states.get(&task.task_id)?;
    let group = mapped_group(dag, task);
    // Expanded within an expanded group: whom it sees is told by the engine's own tests.
    let is_nested = |task: &Task| task.is_mapped && mapped_group(dag, task).is_some();
    let mut near = task.upstream.iter().filter_map(|at| dag.tasks.get(*at));
    if is_nested(task) || near.any(|above| mapped_group(dag, above) == group && is_nested(above)) {
        return None;
    }
    let needs_expansion = dag.needs_expansion(task);
    own.iter().find_map(|(index, ti)| {
        if needs_expansion && *index == MapIndex::NONE {
            return None;
        }
        let above = task.upstream.iter().filter_map(|at| dag.tasks.get(*at));
        let seen = above.flat_map(|above| {
            let is_near = group.is_some() && mapped_group(dag, above) == group;
            let all = states.get(&above.task_id).into_iter().flatten();
            let all = all.filter(move |(at, _)| !is_near || *at == index || **at == MapIndex::NONE);
            all.map(move |(_, ti)| (above, ti.state))
        });
        judge(task, ti, seen.collect(), chosen_against)
    })
}

/// The id of the mapped group that a task is in.
fn mapped_group(dag: &Dag, task: &Task) -> Option<String> {
    let mut groups = dag.groups_of(task).filter(|group| group.is_mapped());
    groups.next().map(|group| group.group_id.clone())
}

fn judge(
    task: &Task,
    ti: &TaskInstance,
    above: Vec<(&Task, State)>,
    chosen_against: &dyn Fn(&TaskId) -> bool,
) -> Option<String> {
    let above = above.into_iter().map(|(task, state)| {
        // A branch skips what could not run for another reason before, too.
        let overwrites = state == State::Skipped && chosen_against(&task.task_id);
        let before = if overwrites {
            State::UpstreamFailed
        } else {
            state
        };
        (before, state)
    });
    let (before, above): (Vec<State>, Vec<State>) = above.unzip();
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
