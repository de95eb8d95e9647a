//! Dags in memory, by version: imported again from their source when they are not.
//!
//! A version that no run follows yet may be written over, so the hash of its source is asked of the
//! book each time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use model::{
    DagNo, Json, TaskId, TaskNo, VersionNo,
    dag::{Dag, Task},
    limits::DAG_CACHE_TASKS_MAX,
};
use store::{ReadError, Snapshot};

/// A dag with the book's numbers of its tasks.
pub struct CachedDag {
    /// The dag.
    pub dag: Arc<Dag>,
    /// Its tasks' numbers, by position.
    pub numbers: Vec<TaskNo>,
    positions: HashMap<TaskNo, usize>,
    weights: OnceLock<Vec<i32>>,
    /// As its file serialised it, while somebody has that.
    serialized: Mutex<Weak<Json>>,
}

/// The least recently used ones go when there are more tasks than `DAG_CACHE_TASKS_MAX`.
#[derive(Default)]
pub struct DagCache(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_version: HashMap<(DagNo, VersionNo), Entry>,
    /// Versions that cannot be made again, with the hash of their source: once is enough.
    broken: HashMap<(DagNo, VersionNo), (String, dagfile::ImportError)>,
    n_tasks: usize,
    tick: u64,
}

struct Entry {
    dag: Arc<CachedDag>,
    /// Of the source that it was made from.
    hash: String,
    used: u64,
}

impl CachedDag {
    fn new(dag: Dag, names: Vec<(TaskNo, TaskId)>) -> Self {
        let names: HashMap<_, TaskNo> = names.into_iter().map(|(no, id)| (id, no)).collect();
        // A task without a number has no instances; no number is as good as one that is never used.
        let number = |task: &Task| names.get(&task.task_id).copied();
        let numbers = dag
            .tasks
            .iter()
            .map(|task| number(task).unwrap_or(TaskNo(u32::MAX)));
        let numbers: Vec<TaskNo> = numbers.collect();
        let positions = numbers
            .iter()
            .enumerate()
            .map(|(at, no)| (*no, at))
            .collect();
        Self {
            dag: Arc::new(dag),
            numbers,
            positions,
            weights: OnceLock::new(),
            serialized: Mutex::default(),
        }
    }

    /// The position of a task.
    #[must_use]
    pub fn position(&self, task: TaskNo) -> Option<usize> {
        self.positions.get(&task).copied()
    }

    /// A task by its number; none when it is not in this version.
    #[must_use]
    pub fn task(&self, task: TaskNo) -> Option<&model::dag::Task> {
        self.dag.tasks.get(self.position(task)?)
    }

    /// The effective priority weights of all tasks, by position; worked out when first asked.
    pub fn priority_weights(&self) -> &[i32] {
        self.weights
            .get_or_init(|| crate::queries::priority_weights(&self.dag))
    }

    /// The dag as its file serialised it, the same for all who have it at once: many triggers may.
    pub(crate) fn serialized<E>(
        &self,
        read: impl FnOnce() -> Result<Option<Json>, E>,
    ) -> Result<Option<Arc<Json>>, E> {
        let mut known = self
            .serialized
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.upgrade() {
            return Ok(Some(found));
        }
        let found = read()?.map(Arc::new);
        if let Some(found) = &found {
            *known = Arc::downgrade(found);
        }
        Ok(found)
    }
}

impl DagCache {
    /// A version of a dag; none when the book does not have it.
    ///
    /// # Errors
    /// When the book cannot be read, or the importer no longer takes the source (CTL-011).
    pub fn get(
        &self,
        snapshot: &Snapshot,
        dag: DagNo,
        version: VersionNo,
    ) -> Result<Option<Arc<CachedDag>>, DagError> {
        let Some(hash) = snapshot.version_hash(dag, version)? else {
            return Ok(None);
        };
        {
            let mut entries = self.lock();
            if let Some(found) = entries.touch((dag, version), &hash) {
                return Ok(Some(found));
            }
            if let Some((of, cause)) = entries.broken.get(&(dag, version))
                && *of == hash
            {
                let cause = cause.clone();
                return Err(DagError::Source {
                    dag,
                    version,
                    cause,
                });
            }
        }
        // Importing takes its time, so nobody waits for it; two may do it at once.
        let Some(row) = snapshot.version(dag, version)? else {
            return Ok(None);
        };
        let imported = match dagfile::from_source(&row.source) {
            Ok(imported) => imported,
            Err(cause) => {
                let broken = (hash, cause.clone());
                self.lock().broken.insert((dag, version), broken);
                let error = DagError::Source {
                    dag,
                    version,
                    cause,
                };
                tracing::error!(target: "control", "{error}");
                return Err(error);
            }
        };
        let cached = Arc::new(CachedDag::new(imported, snapshot.task_names(dag)?));
        self.lock()
            .insert((dag, version), hash, Arc::clone(&cached));
        Ok(Some(cached))
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn touch(&mut self, key: (DagNo, VersionNo), hash: &str) -> Option<Arc<CachedDag>> {
        self.tick += 1;
        let entry = self.by_version.get_mut(&key)?;
        if entry.hash != hash {
            return None;
        }
        entry.used = self.tick;
        Some(Arc::clone(&entry.dag))
    }

    fn insert(&mut self, key: (DagNo, VersionNo), hash: String, dag: Arc<CachedDag>) {
        self.tick += 1;
        self.n_tasks += dag.dag.tasks.len();
        if let Some(old) = self.by_version.insert(
            key,
            Entry {
                dag,
                hash,
                used: self.tick,
            },
        ) {
            self.n_tasks -= old.dag.dag.tasks.len();
        }
        if self.n_tasks > DAG_CACHE_TASKS_MAX {
            self.shrink();
        }
    }

    /// Lets go of a quarter at once, so that this is not done at each insertion.
    fn shrink(&mut self) {
        let mut by_use: Vec<_> = self
            .by_version
            .iter()
            .map(|(key, entry)| (entry.used, *key))
            .collect();
        by_use.sort_unstable();
        // The one just inserted is the last, and stays even when it alone is too large.
        by_use.pop();
        for (_, key) in by_use {
            if self.n_tasks <= DAG_CACHE_TASKS_MAX / 4 * 3 {
                break;
            }
            if let Some(old) = self.by_version.remove(&key) {
                self.n_tasks -= old.dag.dag.tasks.len();
            }
        }
    }
}

/// Why a version of a dag is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum DagError {
    /// The book cannot be read.
    #[error("the book cannot be read")]
    Read(#[from] ReadError),
    /// The importer of this program refuses what an earlier one took.
    #[error("CTL-011: version {version} of dag {dag} cannot be made from its source: {cause}")]
    Source {
        /// The dag.
        dag: DagNo,
        /// The version.
        version: VersionNo,
        /// What the importer says.
        #[source]
        cause: dagfile::ImportError,
    },
}
