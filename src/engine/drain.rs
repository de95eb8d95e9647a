//! What a batch leaves to do: first the book, then the world.

use std::collections::{BTreeMap, BTreeSet};

use model::{DagNo, PoolName, RunNo, TiKey, change::Change, effect::Effect, state::DagRunState};

use crate::live::{
    Live,
    dirty::{Dirty, XComs},
    run::{LiveRun, Past},
};

/// What a batch leaves to do.
#[derive(Debug, Default)]
pub struct Drained {
    /// One transaction; each key once.
    pub changes: Vec<Change>,
    /// To carry out in order, after the commit.
    pub effects: Vec<Effect>,
    /// For live notices.
    pub touched: Touched,
}

/// What a batch changed, for those who watch.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Touched {
    /// Dags with a new row.
    pub dags: BTreeSet<DagNo>,
    /// Runs whose row, task instances or XComs changed.
    pub runs: BTreeSet<RunNo>,
    /// Pools whose row or use changed.
    pub pools: BTreeSet<PoolName>,
    /// Dag files whose row changed.
    pub files: BTreeSet<String>,
}

/// Hands over what has changed and what is to be done since the last call. Runs that have ended
/// leave the memory with it.
pub fn drain(live: &mut Live) -> Drained {
    let dirty = std::mem::take(&mut live.dirty);
    let mut changes = Vec::new();
    let touched = touched(&dirty);
    deletions(&dirty, &mut changes);
    if dirty.counters {
        changes.push(Change::PutCounters(live.counters));
    }
    rows(live, &dirty, &mut changes);
    backfills(&dirty, &mut changes);
    let mut ended = Vec::new();
    for no in &dirty.runs {
        run(live, *no, &mut changes, &mut ended);
    }
    let Dirty {
        assets,
        audit,
        archive,
        xcoms,
        kept,
        connections,
        callbacks,
        humans,
        effects,
        ..
    } = dirty;
    assets.drain(&live.assets, &mut changes);
    changes.extend(audit.into_iter().map(|(no, put)| match put {
        Some(entry) => Change::PutAudit {
            no,
            entry: Box::new(entry),
        },
        None => Change::DeleteAudit { no },
    }));
    changes.extend(kept.into_iter().map(|((key, what), value)| match value {
        Some(value) => Change::PutKept { key, what, value },
        None => Change::DeleteKept { key, what },
    }));
    changes.extend(callbacks.into_iter().map(|(no, owed)| match owed {
        Some(owed) => Change::PutCallback(owed),
        None => Change::DeleteCallback { no },
    }));
    let humans = humans.into_values().map(Box::new);
    changes.extend(humans.map(Change::PutHumanInput));
    changes.extend(connections.into_iter().map(|(conn_id, put)| match put {
        Some(connection) => Change::PutConnection(connection),
        None => Change::DeleteConnection { conn_id },
    }));
    changes.extend(
        archive
            .into_values()
            .map(|ti| Change::ArchiveTry(Box::new(ti))),
    );
    put_xcoms(xcoms, &mut changes);
    for no in ended {
        leave(live, no);
    }
    Drained {
        changes,
        effects,
        touched,
    }
}

fn put_xcoms(xcoms: BTreeMap<TiKey, XComs>, changes: &mut Vec<Change>) {
    for (key, XComs { cleared, values }) in xcoms {
        if cleared {
            changes.push(Change::DeleteXCom { key, name: None });
        }
        changes.extend(values.into_iter().filter_map(|(name, value)| match value {
            Some((value, at)) => Some(Change::PutXCom {
                key,
                name,
                value,
                at,
            }),
            None if cleared => None,
            None => Some(Change::DeleteXCom {
                key,
                name: Some(name),
            }),
        }));
    }
}

fn touched(dirty: &Dirty) -> Touched {
    let mut touched = Touched {
        dags: dirty.dags.clone(),
        runs: dirty.runs.clone(),
        pools: dirty.pools.union(&dirty.touched_pools).cloned().collect(),
        files: dirty.files.clone(),
    };
    touched
        .dags
        .extend(dirty.deleted_dags.iter().map(|(no, _)| *no));
    touched.runs.extend(dirty.deleted_runs.keys());
    touched.runs.extend(dirty.waiting.keys());
    let backfills = dirty.backfills.values();
    touched.dags.extend(backfills.map(|backfill| backfill.dag));
    touched.runs.extend(dirty.xcoms.keys().map(|key| key.run));
    touched
        .runs
        .extend(dirty.humans.keys().map(|(key, _)| key.run));
    touched
}

fn deletions(dirty: &Dirty, changes: &mut Vec<Change>) {
    for (dag, dag_id) in &dirty.deleted_dags {
        let (dag, dag_id) = (*dag, dag_id.clone());
        changes.push(Change::DeleteDag { dag, dag_id });
    }
    for (run, in_book) in &dirty.deleted_runs {
        if *in_book {
            changes.push(Change::DeleteRun { run: *run });
        }
    }
}

fn backfills(dirty: &Dirty, changes: &mut Vec<Change>) {
    for backfill in dirty.backfills.values() {
        changes.push(Change::PutBackfill(Box::new(backfill.clone())));
    }
    for ((run, alert), deadline) in &dirty.deadlines {
        let (run, alert) = (*run, *alert);
        changes.push(match deadline {
            Some(deadline) => Change::PutDeadline(deadline.clone()),
            None => Change::DeleteDeadline { run, alert },
        });
    }
    for run in dirty.waiting.values() {
        changes.push(Change::PutRun {
            run: Box::new(run.clone()),
            was: Some(DagRunState::Queued),
        });
    }
}

fn rows(live: &Live, dirty: &Dirty, changes: &mut Vec<Change>) {
    for no in &dirty.dags {
        if let Some(dag) = live.dags.get(no) {
            changes.push(Change::PutDag(Box::new(dag.row.clone())));
        }
    }
    for (dag, task, task_id) in &dirty.names {
        let (dag, task, task_id) = (*dag, *task, task_id.clone());
        changes.push(Change::PutTaskName { dag, task, task_id });
    }
    for version in dirty.versions.values() {
        changes.push(Change::PutVersion(Box::new(version.clone())));
    }
    for path in &dirty.files {
        changes.push(match live.files.get(path) {
            Some(file) => Change::PutFile(Box::new(file.clone())),
            None => Change::DeleteFile { path: path.clone() },
        });
    }
    for name in &dirty.pools {
        let row = live.pools.named(name).and_then(|pool| pool.row.clone());
        changes.push(match row {
            Some(pool) => Change::PutPool(pool),
            None => Change::DeletePool { name: name.clone() },
        });
    }
    for (key, variable) in &dirty.variables {
        changes.push(match variable {
            Some(variable) => Change::PutVariable(variable.clone()),
            None => Change::DeleteVariable { key: key.clone() },
        });
    }
}

fn run(live: &mut Live, no: RunNo, changes: &mut Vec<Change>, ended: &mut Vec<RunNo>) {
    let Some(run) = live.runs.get_mut(&no) else {
        return;
    };
    let dag = run.row.dag;
    if run.row_dirty {
        changes.push(Change::PutRun {
            run: Box::new(run.row.clone()),
            was: run.book,
        });
        run.row_dirty = false;
        run.book = Some(run.row.state);
    }
    let deleted = std::mem::take(&mut run.deleted).into_iter();
    changes.extend(deleted.map(|key| Change::DeleteTaskInstance { dag, key }));
    for at in std::mem::take(&mut run.dirty) {
        let Some(slot) = run.slots.get_mut(at as usize).filter(|slot| slot.dirty) else {
            continue;
        };
        changes.push(Change::PutTaskInstance {
            dag,
            ti: Box::new(slot.ti.clone()),
            was: slot.book,
        });
        slot.dirty = false;
        slot.book = Some(slot.ti.state);
    }
    for key in std::mem::take(&mut run.removed_dirty) {
        let Some((ti, was)) = run.removed.get_mut(&key) else {
            continue;
        };
        changes.push(Change::PutTaskInstance {
            dag,
            ti: Box::new(ti.clone()),
            was: *was,
        });
        *was = Some(ti.state);
    }
    match run.row.state {
        DagRunState::Success | DagRunState::Failed => ended.push(no),
        // Runs of a backfill may be many: they come back to memory when they start.
        DagRunState::Queued if run.row.backfill.is_some() => ended.push(no),
        DagRunState::Queued | DagRunState::Running => {}
    }
}

/// Lets a run go that is finished, or waits in a backfill; later runs that look back at it keep how
/// it ended.
fn leave(live: &mut Live, no: RunNo) {
    live.settle.remove(&no);
    let Some(run) = live.runs.remove(&no) else {
        return;
    };
    if !run.followers.is_empty() {
        let tasks = (0..).zip(&run.plan.tasks);
        let states = tasks
            .filter_map(|(at, task)| Some((task.no, run.task_state(at)?)))
            .collect();
        let past = Past::Book(run.row.run_id.clone(), states);
        for follower in &run.followers {
            let follower = live.runs.get_mut(follower);
            // It may have found a run between them since.
            let still = |run: &&mut LiveRun| matches!(run.past, Some(Past::Live(of)) if of == no);
            if let Some(follower) = follower.filter(still) {
                follower.past = Some(past.clone());
            }
        }
    }
    let Some(dag) = live.dags.get_mut(&run.row.dag) else {
        return;
    };
    dag.index(&run, false);
    dag.wait(&run.row);
    let version = run.plan.version;
    drop(run);
    let unused = dag
        .plans
        .get(&version)
        .is_some_and(|plan| std::sync::Arc::strong_count(plan) == 1);
    if unused && version != dag.row.version {
        dag.plans.remove(&version);
    }
}
