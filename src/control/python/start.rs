//! What a try of a Python dag is told when it starts.

use std::sync::Arc;

use model::{
    Json, MapIndex, TiKey,
    change::{DagSource, Kept, KeptValue},
    dag::{Dag, Task, TaskGroup},
    execution::{Bundle, StartupDetails, TaskInstance as Words, TiRunContext},
    run::DagRun,
    task_instance::TaskInstance,
    work::{PythonRuntime, PythonTask},
};
use store::{ReadError, Snapshot};

use super::{BUNDLE, words};
use crate::{
    dag_cache::{CachedDag, DagError},
    ids::{self, DEPLOYMENT},
    reader::Reader,
};

/// A try that is about to start.
pub(crate) struct Start<'a> {
    /// The whole dag.
    pub(crate) dag: &'a CachedDag,
    /// Its task's position.
    pub(crate) position: usize,
    /// Where the dag's file is, relative to the dag folder.
    pub(crate) file: &'a str,
    pub(crate) run: &'a DagRun,
    pub(crate) ti: &'a TaskInstance,
    pub(crate) try_number: u32,
}

/// The task with all that it is told; none when the dag has no such task.
pub(crate) fn task(
    runtime: &PythonRuntime,
    book: &Snapshot,
    of: &Start<'_>,
) -> Result<Option<PythonTask>, ReadError> {
    let dag = &of.dag.dag;
    let Some(task) = dag.tasks.get(of.position) else {
        return Ok(None);
    };
    let key = of.ti.key;
    let file = dag.relative_fileloc.as_deref().unwrap_or(of.file);
    let startup = StartupDetails {
        ti: instance(dag, task, of.run, (of.ti, of.try_number)),
        dag_rel_path: file.to_owned(),
        bundle_info: Bundle {
            name: BUNDLE.to_owned(),
            version: None,
        },
        ti_context: context(book, task, of, key)?,
        sentry_integration: String::new(),
    };
    Ok(Some(PythonTask {
        runtime: runtime.clone(),
        env: Vec::new(),
        startup,
    }))
}

/// For whom a trigger waits.
pub(crate) struct WaitsFor {
    /// The present try.
    pub(crate) ti: Words,
    /// The dag as serialised and the run, where the trigger's own arguments are templates.
    pub(crate) dag: Option<(Arc<Json>, model::execution::DagRun)>,
}

/// The present try of an instance; none when it is gone.
pub(crate) fn instance_of(reader: &Reader, key: TiKey) -> Result<Option<WaitsFor>, DagError> {
    let book = reader.snapshot()?;
    let (Some(run), Some(ti)) = (book.run(key.run)?, book.task_instance(key)?) else {
        return Ok(None);
    };
    let Some(cached) = reader.dags.get(&book, run.dag, ti.version)? else {
        return Ok(None);
    };
    let Some(task) = cached.task(key.task) else {
        return Ok(None);
    };
    let words = instance(&cached.dag, task, &run, (&ti, ti.try_number));
    let mut dag = None;
    if task.start_from_trigger {
        let data = cached.serialized(|| -> Result<Option<Json>, ReadError> {
            let version = book.version(run.dag, ti.version)?;
            Ok(match version.map(|version| version.source) {
                Some(DagSource::Serialized { json, .. }) => serde_json::from_str(&json).ok(),
                Some(DagSource::Yaml { .. }) | None => None,
            })
        })?;
        dag = data.map(|data| (data, words::dag_run(&cached.dag.dag_id, &run)));
    }
    Ok(Some(WaitsFor { ti: words, dag }))
}

pub(super) fn instance(
    dag: &Dag,
    task: &Task,
    run: &DagRun,
    (ti, try_number): (&TaskInstance, u32),
) -> Words {
    let map = ti.key.map;
    let name = ids::Try {
        dag_id: &dag.dag_id,
        run_id: &run.run_id,
        task_id: &task.task_id,
        map,
        try_number,
    };
    Words {
        id: ids::task_instance(DEPLOYMENT, &name).to_string(),
        task_id: task.task_id.clone(),
        dag_id: dag.dag_id.clone(),
        run_id: run.run_id.clone(),
        try_number: i64::from(try_number),
        dag_version_id: ids::dag_version(DEPLOYMENT, run.dag, ti.version).to_string(),
        map_index: i64::from(map.0),
        hostname: None,
        context_carrier: None,
        queue: task.queue.clone(),
    }
}

fn context(
    book: &Snapshot,
    task: &Task,
    of: &Start<'_>,
    key: TiKey,
) -> Result<TiRunContext, ReadError> {
    let ti = of.ti;
    let resume = ti.deferral.as_ref().and_then(|wait| wait.resume.clone());
    let is_resumed = resume.is_some();
    // A new try has none; another look of a sensor may.
    let xcoms = if is_resumed {
        Vec::new()
    } else {
        book.xcoms(key)?
    };
    let (next_method, next_kwargs) = resume.unzip();
    let kept = book.kept(key, &Kept::Rescheduled)?;
    Ok(TiRunContext {
        dag_run: words::dag_run_with_events(book, &of.dag.dag.dag_id, of.run)?,
        task_reschedule_count: reschedules(kept.as_ref(), of.try_number),
        max_tries: i64::from(ti.max_tries),
        variables: Vec::new(),
        connections: Vec::new(),
        next_method,
        next_kwargs,
        // It is among the arguments already.
        event: None,
        xcom_keys_to_clear: xcoms.into_iter().map(|xcom| xcom.name).collect(),
        should_retry: ti.max_tries != 0 && of.try_number <= ti.max_tries,
        start_date: ti.start_date.filter(|_| is_resumed),
        upstream_map_indexes: upstream(book, task, of)?,
    })
}

/// How often the try was rescheduled.
pub(crate) fn reschedules(kept: Option<&KeptValue>, try_number: u32) -> i64 {
    let number = |name: &str| kept.and_then(|kept| kept.value.get(name)?.as_i64());
    let count = number("count").filter(|_| number("try") == Some(i64::from(try_number)));
    count.unwrap_or(0)
}

/// Which instances of each direct upstream task are meant by its name: all of an ordinary one, the
/// one with the same map index in the same mapped group, and else each by its number.
fn upstream(
    book: &Snapshot,
    task: &Task,
    of: &Start<'_>,
) -> Result<Vec<(String, Json)>, ReadError> {
    let dag = &of.dag.dag;
    let own = mapped_group(dag, task);
    let mut found = Vec::new();
    for position in &task.upstream {
        let Some(above) = dag.tasks.get(*position) else {
            continue;
        };
        let index = match mapped_group(dag, above) {
            None => Json::Null,
            Some(group) if own.is_some_and(|own| std::ptr::eq(own, group)) => {
                of.ti.key.map.0.into()
            }
            Some(_) => match of.dag.numbers.get(*position) {
                Some(number) => {
                    let all = book.task_instances(of.run.no)?.into_iter();
                    let all = all.filter(|ti| ti.key.task == *number);
                    all.map(|ti| ti.key.map)
                        .filter(|map| *map != MapIndex::NONE)
                        .map(|map| map.0)
                        .collect()
                }
                None => Json::Null,
            },
        };
        found.push((above.task_id.to_string(), index));
    }
    Ok(found)
}

/// The innermost mapped group that a task is in.
fn mapped_group<'d>(dag: &'d Dag, task: &Task) -> Option<&'d TaskGroup> {
    let mut groups = &dag.groups;
    let mut found = None;
    for place in &task.group_path {
        let group = groups.get(*place)?;
        if group.is_mapped() {
            found = Some(group);
        }
        groups = &group.groups;
    }
    found
}
