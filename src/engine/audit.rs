//! The audit log: what somebody asked for, and what the scheduler did about it by itself. An entry
//! is written in the transaction of what it tells.

use model::{
    AuditNo, TaskNo, TiKey,
    asset::EventSource,
    audit::{AuditEntry, SCHEDULER},
    command::Reply,
    limits::AUDIT_EXTRA_BYTES_MAX,
    run::DagRun,
    task_instance::TaskInstance,
};

use crate::{attempt::At, live::Cx};

/// Somebody asked for something.
pub(crate) fn asked(cx: &mut Cx, entry: AuditEntry) -> Reply {
    put(cx, entry);
    Reply::Done
}

/// Forgets old entries.
pub(crate) fn prune(cx: &mut Cx, entries: Vec<AuditNo>) -> Reply {
    let gone = entries.into_iter().map(|no| (no, None));
    cx.live.dirty.audit.extend(gone);
    Reply::Done
}

/// Keeps an entry. Its number is its time, or the next that is free.
pub(crate) fn put(cx: &mut Cx, entry: AuditEntry) {
    let last = &mut cx.live.last_audit;
    *last = AuditNo::first_at(cx.now).max(last.next());
    let mut entry = entry.bounded();
    if let Some(extra) = &mut entry.extra {
        // What a plugin says of its trouble may be long; requests are bounded before.
        let end = extra.floor_char_boundary(AUDIT_EXTRA_BYTES_MAX);
        extra.truncate(end);
    }
    cx.live.dirty.audit.insert(*last, Some(entry));
}

/// The scheduler paused a dag.
pub(crate) fn paused(cx: &mut Cx, dag_id: &str) {
    let entry = AuditEntry {
        dag_id: Some(dag_id.to_owned()),
        owner: Some(SCHEDULER.to_owned()),
        owner_display_name: Some("Scheduler".to_owned()),
        // Upstream's pairs, as Python writes them.
        extra: Some(format!("[('dag_id', '{dag_id}'), ('is_paused', True)]")),
        ..AuditEntry::new("paused")
    };
    put(cx, entry);
}

/// Something was done to a try.
pub(crate) fn of_try(cx: &mut Cx, place: At, event: &str, extra: &str) {
    let Some(run) = cx.run(place.run) else { return };
    let (Some(task), Some(slot)) = (run.task(place.at), run.slot(place.at)) else {
        return;
    };
    let told = about(&run.row, &slot.ti);
    let entry = AuditEntry {
        event: event.to_owned(),
        dag_id: Some(run.plan.dag.dag_id.to_string()),
        task_id: Some(task.task_id.to_string()),
        extra: Some(extra.to_owned()),
        ..told
    };
    put(cx, entry);
}

/// Something went wrong with what a task, or somebody else, said of an asset.
pub(crate) fn of_source(cx: &mut Cx, source: Option<&EventSource>, event: &str, extra: String) {
    let mut entry = AuditEntry::new(event);
    if let Some(source) = source {
        if let Some(told) = source_try(cx, source) {
            entry = told;
        }
        entry.event = event.to_owned();
        entry.dag_id = Some(source.dag_id.to_string());
        entry.run_id = Some(source.run_id.to_string());
        entry.task_id = Some(source.task_id.to_string());
        entry.map_index = Some(source.map.0);
    }
    entry.extra = Some(extra);
    put(cx, entry);
}

/// The try that said it, where it is still in memory.
fn source_try(cx: &Cx, source: &EventSource) -> Option<AuditEntry> {
    let tasks = &cx.live.dags.get(&source.dag)?.tasks;
    let task: TaskNo = *tasks.get(&source.task_id)?;
    let run = cx.run(source.run)?;
    let at = run.find(TiKey {
        run: source.run,
        task,
        map: source.map,
    })?;
    Some(about(&run.row, &run.slot(at)?.ti))
}

fn about(run: &DagRun, ti: &TaskInstance) -> AuditEntry {
    AuditEntry {
        run_id: Some(run.run_id.to_string()),
        map_index: Some(ti.key.map.0),
        try_number: Some(ti.try_number),
        logical_date: run.logical_date,
        ..AuditEntry::default()
    }
}
