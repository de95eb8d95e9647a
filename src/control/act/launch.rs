//! Makes work of a start: loads what the task needs, renders it, and hands it to the executor. On a
//! few threads of its own, since rendering must not hold up the next commit.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, PoisonError, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use dagfile::{Context, Lookup, PreviousRun, Rendered, Rendering};
use model::{
    Fence, Json, TiKey, TimeDelta,
    dag::{OperatorKind, Task},
    ports::Adopted,
    reason::Reason,
    report::Outcome,
    run::DagRun,
    state::DagRunState,
    task_instance::TaskInstance,
    work::{self, Work},
};
use serde_json::json;
use store::{ReadError, Snapshot};

use super::{Act, lookup::BookLookup};
use crate::{
    dag_cache::{CachedDag, DagError},
    logs::path,
    python,
};

/// How long a try waits that could not be loaded.
const AGAIN: Duration = Duration::from_millis(50);
/// Threads that render.
const LAUNCHERS: usize = 2;
/// Runs that are looked at for the last one that ended well.
const PREVIOUS_RUNS_MAX: usize = 10;

/// A try to start, or to take over after a restart.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) key: TiKey,
    pub(super) try_number: u32,
    pub(super) fence: Fence,
    /// After a restart: whether it had reported its start.
    pub(super) adopt: Option<bool>,
}

/// The queue of jobs. At most `parallelism` of them wait, since each holds a slot.
#[derive(Default)]
pub(crate) struct Launcher {
    queue: Mutex<VecDeque<(Job, Instant)>>,
    arrived: Condvar,
}

/// Everything about a try that is about to start.
pub(super) struct Loaded {
    pub(super) job: Job,
    pub(super) ti: TaskInstance,
    pub(super) run: DagRun,
    pub(super) dag: Arc<CachedDag>,
    pub(super) position: usize,
    /// The dag's file, relative to the dag folder.
    pub(super) file: String,
    pub(super) previous_success: Option<PreviousRun>,
    pub(super) log_path: String,
    pub(super) log_fields: Vec<(String, Json)>,
}

impl Loaded {
    pub(super) fn task(&self) -> Option<&Task> {
        self.dag.dag.tasks.get(self.position)
    }
}

impl Act {
    pub(super) fn launch(&self, job: Job) {
        if !self.flights.begin(job.fence) {
            return;
        }
        let mut queue = self
            .launcher
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        queue.push_back((job, Instant::now()));
        self.launcher.arrived.notify_one();
    }

    /// Starts the threads; they end when the layer stops.
    pub(crate) fn start_launchers(this: &Arc<Self>) -> io::Result<Vec<thread::JoinHandle<()>>> {
        let spawn = |n: usize| {
            let act = Arc::clone(this);
            let thread = thread::Builder::new().name(format!("launch-{n}"));
            thread.spawn(move || run(&act))
        };
        (0..LAUNCHERS).map(spawn).collect()
    }

    pub(crate) fn stop_launchers(&self) {
        self.stopping.store(true, Relaxed);
        let _queue = self
            .launcher
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.launcher.arrived.notify_all();
    }

    fn next(&self) -> Option<(Job, Instant)> {
        let mut queue = self
            .launcher
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.stopping.load(Relaxed) {
                return None;
            }
            if let Some(job) = queue.pop_front() {
                return Some(job);
            }
            queue = self
                .launcher
                .arrived
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A mistake of ours in one try must not end the thread that starts all others.
    fn take_on_safely(self: &Arc<Self>, job: Job) {
        let (key, fence) = (job.key, job.fence);
        if catch_unwind(AssertUnwindSafe(|| self.take_on(job))).is_err() {
            self.flights.end(fence);
            let message = "the task could not be rendered: a mistake in Orrery, see its log";
            self.finish_failed(key, fence, message.to_owned(), true);
        }
    }

    fn take_on(self: &Arc<Self>, job: Job) {
        let (key, fence, again) = (job.key, job.fence, job.clone());
        match self.load(job) {
            Ok(Some(loaded)) => self.start(loaded),
            // The try is no longer the current one: nobody waits for it.
            Ok(None) => {
                self.flights.end(fence);
            }
            Err(DagError::Read(e)) => self.again(again, &e.to_string()),
            Err(e @ DagError::Source { .. }) => {
                tracing::error!(target: "control", "a try cannot be started: {e}");
                self.flights.end(fence);
                self.finish_failed(key, fence, e.to_string(), true);
            }
        }
    }

    /// A book that cannot be read just now is no fault of the task: it starts a moment later.
    fn again(&self, job: Job, why: &str) {
        tracing::warn!(target: "control", "a try starts later, since {why}");
        thread::sleep(AGAIN);
        let mut queue = self
            .launcher
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        queue.push_back((job, Instant::now()));
        self.launcher.arrived.notify_one();
    }

    fn load(&self, job: Job) -> Result<Option<Loaded>, DagError> {
        let book = self.reader.snapshot()?;
        let Some(ti) = book.task_instance(job.key)? else {
            return Ok(None);
        };
        if ti.fence != Some(job.fence) {
            return Ok(None);
        }
        let Some(run) = book.run(job.key.run)? else {
            return Ok(None);
        };
        let Some(row) = book.dag(run.dag)? else {
            return Ok(None);
        };
        let Some(dag) = self.reader.dags.get(&book, run.dag, ti.version)? else {
            return Ok(None);
        };
        let Some(position) = dag.position(job.key.task) else {
            return Ok(None);
        };
        let Some(task) = dag.dag.tasks.get(position) else {
            return Ok(None);
        };
        let (task_id, map) = (&task.task_id, job.key.map);
        let log_path = path::path(&row.dag_id, &run.run_id, task_id, map, job.try_number);
        let log_fields = [
            ("dag_id", json!(row.dag_id.as_str())),
            ("run_id", json!(run.run_id.as_str())),
            ("task_id", json!(task_id.as_str())),
            ("map_index", json!(map.0)),
            ("try_number", json!(job.try_number)),
        ];
        let log_fields = log_fields
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec();
        let previous_success = previous_success(&book, &run)?;
        Ok(Some(Loaded {
            job,
            ti,
            run,
            dag,
            position,
            file: row.file,
            previous_success,
            log_path,
            log_fields,
        }))
    }

    fn start(self: &Arc<Self>, loaded: Loaded) {
        let Some(task) = loaded.task() else { return };
        if !super::inline::is_inline(task.operator.kind)
            && let Some(was_running) = loaded.job.adopt
        {
            let Job { key, fence, .. } = loaded.job;
            match self.executor.adopt(key, fence, was_running) {
                Adopted::Known | Adopted::Lost => {
                    if self.flights.end(fence) {
                        self.executor.kill(key, fence);
                    }
                    return;
                }
                Adopted::NeverStarted => {}
            }
        }
        if task.operator.kind == OperatorKind::Python {
            return self.start_python(loaded);
        }
        let (run, own) = (loaded.run.clone(), Arc::clone(&loaded.dag));
        let lookup = Arc::new(BookLookup::new(self.reader.clone(), run, own));
        let as_lookup: Arc<dyn Lookup> = lookup.clone();
        let context = self.context(&loaded);
        match dagfile::render(&loaded.dag.dag, task, &context, &as_lookup) {
            Ok(rendered) => self.hand_over(loaded, rendered, lookup.secrets()),
            Err(e) if lookup.could_not_read() => self.again(loaded.job, &e.to_string()),
            Err(e) => self.fail(&loaded, e.to_string(), true),
        }
    }

    /// Hands a task of a Python dag to the executor.
    fn start_python(&self, loaded: Loaded) {
        let Some(runtime) = self.python.get() else {
            return self.fail(&loaded, Reason::NoRuntime.to_string(), false);
        };
        let start = python::Start {
            dag: &loaded.dag,
            position: loaded.position,
            file: &loaded.file,
            run: &loaded.run,
            ti: &loaded.ti,
            try_number: loaded.job.try_number,
        };
        let book = self.reader.snapshot();
        match book.and_then(|book| python::task(&runtime, &book, &start)) {
            Ok(Some(task)) => {
                self.execute(loaded, work::Job::Python(Box::new(task)), Vec::new());
            }
            Ok(None) => {
                self.flights.end(loaded.job.fence);
            }
            Err(e) => self.again(loaded.job, &e.to_string()),
        }
    }

    fn execute(&self, loaded: Loaded, job: work::Job, secrets: Vec<String>) {
        let Job { key, fence, .. } = loaded.job;
        let execution_timeout = loaded.task().and_then(|task| task.execution_timeout);
        let Loaded {
            log_path,
            log_fields,
            ..
        } = loaded;
        let work = Work {
            key,
            fence,
            log_path,
            log_fields,
            execution_timeout,
            secrets,
            job,
        };
        self.executor.start(work);
        if self.flights.end(fence) {
            self.executor.kill(key, fence);
        }
    }

    fn context<'a>(&self, loaded: &'a Loaded) -> Context<'a> {
        let now = self.clock.now();
        Context {
            run: &loaded.run,
            try_number: loaded.job.try_number,
            max_tries: loaded.ti.max_tries,
            map_index: loaded.job.key.map,
            start_date: loaded.ti.start_date.unwrap_or(now),
            now,
            base_env: self.base_env.clone(),
            previous_success: loaded.previous_success.clone(),
        }
    }

    fn hand_over(self: &Arc<Self>, loaded: Loaded, rendered: Rendered, found: Vec<String>) {
        let Rendered {
            what,
            fields: _,
            mut secrets,
        } = rendered;
        secrets.extend(found);
        secrets.sort_unstable();
        secrets.dedup();
        secrets.retain(|secret| !secret.is_empty());
        match what {
            Rendering::Job(job) => self.execute(loaded, job, secrets),
            Rendering::Empty => self.succeed(&loaded, Vec::new(), Vec::new()),
            Rendering::Branch {
                follow,
                return_value,
            } => {
                self.branch(&loaded, &follow, return_value);
            }
            Rendering::Defer(deferral) => self.defer(&loaded, deferral),
            Rendering::TriggerDag(ask) => self.trigger_dag(loaded, *ask),
        }
    }
}

fn run(act: &Arc<Act>) {
    while let Some((job, since)) = act.next() {
        act.take_on_safely(job);
        act.metrics.launch_us.add_time(since.elapsed());
    }
}

/// The last run before this one that ended well, among the latest few.
fn previous_success(book: &Snapshot, run: &DagRun) -> Result<Option<PreviousRun>, ReadError> {
    for no in book.last_runs(run.dag, PREVIOUS_RUNS_MAX)? {
        let found = if no < run.no { book.run(no)? } else { None };
        if let Some(found) = found.filter(|found| found.state == DagRunState::Success) {
            let DagRun {
                data_interval,
                start_date,
                end_date,
                ..
            } = found;
            return Ok(Some(PreviousRun {
                data_interval,
                start_date,
                end_date,
            }));
        }
    }
    Ok(None)
}

impl Act {
    pub(super) fn finish_failed(&self, key: TiKey, fence: Fence, message: String, retry: bool) {
        let retry_delay: Option<TimeDelta> = None;
        let outcome = Outcome::Failed {
            message,
            may_retry: retry,
            retry_delay,
        };
        self.finish(key, fence, outcome);
    }
}
