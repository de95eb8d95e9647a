//! The scheduler with its book and nothing around it, for what the outside would hide: what a batch
//! costs, from its inputs to its commit.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use control::{
    Environment, Metrics, Reader,
    batch::{Given, Outcome, Scheduler},
};
use kit::scratch;
use model::{
    DeploymentId, Fence, Json, TiKey, TimeDelta, Timestamp,
    change::{DagFile, DagSource},
    command::{Command, PublishDag, PublishFile, TriggerRun},
    effect::Effect,
    report::{Happened, Outcome as How, Outlets, Report, Usage},
    state::{DagRunType, TriggeredBy},
};
use security::Keyring;
use serde_json::{Value, json};

/// One deployment. Its book is in memory where the system has a place for that, so that the disk
/// is no part of the figures.
pub struct Inside {
    scheduler: Scheduler,
    /// Stands still within a measurement.
    pub now: Timestamp,
    n_files: u64,
    folder: std::path::PathBuf,
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Inside {
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            memory.join(format!("orrery-bench-{}", std::process::id()))
        } else {
            scratch("inside")
        };
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let keyring = Arc::new(Keyring::open_or_create(&folder).unwrap());
        let (store, writer) =
            store::open(&folder.join("book"), &store::Options::default()).unwrap();
        let environment = Arc::new(Environment::default());
        let reader = Reader::new(store, DeploymentId::DEFAULT, keyring, environment);
        let options = engine::Options {
            parallelism: 1_000_000,
            default_pool_slots: 1_000_000,
            max_map_length: 100_000,
            ..engine::Options::upstream()
        };
        let now = Timestamp::from_secs(1_794_996_000);
        let metrics = Arc::new(Metrics::default());
        let (scheduler, _) = Scheduler::open(reader, writer, options, metrics, now).unwrap();
        Self {
            scheduler,
            now,
            n_files: 0,
            folder,
        }
    }

    /// Publishes serialised dags, each as a file of its own, in one batch.
    pub fn publish(&mut self, dags: &[Value]) {
        let inputs = dags.iter().map(|dag| self.publishing(dag)).collect();
        self.batch(inputs);
    }

    fn publishing(&mut self, dag: &Value) -> Given {
        let json = dag.to_string();
        let source = DagSource::Serialized { json, text: None };
        let dag = dagfile::from_source(&source).unwrap();
        self.n_files += 1;
        let hash = format!("{}", self.n_files);
        let file = DagFile {
            path: format!("{}.py", dag.dag_id),
            hash: hash.clone(),
            stamp: (self.n_files, 0, 0),
            dags: Vec::new(),
            error: None,
            warnings: Vec::new(),
        };
        let dag = PublishDag {
            dag: Arc::new(dag),
            source,
            hash,
            parse_us: 1,
        };
        let dags = vec![dag];
        command(Command::PublishFile(Box::new(PublishFile { file, dags })))
    }

    /// One batch, and how long it took.
    pub fn batch(&mut self, inputs: Vec<Given>) -> (Outcome, Duration) {
        let since = Instant::now();
        let outcome = self.scheduler.batch(inputs, self.now).unwrap();
        (outcome, since.elapsed())
    }

    /// Lets time go on until something is due, and does it.
    pub fn next(&mut self) -> (Outcome, Duration) {
        let wake = self.scheduler.next_wake();
        self.now = wake.unwrap_or(self.now).max(self.now);
        self.batch(Vec::new())
    }

    /// Asks for a run of a dag.
    pub fn trigger(&mut self, dag_id: &str) -> Outcome {
        self.now = self.now.plus(TimeDelta::from_secs(1));
        let ask = TriggerRun {
            dag_id: dag_id.into(),
            run_id: None,
            run_type: DagRunType::Manual,
            logical_date: None,
            data_interval: None,
            run_after: None,
            conf: Json::Object(serde_json::Map::new()),
            note: None,
            triggered_by: TriggeredBy::RestApi,
            user: None,
            partition_key: None,
            reset: false,
        };
        let inputs = vec![command(Command::TriggerRun(Box::new(ask)))];
        self.batch(inputs).0
    }

    /// A task that was started ends well and returns something.
    pub fn end(&mut self, (key, fence): (TiKey, Fence), value: Json) -> (Outcome, Duration) {
        let outcome = How::Success {
            xcoms: vec![("return_value".to_owned(), value)],
            skip: Vec::new(),
            outlets: Box::new(Outlets::default()),
        };
        let usage = Usage::default();
        let report = |what| {
            let at = self.now;
            Given::Report(Report {
                key,
                fence,
                at,
                what,
            })
        };
        let inputs = vec![
            report(Happened::Started { pid: None }),
            report(Happened::Finished { outcome, usage }),
        ];
        self.batch(inputs)
    }
}

/// The tries that an outcome starts.
pub fn started(outcome: &Outcome) -> Vec<(TiKey, Fence)> {
    let starts = outcome.effects.iter().filter_map(|effect| match effect {
        Effect::Start { key, fence, .. } => Some((*key, *fence)),
        _ => None,
    });
    starts.collect()
}

/// A command as an input.
pub fn command(command: Command) -> Given {
    Given::Command(Box::new(command))
}

/// A task as Airflow's parser gives it, with those after it and further properties.
pub fn task(task_id: &str, below: &[String], more: Value) -> Value {
    let mut own = json!({
        "task_id": task_id, "task_type": "PythonOperator",
        "_task_module": "airflow.providers.standard.operators.python",
        "downstream_task_ids": below,
    });
    if let (Some(own), Value::Object(more)) = (own.as_object_mut(), more) {
        own.extend(more);
    }
    json!({"__type": "operator", "__var": own})
}

/// A dag as Airflow's parser gives it.
pub fn dag(dag_id: &str, timetable: Value, tasks: Vec<Value>) -> Value {
    json!({"__version": 3, "dag": {
        "dag_id": dag_id, "fileloc": format!("/{dag_id}.py"), "timezone": "UTC",
        "timetable": timetable, "max_active_tasks": 1_000_000, "max_active_runs": 100_000,
        "is_paused_upon_creation": false, "tasks": tasks,
    }})
}

/// The timetable of a dag that only runs when it is asked for.
pub fn never() -> Value {
    json!({"__type": "airflow.timetables.simple.NullTimetable", "__var": {}})
}
