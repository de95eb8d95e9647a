//! What one request reads: the book at one commit, with what was looked up before kept at hand, so
//! that a page of a hundred entries asks for its dag once.

use std::{cell::RefCell, collections::HashMap, hash::Hash, rc::Rc, sync::Arc};

use control::{
    CachedDag, DagError,
    book::{ReadError, Snapshot},
};
use model::{
    DagNo, MapIndex, RunNo, TaskId, TaskNo, TiKey, Timestamp, VersionNo,
    change::{DagFile, DagRow, Kept},
    dag::{Dag, OperatorKind},
    run::DagRun,
    task_instance::TaskInstance,
};

use crate::{
    airflow::{
        runs::DagRunResponse,
        task_instances::{About, TaskInstanceResponse},
        versions::DagVersionResponse,
    },
    app::{App, Place},
    problem::Problem,
};

type Memo<K, V> = RefCell<HashMap<K, V>>;

/// The book at one commit.
pub(crate) struct Book<'a> {
    app: &'a App,
    pub(crate) snapshot: &'a Snapshot,
    rows: Memo<DagNo, Option<Rc<DagRow>>>,
    names: Memo<DagNo, Rc<HashMap<TaskNo, TaskId>>>,
    versions: Memo<DagNo, Rc<HashMap<VersionNo, Timestamp>>>,
    dags: Memo<(DagNo, VersionNo), Option<Arc<CachedDag>>>,
    runs: Memo<RunNo, Option<Rc<DagRun>>>,
}

/// A run of a dag, found by the names in a path.
pub(crate) struct Found {
    pub(crate) row: Rc<DagRow>,
    pub(crate) run: Rc<DagRun>,
}

fn memo<K: Hash + Eq + Copy, V: Clone>(
    memo: &Memo<K, V>,
    key: K,
    read: impl FnOnce() -> Result<V, Problem>,
) -> Result<V, Problem> {
    if let Some(found) = memo.borrow().get(&key) {
        return Ok(found.clone());
    }
    let value = read()?;
    memo.borrow_mut().insert(key, value.clone());
    Ok(value)
}

/// A book that cannot be read is our trouble, not the client's.
pub(crate) fn read<T>(result: Result<T, ReadError>) -> Result<T, Problem> {
    result.map_err(|error| Problem::internal(&error))
}

impl<'a> Book<'a> {
    pub(crate) fn new(app: &'a App, snapshot: &'a Snapshot) -> Self {
        Self {
            app,
            snapshot,
            rows: Memo::default(),
            names: Memo::default(),
            versions: Memo::default(),
            dags: Memo::default(),
            runs: Memo::default(),
        }
    }
    pub(crate) fn place(&self) -> &'a Place {
        self.app.place()
    }
    pub(crate) fn app(&self) -> &'a App {
        self.app
    }

    /// The dag of this id, or 404.
    pub(crate) fn dag_row(&self, dag_id: &str) -> Result<DagRow, Problem> {
        let no = read(self.snapshot.dag_no(dag_id))?;
        let row = no.map(|no| self.row(no)).transpose()?.flatten();
        row.map(|row| DagRow::clone(&row))
            .ok_or_else(|| Problem::not_found("dag", dag_id))
    }
    /// The dag of this number.
    pub(crate) fn row(&self, dag: DagNo) -> Result<Option<Rc<DagRow>>, Problem> {
        memo(&self.rows, dag, || {
            Ok(read(self.snapshot.dag(dag))?.map(Rc::new))
        })
    }
    /// All dags by id.
    pub(crate) fn dag_rows(&self) -> Result<Vec<DagRow>, Problem> {
        let mut rows = read(self.snapshot.dags(None, usize::MAX))?;
        rows.sort_unstable_by(|a, b| a.dag_id.cmp(&b.dag_id));
        Ok(rows)
    }
    /// A version of a dag with the numbers of its tasks; none when it can no longer be read.
    pub(crate) fn cached(
        &self,
        dag: DagNo,
        version: VersionNo,
    ) -> Result<Option<Arc<CachedDag>>, Problem> {
        memo(&self.dags, (dag, version), || {
            let reader = self.app.control().reader();
            match reader.dags.get(self.snapshot, dag, version) {
                Ok(cached) => Ok(cached),
                Err(DagError::Read(error)) => Err(Problem::internal(&error)),
                Err(error @ DagError::Source { .. }) => {
                    tracing::warn!("{error}");
                    Ok(None)
                }
            }
        })
    }
    /// A version of a dag; none when it can no longer be read.
    pub(crate) fn dag(
        &self,
        row: &DagRow,
        version: VersionNo,
    ) -> Result<Option<Arc<Dag>>, Problem> {
        Ok(self
            .cached(row.no, version)?
            .map(|cached| Arc::clone(&cached.dag)))
    }
    /// The ids of all tasks that the dag ever had.
    pub(crate) fn task_names(&self, dag: DagNo) -> Result<Rc<HashMap<TaskNo, TaskId>>, Problem> {
        memo(&self.names, dag, || {
            Ok(Rc::new(
                read(self.snapshot.task_names(dag))?.into_iter().collect(),
            ))
        })
    }
    /// A task's id.
    pub(crate) fn task_id(&self, dag: DagNo, task: TaskNo) -> Result<TaskId, Problem> {
        let names = self.task_names(dag)?;
        Ok(names
            .get(&task)
            .cloned()
            .unwrap_or_else(|| TaskId::from(task.to_string())))
    }
    /// A task's number.
    pub(crate) fn task_no(&self, dag: DagNo, task_id: &str) -> Result<Option<TaskNo>, Problem> {
        // The names of all times are many rows; the last version mostly knows.
        if let Some(row) = self.row(dag)?
            && let Some(cached) = self.cached(dag, row.version)?
            && let Some(at) = cached.dag.position(task_id)
            && let Some(no) = cached.numbers.get(at).filter(|no| no.0 != u32::MAX)
        {
            return Ok(Some(*no));
        }
        let names = self.task_names(dag)?;
        Ok(names
            .iter()
            .find(|(_, name)| name.as_str() == task_id)
            .map(|(no, _)| *no))
    }
    /// A version for answers about what follows it.
    pub(crate) fn version_response(
        &self,
        row: &DagRow,
        version: VersionNo,
    ) -> Result<Option<DagVersionResponse>, Problem> {
        let heads = memo(&self.versions, row.no, || {
            let heads = read(self.snapshot.versions(row.no, usize::MAX))?;
            Ok(Rc::new(
                heads
                    .into_iter()
                    .map(|(version, at, _)| (version, at))
                    .collect(),
            ))
        })?;
        let at = heads.get(&version).copied();
        Ok(at.map(|at| DagVersionResponse::new(self.place(), row, version, at)))
    }

    /// A run, by its number.
    pub(crate) fn run_no(&self, run: RunNo) -> Result<Option<Rc<DagRun>>, Problem> {
        memo(&self.runs, run, || {
            Ok(read(self.snapshot.run(run))?.map(Rc::new))
        })
    }
    /// A run by the names in a path, or 404.
    pub(crate) fn run(&self, dag_id: &str, run_id: &str) -> Result<Found, Problem> {
        let row = Rc::new(self.dag_row(dag_id)?);
        let no = read(self.snapshot.run_no(row.no, run_id))?;
        let run = no.map(|no| self.run_no(no)).transpose()?.flatten();
        let run = run
            .ok_or_else(|| Problem::not_found("run", format_args!("{run_id}` of dag `{dag_id}")))?;
        Ok(Found { row, run })
    }
    /// The dag's last run.
    pub(crate) fn last_run(&self, dag: DagNo) -> Result<Option<DagRun>, Problem> {
        let last = read(self.snapshot.last_runs(dag, 1))?;
        let run = last
            .first()
            .map(|run| read(self.snapshot.run(*run)))
            .transpose()?;
        Ok(run.flatten())
    }
    /// How many of the dag's runs are queued or running.
    pub(crate) fn active_runs(&self, dag: DagNo) -> Result<u64, Problem> {
        let counts = read(self.snapshot.run_counts(Some(dag)))?;
        Ok(counts
            .iter()
            .filter(|(state, _)| !state.is_finished())
            .map(|(_, n)| n)
            .sum())
    }
    /// A run as it is answered.
    pub(crate) fn run_response(
        &self,
        row: &DagRow,
        run: DagRun,
    ) -> Result<DagRunResponse, Problem> {
        let versions = self
            .version_response(row, run.version)?
            .into_iter()
            .collect();
        Ok(DagRunResponse::new(run, row, versions))
    }

    /// The earlier tries of a task instance, the first one first. Those of a task that was not
    /// mapped then are those of its first index now, as upstream has it.
    pub(crate) fn tries(&self, key: TiKey) -> Result<Vec<TaskInstance>, Problem> {
        let mut tries = read(self.snapshot.tries(key))?;
        let map = MapIndex::NONE;
        let alone = TiKey { map, ..key };
        if key.map == MapIndex(0) && read(self.snapshot.task_instance(alone))?.is_none() {
            let before = read(self.snapshot.tries(alone))?;
            let before = before.into_iter().map(|ti| TaskInstance { key, ..ti });
            tries.splice(0..0, before);
        }
        Ok(tries)
    }

    /// A task instance by the names in a path, or 404.
    pub(crate) fn ti(
        &self,
        found: &Found,
        task_id: &str,
        map: i32,
    ) -> Result<TaskInstance, Problem> {
        let task = self.task_no(found.row.no, task_id)?;
        let key = task.map(|task| TiKey {
            run: found.run.no,
            task,
            map: MapIndex(map),
        });
        let ti = key
            .map(|key| read(self.snapshot.task_instance(key)))
            .transpose()?
            .flatten();
        ti.ok_or_else(|| {
            let (dag_id, run_id) = (&found.row.dag_id, &found.run.run_id);
            let at = if map == -1 {
                String::new()
            } else {
                format!("` at map index `{map}")
            };
            let name = format!("{task_id}{at}` in run `{run_id}` of dag `{dag_id}");
            Problem::not_found("task instance", name)
        })
    }
    /// A task instance as it is answered.
    pub(crate) fn ti_response(
        &self,
        found: &Found,
        ti: TaskInstance,
    ) -> Result<TaskInstanceResponse, Problem> {
        let cached = self.cached(found.row.no, ti.version)?;
        let task_id = match cached.as_ref().and_then(|cached| cached.task(ti.key.task)) {
            Some(task) => task.task_id.clone(),
            None => self.task_id(found.row.no, ti.key.task)?,
        };
        self.about(found, &task_id, &ti, |about| {
            TaskInstanceResponse::new(about, ti.clone())
        })
    }
    /// Hands over what an answer about a task instance is made of beside itself.
    pub(crate) fn about<T>(
        &self,
        found: &Found,
        task_id: &str,
        ti: &TaskInstance,
        make: impl FnOnce(&About<'_>) -> T,
    ) -> Result<T, Problem> {
        let Found { row, run } = found;
        let cached = self.cached(row.no, ti.version)?;
        let task = cached.as_ref().and_then(|cached| cached.task(ti.key.task));
        let weight = cached.as_ref().and_then(|cached| {
            cached
                .priority_weights()
                .get(cached.position(ti.key.task)?)
                .copied()
        });
        let version = self.version_response(row, ti.version)?;
        let place = self.place();
        let is_python = task.is_some_and(|task| task.operator.kind == OperatorKind::Python);
        let rendered = if is_python {
            read(self.snapshot.kept(ti.key, &Kept::Rendered))?.map(|kept| kept.value)
        } else {
            None
        };
        Ok(make(&About {
            place,
            row,
            run,
            task_id,
            task,
            priority_weight: weight,
            version,
            rendered,
        }))
    }
    /// The dag and the run of a task instance of a list.
    pub(crate) fn found(&self, run: RunNo) -> Result<Option<Found>, Problem> {
        let Some(run) = self.run_no(run)? else {
            return Ok(None);
        };
        Ok(self.row(run.dag)?.map(|row| Found { row, run }))
    }

    /// The dag files that have an error now, by path.
    pub(crate) fn broken_files(&self) -> Result<Vec<DagFile>, Problem> {
        let files = read(self.snapshot.files())?;
        Ok(files
            .into_iter()
            .filter(|file| file.error.is_some())
            .collect())
    }
    /// Whether the file has an error now.
    pub(crate) fn is_broken(&self, file: &str) -> Result<bool, Problem> {
        Ok(read(self.snapshot.file(file))?.is_some_and(|file| file.error.is_some()))
    }
}
