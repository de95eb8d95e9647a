//! A dag file was read, or is gone.

mod dag;
mod summary;

use model::{
    DagNo,
    change::{DagFile, ImportError},
    command::{PublishDag, PublishFile, Refusal, RefusalKind, Reply},
};

use crate::{
    assets::register,
    live::{Cx, state::refresh_dag},
    run::next,
};

/// Two files say the same dag.
const TWICE: &str = "RUN-021";

/// Takes in what a file says. A broken one keeps its last good dags. One of which all is said
/// elsewhere is kept with that error and refused as well, so that it is asked for again when other
/// files have changed.
pub(crate) fn file(cx: &mut Cx, publish: PublishFile) -> Reply {
    let PublishFile { mut file, dags } = publish;
    let known = cx
        .live
        .files
        .get(&file.path)
        .map(|file| file.dags.clone())
        .unwrap_or_default();
    if file.error.is_some() && dags.is_empty() {
        file.dags = known;
        put(cx, file);
        return Reply::Done;
    }
    file.dags = Vec::new();
    for read in dags {
        if let Some(error) = said_elsewhere(cx, &file, &read) {
            file.error.get_or_insert(error);
        } else {
            let no = dag::publish(cx, &file.path, read);
            file.dags.push(no);
        }
    }
    for no in known {
        if !file.dags.contains(&no) {
            set_stale(cx, no, &file.path);
        }
    }
    let refused = file.error.clone().filter(|_| file.dags.is_empty());
    put(cx, file);
    match refused {
        Some(ImportError { message, .. }) => Reply::Refused(Refusal {
            kind: RefusalKind::Conflict,
            code: TWICE,
            message,
        }),
        None => Reply::Done,
    }
}

/// A file is gone, and its dags with it.
pub(crate) fn remove(cx: &mut Cx, path: &str) -> Reply {
    let Some(file) = cx.live.files.remove(path) else {
        return Reply::Done;
    };
    cx.live.dirty.files.insert(path.to_owned());
    for no in file.dags {
        set_stale(cx, no, path);
    }
    Reply::Done
}

fn put(cx: &mut Cx, file: DagFile) {
    cx.live.dirty.files.insert(file.path.clone());
    cx.live.files.insert(file.path.clone(), file);
}

/// Whether another file that is still there says this dag already.
fn said_elsewhere(cx: &Cx, file: &DagFile, read: &PublishDag) -> Option<ImportError> {
    let dag_id = &read.dag.dag_id;
    let dag = cx.live.dags.get(cx.live.by_id.get(dag_id)?)?;
    let other = cx.live.files.get(&dag.row.file)?;
    if dag.row.is_stale || other.path == file.path || !other.dags.contains(&dag.row.no) {
        return None;
    }
    let (here, there) = (&file.path, &other.path);
    let message = format!(
        "dag `{dag_id}` of {here} is in {there} already: rename one of them or remove one file"
    );
    Some(ImportError {
        at: cx.now,
        code: TWICE.to_owned(),
        message,
        line: None,
        column: None,
    })
}

/// A dag is no longer said by its file: nothing of it is scheduled until it is back.
fn set_stale(cx: &mut Cx, no: DagNo, path: &str) {
    let is_here = |row: &model::change::DagRow| row.file == path && !row.is_stale;
    if !cx.live.dags.get(&no).is_some_and(|dag| is_here(&dag.row)) {
        return;
    }
    if let Some(row) = cx.live.change_dag(no) {
        row.is_stale = true;
    }
    refresh_dag(cx.live, no, cx.now);
    register::forget(cx, no);
    next::arm(cx.live, no);
}
