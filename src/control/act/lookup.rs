//! What templates may look up: XComs of the book, variables of the environment and the book,
//! connections of the environment. Takes note of the secrets that it hands out.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use dagfile::{Connection, Lookup, XComQuery};
use model::{DagNo, Json, MapIndex, RunNo, TaskNo, TiKey, run::DagRun};
use store::{ReadError, Snapshot};

use crate::{
    dag_cache::CachedDag,
    environment::{self, SECRET_CHARS_MIN, is_sensitive},
    queries::variables,
    reader::Reader,
};

/// Earlier runs that are looked at for an XCom.
const PRIOR_RUNS_MAX: usize = 100;

/// Looks things up for one try.
pub(super) struct BookLookup {
    reader: Reader,
    run: DagRun,
    own: Arc<CachedDag>,
    secrets: Mutex<Vec<String>>,
    could_not_read: AtomicBool,
}

impl BookLookup {
    pub(super) fn new(reader: Reader, run: DagRun, own: Arc<CachedDag>) -> Self {
        Self {
            reader,
            run,
            own,
            secrets: Mutex::default(),
            could_not_read: AtomicBool::new(false),
        }
    }

    /// What was handed out and must not be seen.
    pub(super) fn secrets(&self) -> Vec<String> {
        self.secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether an error was the book's, and not that of what was looked for.
    pub(super) fn could_not_read(&self) -> bool {
        self.could_not_read.load(Relaxed)
    }

    fn tell(&self, e: &ReadError) -> String {
        self.could_not_read.store(true, Relaxed);
        e.to_string()
    }

    fn hide(&self, texts: impl IntoIterator<Item = String>) {
        let long_enough = texts
            .into_iter()
            .filter(|text| text.len() >= SECRET_CHARS_MIN);
        self.secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(long_enough);
    }

    fn find(&self, query: &XComQuery) -> Result<Vec<(MapIndex, Json)>, ReadError> {
        let book = self.reader.snapshot()?;
        let Some(dag) = book.dag_no(&query.dag_id)? else {
            return Ok(Vec::new());
        };
        let Some(task) = self.task_no(&book, dag, &query.task_id)? else {
            return Ok(Vec::new());
        };
        let first = if dag == self.run.dag && query.run_id == self.run.run_id {
            Some(self.run.no)
        } else {
            book.run_no(dag, &query.run_id)?
        };
        let Some(first) = first else {
            return Ok(Vec::new());
        };
        let found = values(&book, first, task, query)?;
        if !found.is_empty() || !query.include_prior_dates {
            return Ok(found);
        }
        for run in book
            .last_runs(dag, PRIOR_RUNS_MAX)?
            .into_iter()
            .filter(|run| *run < first)
        {
            let found = values(&book, run, task, query)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    fn task_no(
        &self,
        book: &Snapshot,
        dag: DagNo,
        task_id: &str,
    ) -> Result<Option<TaskNo>, ReadError> {
        let own = self
            .own
            .dag
            .position(task_id)
            .filter(|_| dag == self.run.dag);
        if let Some(no) = own.and_then(|at| self.own.numbers.get(at)) {
            return Ok(Some(*no));
        }
        let mut names = book.task_names(dag)?.into_iter();
        Ok(names
            .find(|(_, name)| name.as_str() == task_id)
            .map(|(no, _)| no))
    }
}

fn values(
    book: &Snapshot,
    run: RunNo,
    task: TaskNo,
    query: &XComQuery,
) -> Result<Vec<(MapIndex, Json)>, ReadError> {
    match query.map_index {
        Some(map) => {
            let found = book.xcom(TiKey { run, task, map }, &query.key)?;
            Ok(found.into_iter().map(|found| (map, found.value)).collect())
        }
        None => book.xcoms_of_task(run, task, &query.key),
    }
}

impl Lookup for BookLookup {
    fn xcom(&self, query: &XComQuery) -> Result<Vec<(MapIndex, Json)>, String> {
        self.find(query).map_err(|e| self.tell(&e))
    }

    fn variable(&self, key: &str) -> Result<Option<String>, String> {
        let value = match self.reader.environment.variable(key) {
            Some(value) => Some(value.to_owned()),
            None => match variables::get(&self.reader, key) {
                Ok(found) => found.map(|variable| variable.value),
                Err(variables::Error::Read(e)) => return Err(self.tell(&e)),
                Err(e @ variables::Error::Sealed { .. }) => return Err(e.to_string()),
            },
        };
        if let Some(value) = &value
            && is_sensitive(key)
        {
            self.hide([value.clone()]);
        }
        Ok(value)
    }

    fn connection(&self, conn_id: &str) -> Result<Option<Connection>, String> {
        let found = self.reader.environment.connection(conn_id);
        self.hide(found.map(environment::secrets).unwrap_or_default());
        Ok(found.cloned())
    }
}
