//! A callback that is owed, in the words that the dag processor's children know.

use model::{
    Json, JsonMap, TiKey, Timestamp,
    callback::{Call, OwedCallback},
    dag::Dag,
    execution::{Bundle, Callback, TaskInstance as Words, TiRunContext},
    run::DagRun,
    state::DagRunState,
    task_instance::TaskInstance,
};
use serde_json::json;
use store::Snapshot;

use super::{BUNDLE, start, words};
use crate::{
    dag_cache::{CachedDag, DagError},
    reader::Reader,
};

/// Who is called.
pub(crate) enum Called {
    /// Something in a dag file.
    File {
        /// Its file, relative to the dag folder.
        file: String,
        /// What is called.
        callback: Callback,
    },
    /// Something to be awaited, by the triggerer.
    Trigger {
        /// What its trigger is given.
        kwargs: Json,
    },
    /// The run or its dag is gone, or the dag has no file that could be called.
    Nobody,
}

/// What a callback comes to.
pub(crate) fn called(reader: &Reader, owed: &OwedCallback) -> Result<Called, DagError> {
    let book = reader.snapshot()?;
    let Some(run) = book.run(owed.call.run())? else {
        return Ok(Called::Nobody);
    };
    let Some(row) = book.dag(run.dag)? else {
        return Ok(Called::Nobody);
    };
    let Some(cached) = reader.dags.get(&book, run.dag, run.version)? else {
        return Ok(Called::Nobody);
    };
    let Some(filepath) = cached.dag.relative_fileloc.clone() else {
        return Ok(Called::Nobody);
    };
    let of = Of {
        reader,
        book: &book,
        run: &run,
        cached: &cached,
        filepath,
    };
    if let Some(kwargs) = of.awaited(&owed.call) {
        return Ok(Called::Trigger { kwargs });
    }
    let callback = of.callback(&owed.call)?;
    Ok(callback.map_or(Called::Nobody, |callback| Called::File {
        file: row.file,
        callback,
    }))
}

struct Of<'a> {
    reader: &'a Reader,
    book: &'a Snapshot,
    run: &'a DagRun,
    cached: &'a CachedDag,
    filepath: String,
}

impl Of<'_> {
    fn callback(&self, call: &Call) -> Result<Option<Callback>, DagError> {
        let (filepath, bundle) = (self.filepath.clone(), bundle());
        Ok(match call {
            Call::Dag {
                run: _,
                is_failure,
                reason,
                relevant,
            } => {
                let last_ti = match relevant {
                    Some(key) => self.instance(*key, None)?.map(|(words, _)| words),
                    None => None,
                };
                Some(Callback::Dag {
                    filepath,
                    bundle,
                    msg: Some(reason.clone()),
                    dag_id: self.dag().dag_id.clone(),
                    run_id: self.run.run_id.clone(),
                    dag_run: Some(Box::new(self.dag_run(*is_failure))),
                    last_ti: last_ti.map(Box::new),
                    is_failure_callback: *is_failure,
                })
            }
            Call::Task {
                key,
                try_number,
                to,
                message,
            } => {
                let found = self.instance(*key, Some(*try_number))?;
                found.map(|(ti, max_tries)| Callback::Task {
                    filepath,
                    bundle,
                    msg: Some(message.clone()),
                    ti: Box::new(ti),
                    task_callback_type: Some(*to),
                    context: Some(Box::new(self.context(max_tries))),
                })
            }
            Call::Email {
                key,
                try_number,
                is_failure,
                message,
            } => {
                let found = self.instance(*key, Some(*try_number))?;
                found.map(|(ti, max_tries)| Callback::Email {
                    filepath,
                    bundle,
                    msg: Some(message.clone()),
                    ti: Box::new(ti),
                    is_failure: *is_failure,
                    context: Box::new(self.context(max_tries)),
                })
            }
            Call::Deadline { callback, .. } => {
                let data = data(callback);
                let path = data
                    .and_then(|data| data.get("path"))
                    .and_then(Json::as_str);
                path.map(|path| Callback::Function {
                    filepath,
                    bundle,
                    path: path.to_owned(),
                    kwargs: self.kwargs(call, data, &|at| Json::from(at.isoformat())),
                })
            }
        })
    }

    fn dag(&self) -> &Dag {
        &self.cached.dag
    }

    /// The run as it was when it ended, though it may have been cleared since.
    fn dag_run(&self, is_failure: bool) -> model::execution::DagRun {
        let state = if is_failure {
            DagRunState::Failed
        } else {
            DagRunState::Success
        };
        model::execution::DagRun {
            state,
            ..words::dag_run(&self.dag().dag_id, self.run)
        }
    }

    /// What a deadline's function is given: its own arguments, and which run is late.
    fn kwargs(
        &self,
        call: &Call,
        data: Option<&Json>,
        date: &dyn Fn(Timestamp) -> Json,
    ) -> JsonMap {
        let own = data.and_then(|data| data.get("kwargs"));
        let mut kwargs = own.and_then(Json::as_object).cloned().unwrap_or_default();
        if let Call::Deadline { id, due, .. } = call {
            let run = words::run_response(&self.dag().dag_id, self.run);
            let deadline = json!({"id": id, "deadline_time": date(*due)});
            let context = json!({"dag_run": run, "deadline": deadline});
            kwargs.insert("context".to_owned(), context);
        }
        kwargs
    }

    /// What a trigger calls when a deadline's function is one to be awaited.
    fn awaited(&self, call: &Call) -> Option<Json> {
        let Call::Deadline { callback, .. } = call else {
            return None;
        };
        let class = callback
            .get("__classname__")
            .or_else(|| callback.get("__type"));
        class.filter(|class| {
            class
                .as_str()
                .is_some_and(|class| class.ends_with("AsyncCallback"))
        })?;
        let data = data(callback);
        let path = data?.get("path")?.clone();
        let kwargs = self.kwargs(call, data, &model::execution::serde_date);
        Some(json!({"callback_path": path, "callback_kwargs": kwargs}))
    }

    /// An instance at a try, the present one where none is named, and its `max_tries`.
    fn instance(
        &self,
        key: TiKey,
        try_number: Option<u32>,
    ) -> Result<Option<(Words, u32)>, DagError> {
        let Some(ti) = self.book.task_instance(key)? else {
            return Ok(None);
        };
        let own: Option<std::sync::Arc<CachedDag>>;
        let cached = if ti.version == self.run.version {
            Some(self.cached)
        } else {
            own = self.reader.dags.get(self.book, self.run.dag, ti.version)?;
            own.as_deref()
        };
        let task = cached.and_then(|cached| Some((cached, cached.task(key.task)?)));
        let words = |ti: &TaskInstance| {
            let (cached, task) = task?;
            let at = (ti, try_number.unwrap_or(ti.try_number));
            Some(start::instance(&cached.dag, task, self.run, at))
        };
        Ok(words(&ti).map(|words| (words, ti.max_tries)))
    }

    fn context(&self, max_tries: u32) -> TiRunContext {
        TiRunContext {
            dag_run: words::dag_run(&self.dag().dag_id, self.run),
            task_reschedule_count: 0,
            max_tries: i64::from(max_tries),
            variables: Vec::new(),
            connections: Vec::new(),
            next_method: None,
            next_kwargs: None,
            event: None,
            xcom_keys_to_clear: Vec::new(),
            should_retry: false,
            start_date: None,
            upstream_map_indexes: Vec::new(),
        }
    }
}

/// What is inside of a serialised callback.
fn data(callback: &Json) -> Option<&Json> {
    callback.get("__data__").or_else(|| callback.get("__var"))
}

fn bundle() -> Bundle {
    Bundle {
        name: BUNDLE.to_owned(),
        version: None,
    }
}
