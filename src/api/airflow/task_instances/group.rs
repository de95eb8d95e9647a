//! Setting the instances of a task group by hand.

use axum::{Json, extract::State};
use model::{
    DagId, RunId, TiKey,
    command::{Command, Reply, SetGroupState},
};

use super::{TaskInstanceCollection, TiPatchBody, change::settable};
use crate::{
    airflow::{
        dags::MaskQuery,
        runs::{check_note, responses},
    },
    app::App,
    book::{Book, read},
    problem::Problem,
    request::{Body, Path, Query},
};

type Names = (String, String, String);

/// The instances of a group in a run, by task and index; 404 when there is no such group or the run
/// has none of it.
fn instances(book: &Book<'_>, (dag_id, run_id, group_id): &Names) -> Result<Vec<TiKey>, Problem> {
    let row = book.dag_row(dag_id)?;
    let none = || Problem::not_found("task group", format_args!("{group_id}` in dag `{dag_id}"));
    let cached = book.cached(row.no, row.version)?.ok_or_else(none)?;
    let mut tasks = Vec::new();
    for (task, no) in cached.dag.tasks.iter().zip(&cached.numbers) {
        let mut groups = cached.dag.groups_of(task);
        if groups.any(|group| group.group_id == *group_id) {
            tasks.push((task.task_id.clone(), *no));
        }
    }
    if tasks.is_empty() {
        return Err(none());
    }
    let run = read(book.snapshot.run_no(row.no, run_id))?;
    let tis = run.map(|no| read(book.snapshot.task_instances(no)));
    let tis = tis.transpose()?.unwrap_or_default();
    tasks.sort();
    let mut keys = Vec::new();
    for (_, task) in tasks {
        let own = tis.iter().map(|ti| ti.key).filter(|key| key.task == task);
        keys.extend(own);
    }
    if keys.is_empty() {
        let what = format_args!("{group_id}` in run `{run_id}");
        return Err(Problem::not_found("task instance of group", what));
    }
    Ok(keys)
}

async fn set(
    app: &App,
    names: Names,
    body: &TiPatchBody,
    dry_run: bool,
) -> Result<TaskInstanceCollection, Problem> {
    let wanted = body.new_state.map(settable).transpose()?;
    let asked = names.clone();
    let mut keys = app.read(move |book| instances(book, &asked)).await?;
    if let (Some(note), false) = (&body.note, dry_run) {
        check_note(note.as_deref())?;
        for key in keys.iter().copied() {
            let note = note.clone();
            app.command(Command::SetTaskNote { key, note }).await?;
        }
    }
    if let Some(state) = wanted {
        let ask = SetGroupState {
            dag_id: DagId::from(names.0),
            run_id: RunId::from(names.1),
            group_id: names.2,
            state,
            include_upstream: body.include_upstream,
            include_downstream: body.include_downstream,
            include_future: body.include_future,
            include_past: body.include_past,
            dry_run,
            user: None,
        };
        keys = match app.command(Command::SetGroupState(Box::new(ask))).await? {
            Reply::TaskInstances(keys) => keys,
            Reply::Done => Vec::new(),
            Reply::Run { .. } | Reply::AssetEvent(_) | Reply::Backfill(_) | Reply::Refused(_) => {
                return Err(Problem::hidden());
            }
        };
    }
    responses(app, keys).await.map(Into::into)
}

/// Set the state of all instances of a task group, or a note.
#[utoipa::path(patch, path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}",
    operation_id = "patch_task_group_instances", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("group_id" = String, Path),
        MaskQuery),
    request_body = TiPatchBody, responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn patch_group(
    State(app): State<App>,
    Path(names): Path<Names>,
    mask: Query<MaskQuery>,
    Body(body): Body<TiPatchBody>,
) -> Result<Json<TaskInstanceCollection>, Problem> {
    set(&app, names, &body.masked(&mask)?, false)
        .await
        .map(Json)
}

/// Say which instances of a group a patch would change; all of it when no state is given.
#[utoipa::path(patch,
    path = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskGroupInstances/{group_id}/dry_run",
    operation_id = "patch_task_group_instances_dry_run", tag = "Task Instance",
    params(("dag_id" = String, Path), ("dag_run_id" = String, Path), ("group_id" = String, Path)),
    request_body = TiPatchBody, responses((status = 200, body = TaskInstanceCollection)))]
pub(crate) async fn dry_run_group(
    State(app): State<App>,
    Path(names): Path<Names>,
    Body(body): Body<TiPatchBody>,
) -> Result<Json<TaskInstanceCollection>, Problem> {
    set(&app, names, &body, true).await.map(Json)
}
