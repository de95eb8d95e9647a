//! What is kept for tasks and people, and decides nothing: variables, XComs, notes.

use model::{
    DagId, Json, RunId, TiKey,
    change::{Connection, Kept, KeptValue, Variable},
    command::{Refusal, Reply},
    task_instance::Returned,
};

use crate::{attempt::At, live::Cx, refusals, run::select};

/// Creates or changes a variable.
pub(crate) fn put_variable(
    cx: &mut Cx,
    variable: Variable,
    only_new: bool,
) -> Result<Reply, Refusal> {
    if only_new && has_variable(cx, &variable.key) {
        return Err(refusals::variable_exists(&variable.key));
    }
    cx.live
        .dirty
        .variables
        .insert(variable.key.clone(), Some(variable));
    Ok(Reply::Done)
}

/// Deletes a variable.
pub(crate) fn delete_variable(cx: &mut Cx, key: String) -> Result<Reply, Refusal> {
    if !has_variable(cx, &key) {
        return Err(refusals::no_variable(&key));
    }
    cx.live.dirty.variables.insert(key, None);
    Ok(Reply::Done)
}

fn has_variable(cx: &Cx, key: &str) -> bool {
    match cx.live.dirty.variables.get(key) {
        Some(put) => put.is_some(),
        None => cx.view.variable_exists(key),
    }
}

/// Creates or changes a connection.
pub(crate) fn put_connection(
    cx: &mut Cx,
    connection: Connection,
    only_new: bool,
) -> Result<Reply, Refusal> {
    if only_new && has_connection(cx, &connection.conn_id) {
        return Err(refusals::connection_exists(&connection.conn_id));
    }
    let conn_id = connection.conn_id.clone();
    cx.live.dirty.connections.insert(conn_id, Some(connection));
    Ok(Reply::Done)
}

/// Deletes a connection.
pub(crate) fn delete_connection(cx: &mut Cx, conn_id: String) -> Result<Reply, Refusal> {
    if !has_connection(cx, &conn_id) {
        return Err(refusals::no_connection(&conn_id));
    }
    cx.live.dirty.connections.insert(conn_id, None);
    Ok(Reply::Done)
}

fn has_connection(cx: &Cx, conn_id: &str) -> bool {
    match cx.live.dirty.connections.get(conn_id) {
        Some(put) => put.is_some(),
        None => cx.view.connection_exists(conn_id),
    }
}

/// Keeps things beside the XComs of a task instance, or no longer.
pub(crate) fn keep(
    cx: &mut Cx,
    key: TiKey,
    kept: Vec<(Kept, Option<KeptValue>)>,
) -> Result<Reply, Refusal> {
    exists(cx, key)?;
    for (what, value) in kept {
        cx.live.dirty.kept.insert((key, what), value);
    }
    Ok(Reply::Done)
}

/// Sets an XCom by hand.
pub(crate) fn put_xcom(
    cx: &mut Cx,
    key: TiKey,
    name: String,
    value: Json,
) -> Result<Reply, Refusal> {
    exists(cx, key)?;
    let now = cx.now;
    cx.live.dirty.put_xcom(key, name, value, now);
    Ok(Reply::Done)
}

/// Keeps what a running task pushes. What others are expanded over has its length noted.
pub(crate) fn push_xcom(
    cx: &mut Cx,
    key: TiKey,
    name: String,
    value: Json,
    mapped_length: Option<u32>,
) -> Result<Reply, Refusal> {
    exists(cx, key)?;
    let limit = cx.live.options.max_map_length;
    if let Some(length) = mapped_length.filter(|length| *length > limit) {
        return Err(refusals::unmappable_length(length, limit));
    }
    if name == "return_value"
        && let Some(run) = cx.live.runs.get_mut(&key.run)
        && let Some(at) = run.find(key)
    {
        let returned = mapped_length.map_or(Returned::Value, Returned::Sized);
        run.set_returned(at, Some(returned), &mut cx.live.dirty);
    }
    let now = cx.now;
    cx.live.dirty.put_xcom(key, name, value, now);
    Ok(Reply::Done)
}

/// Deletes an XCom.
pub(crate) fn delete_xcom(cx: &mut Cx, key: TiKey, name: String) -> Result<Reply, Refusal> {
    exists(cx, key)?;
    cx.live.dirty.delete_xcom(key, name);
    Ok(Reply::Done)
}

fn exists(cx: &Cx, key: TiKey) -> Result<(), Refusal> {
    let known = match cx.run(key.run) {
        Some(run) => run.find(key).is_some() || run.removed.contains_key(&key),
        None => {
            !cx.live.dirty.deleted_runs.contains_key(&key.run)
                && cx.view.task_instance(key).is_some()
        }
    };
    if known {
        Ok(())
    } else {
        Err(refusals::no_task_instance())
    }
}

/// Remarks on a run.
pub(crate) fn run_note(
    cx: &mut Cx,
    dag_id: &DagId,
    run_id: &RunId,
    note: Option<String>,
) -> Result<Reply, Refusal> {
    let no = select::run(cx, dag_id, run_id)?;
    if let Some(run) = cx.live.runs.get_mut(&no) {
        run.change_row(&mut cx.live.dirty).note = note;
    }
    Ok(Reply::Done)
}

/// A run is for no partition any more; which events it has consumed stays.
pub(crate) fn forget_partition(
    cx: &mut Cx,
    dag_id: &DagId,
    run_id: &RunId,
) -> Result<Reply, Refusal> {
    let no = select::run(cx, dag_id, run_id)?;
    if let Some(run) = cx.live.runs.get_mut(&no) {
        let row = run.change_row(&mut cx.live.dirty);
        (row.partition_key, row.partition_date) = (None, None);
    }
    Ok(Reply::Done)
}

/// Remarks on a task instance.
pub(crate) fn task_note(cx: &mut Cx, key: TiKey, note: Option<String>) -> Result<Reply, Refusal> {
    if !cx.wake_run(key.run) {
        return Err(refusals::no_task_instance());
    }
    let at = cx.run(key.run).and_then(|run| run.find(key));
    let place = at
        .map(|at| At { run: key.run, at })
        .ok_or_else(refusals::no_task_instance)?;
    let ti = cx.change(place).ok_or_else(refusals::no_task_instance)?;
    ti.note = note;
    Ok(Reply::Done)
}
