//! One dag of a file: its number, its tasks' numbers, its version.

use std::sync::Arc;

use model::{
    DagNo, TaskNo, VersionNo,
    change::{DagRow, DagSource, DagVersion},
    command::PublishDag,
    dag::Dag,
};

use super::summary::summary;
use crate::{
    assets::register,
    live::{Cx, dags::LiveDag, state::refresh_dag},
    plan::position,
    run::{follow, next},
};

/// Takes in a dag, new or changed or back.
pub(super) fn publish(cx: &mut Cx, path: &str, read: PublishDag) -> DagNo {
    let known = cx.live.by_id.get(&read.dag.dag_id).copied();
    let no = known.unwrap_or_else(|| create(cx, path, &read));
    number_tasks(cx, no, &read.dag);
    let is_new = known.is_none();
    let change = if is_new {
        Version::New
    } else {
        compare(cx, no, &read)
    };
    let rule_changed = change != Version::Same;
    let is_new_version = change == Version::New && !is_new;
    match change {
        Version::Same => {}
        Version::SourceOnly | Version::InPlace => {
            put_version(cx, no, &read, None);
        }
        Version::New => {
            let version = cx.live.dags.get(&no).map_or(0, |dag| dag.row.version.0);
            put_version(cx, no, &read, Some(VersionNo(version + 1)));
        }
    }
    let now = cx.now;
    if let Some(row) = cx.live.change_dag(no) {
        row.is_stale = false;
        path.clone_into(&mut row.file);
        row.last_parsed = now;
        row.last_parse_us = read.parse_us;
        row.summary = summary(&read.dag);
    }
    if is_new_version && matches!(read.source, DagSource::Serialized { .. }) {
        drift(cx, no);
    }
    release_limits(cx, no);
    register::register(cx, no, &read.dag);
    refresh_dag(cx.live, no, now);
    if rule_changed
        || cx
            .live
            .dags
            .get(&no)
            .is_some_and(|dag| dag.row.next_run.is_none())
    {
        next::refresh(cx, no);
    } else {
        next::arm(cx.live, no);
    }
    no
}

fn create(cx: &mut Cx, path: &str, read: &PublishDag) -> DagNo {
    let no = cx.live.new_dag_no();
    let dag = &read.dag;
    let by_default = cx.live.options.dags_are_paused_at_creation;
    let row = DagRow {
        no,
        dag_id: dag.dag_id.clone(),
        is_paused: dag.is_paused_upon_creation.unwrap_or(by_default),
        is_stale: false,
        version: VersionNo(0),
        file: path.to_owned(),
        last_parsed: cx.now,
        last_parse_us: read.parse_us,
        next_run: None,
        last_scheduled: None,
        summary: summary(dag),
    };
    cx.live.by_id.insert(dag.dag_id.clone(), no);
    cx.live.dags.insert(no, LiveDag::new(row, Vec::new()));
    no
}

/// Gives a number to each task id that has none. Numbers are never used again.
fn number_tasks(cx: &mut Cx, no: DagNo, dag: &Dag) {
    let Some(live) = cx.live.dags.get_mut(&no) else {
        return;
    };
    let mut next = live
        .tasks
        .values()
        .map(|task| task.0 + 1)
        .max()
        .unwrap_or(0);
    for task in &dag.tasks {
        if !live.tasks.contains_key(&task.task_id) {
            let number = TaskNo(next);
            next += 1;
            live.tasks.insert(task.task_id.clone(), number);
            cx.live.dirty.names.push((no, number, task.task_id.clone()));
        }
    }
}

#[derive(PartialEq, Eq)]
enum Version {
    /// Nothing has changed.
    Same,
    /// Written differently, meaning the same.
    SourceOnly,
    /// Nobody has seen the present version yet.
    InPlace,
    /// Runs follow the present version.
    New,
}

fn compare(cx: &mut Cx, no: DagNo, read: &PublishDag) -> Version {
    let hash = cx.live.dags.get(&no).and_then(|dag| dag.hash.clone());
    if hash.as_ref() == Some(&read.hash) {
        return Version::Same;
    }
    if hash.is_some_and(|hash| means_the_same(&hash, &read.hash)) {
        return Version::SourceOnly;
    }
    let version = cx
        .live
        .dags
        .get(&no)
        .map_or(VersionNo(0), |dag| dag.row.version);
    let plan = cx.live.plan(no, version, cx.view);
    if plan.is_some_and(|plan| *plan.dag == *read.dag) {
        return Version::SourceOnly;
    }
    let unused = cx
        .live
        .dags
        .get(&no)
        .is_some_and(|dag| dag.unused || is_without_runs(cx, dag));
    if unused {
        Version::InPlace
    } else {
        Version::New
    }
}

/// Of a Python dag the hash says what the dag means, then after a dot how it is written.
fn means_the_same(one: &str, other: &str) -> bool {
    one.split_once('.')
        .zip(other.split_once('.'))
        .is_some_and(|((one, _), (other, _))| one == other)
}

fn is_without_runs(cx: &Cx, dag: &LiveDag) -> bool {
    dag.runs.is_empty() && cx.view.last_runs(dag.row.no, 1).is_empty()
}

fn put_version(cx: &mut Cx, no: DagNo, read: &PublishDag, new: Option<VersionNo>) {
    let Some(live) = cx.live.dags.get_mut(&no) else {
        return;
    };
    if let Some(new) = new {
        let old = std::mem::replace(&mut live.row.version, new);
        let followed = live
            .plans
            .get(&old)
            .is_some_and(|plan| Arc::strong_count(plan) > 1);
        if !followed {
            live.plans.remove(&old);
        }
        live.unused = true;
    }
    let version = live.row.version;
    live.hash = Some(read.hash.clone());
    let row = DagVersion {
        dag: no,
        version,
        created_at: cx.now,
        hash: read.hash.clone(),
        source: read.source.clone(),
    };
    cx.live.dirty.versions.insert((no, version), row);
    cx.live.compile(no, version, Arc::clone(&read.dag));
}

/// The dag's limits may have changed: those that wait for them are looked at again.
fn release_limits(cx: &mut Cx, no: DagNo) {
    let live = &mut *cx.live;
    let Some(dag) = live.dags.get_mut(&no) else {
        return;
    };
    for run in dag.live_runs() {
        if let Some(run) = live.runs.get_mut(&run) {
            run.parked.release_all(&mut live.ready);
        }
    }
    for limit in dag.limits.values_mut() {
        limit.parked.release_all(&mut live.ready);
    }
    live.ready.wake |= position(dag.runs.len()) > 0;
}

/// Python's code is at hand in its newest form only, so that runs that go on follow the newest
/// version, as upstream's do where bundles have no versions.
fn drift(cx: &mut Cx, no: DagNo) {
    let runs = cx.live.dags.get(&no).map(LiveDag::live_runs);
    for run in runs.unwrap_or_default() {
        if follow::latest(cx, run) {
            follow::unplace(cx, run);
        }
    }
}
