//! The box.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use model::{
    DagId, DeploymentId, Fence, RunId, RunNo, TaskId, TiKey,
    command::{Command, Reply, TriggerRun},
    execution::{Callback, RunTrigger},
    ports::{
        Adopted, Callbacks, Clock, Evaluator, Executor, ParseRequest, Parsed, Parser, Triggerer,
    },
    report::{Happened, Outcome, Report, Usage},
    state::{DagRunState, DagRunType, TriggeredBy},
    work::{PythonRuntime, Work},
};
use store::{BookFile, ReadError, StorageBackend};

use crate::{
    Control, Environment, Execution, Handle, Options, Ports, Retention, Running, channel, start,
    testing::{Folder, WallClock},
};

/// What the executor does with a task, by its log path; none leaves it running.
pub(super) type Script = dyn Fn(&Work) -> Option<Outcome> + Send + Sync;

/// An executor that does as it is told, and lives on when the node dies.
pub(super) struct Scripted {
    script: Box<Script>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    handle: Option<Handle>,
    /// What was started, by fence, with its end once it has one.
    tries: HashMap<Fence, (TiKey, Option<Outcome>)>,
    /// Log paths in the order of their starts.
    started: Vec<String>,
    acked: usize,
}

impl Scripted {
    pub(super) fn new(
        script: impl Fn(&Work) -> Option<Outcome> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            state: Mutex::default(),
        })
    }
    /// The tries that were started, as `task/attempt`.
    pub(super) fn started(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let short = |path: &String| {
            let parts: Vec<&str> = path.split('/').collect();
            let name = parts[2].trim_end_matches(".log");
            name.replace(".-1.", "/")
        };
        state.started.iter().map(short).collect()
    }
    pub(super) fn acked(&self) -> usize {
        self.state.lock().unwrap().acked
    }
    pub(super) fn tell(&self, key: TiKey, fence: Fence, whats: Vec<Happened>) {
        let handle = self.state.lock().unwrap().handle.clone();
        let at = WallClock.now();
        let reports = whats.into_iter().map(|what| Report {
            key,
            fence,
            at,
            what,
        });
        handle.unwrap().report_all(reports);
    }
    /// Ends a try that is running.
    pub(super) fn end(&self, task: &str, outcome: Outcome) {
        let mut state = self.state.lock().unwrap();
        let open = state.tries.iter_mut().filter(|(_, (_, end))| end.is_none());
        let (fence, key) = open
            .map(|(fence, (key, end))| {
                *end = Some(outcome.clone());
                (*fence, *key)
            })
            .next()
            .unwrap_or_else(|| panic!("{task} is not running"));
        drop(state);
        self.tell(key, fence, vec![finished(outcome)]);
    }
}

pub(super) fn finished(outcome: Outcome) -> Happened {
    Happened::Finished {
        outcome,
        usage: Usage::default(),
    }
}

pub(super) fn well() -> Option<Outcome> {
    Some(Outcome::Success {
        xcoms: Vec::new(),
        skip: Vec::new(),
        outlets: Box::default(),
    })
}

pub(super) fn badly() -> Option<Outcome> {
    let message = "exit code 1".to_owned();
    Some(Outcome::Failed {
        message,
        may_retry: true,
        retry_delay: None,
    })
}

impl Executor for Scripted {
    fn start(&self, work: Work) {
        let Work { key, fence, .. } = work;
        let outcome = (self.script)(&work);
        {
            let mut state = self.state.lock().unwrap();
            if state.tries.contains_key(&fence) {
                return;
            }
            state.tries.insert(fence, (key, outcome.clone()));
            state.started.push(work.log_path);
        }
        let mut whats = vec![Happened::Started { pid: Some(1) }];
        whats.extend(outcome.map(finished));
        self.tell(key, fence, whats);
    }
    fn kill(&self, key: TiKey, fence: Fence) {
        let known = self
            .state
            .lock()
            .unwrap()
            .tries
            .insert(fence, (key, Some(Outcome::Killed)));
        let lost = Outcome::Lost {
            message: "unknown".to_owned(),
        };
        let outcome = if known.is_some() {
            Outcome::Killed
        } else {
            lost
        };
        self.tell(key, fence, vec![finished(outcome)]);
    }
    fn adopt(&self, key: TiKey, fence: Fence, was_running: bool) -> Adopted {
        let known = self.state.lock().unwrap().tries.get(&fence).cloned();
        let lost = Outcome::Lost {
            message: "gone".to_owned(),
        };
        match known {
            Some((_, outcome)) => {
                let mut whats = vec![Happened::Started { pid: Some(1) }];
                whats.extend(outcome.map(finished));
                self.tell(key, fence, whats);
                Adopted::Known
            }
            None if was_running => {
                self.tell(key, fence, vec![finished(lost)]);
                Adopted::Lost
            }
            None => Adopted::NeverStarted,
        }
    }
    fn ack(&self, _fence: Fence) {
        self.state.lock().unwrap().acked += 1;
    }
}

/// A book that fails when it is told to.
#[derive(Debug)]
pub(super) struct Failing {
    inner: BookFile,
    pub(super) faults: Arc<Faults>,
}

/// Writes and syncs until the next failures, and how many fail then.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) after: AtomicI64,
    pub(super) n: AtomicI64,
    pub(super) seen: AtomicU64,
}

impl Faults {
    fn pass(&self) -> io::Result<()> {
        self.seen.fetch_add(1, SeqCst);
        if self.after.fetch_sub(1, SeqCst) > 0 || self.n.load(SeqCst) <= 0 {
            return Ok(());
        }
        self.n.fetch_sub(1, SeqCst);
        Err(io::Error::other("scripted"))
    }
}

impl StorageBackend for Failing {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        self.faults.pass()?;
        self.inner.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.faults.pass()?;
        self.inner.write(offset, data)
    }
}

/// Reads Python files of which each line that begins so is a serialised dag.
struct Lines;

impl Parser for Lines {
    fn parse(&self, request: ParseRequest, done: Box<dyn FnOnce(Parsed) + Send>) {
        let text = std::fs::read_to_string(&request.path).unwrap();
        let lines = text.lines().filter(|line| line.starts_with('{'));
        let dags = lines.map(|line| (request.path.clone(), serde_json::from_str(line).unwrap()));
        let dags = dags.collect();
        done(Parsed {
            dags,
            ..Parsed::default()
        });
    }
}

/// One call: its file, what is called, and who is told of its end.
pub(super) type Call = (
    ParseRequest,
    Vec<Callback>,
    Box<dyn FnOnce(Option<String>) + Send>,
);

/// Calls that end when they are told to.
#[derive(Default)]
pub(super) struct Calls(Mutex<VecDeque<Call>>);

impl Calls {
    pub(super) fn next(&self) -> Option<Call> {
        self.0.lock().unwrap().pop_front()
    }
}

impl Callbacks for Calls {
    fn call(
        &self,
        request: ParseRequest,
        callbacks: Vec<Callback>,
        done: Box<dyn FnOnce(Option<String>) + Send>,
    ) {
        self.0.lock().unwrap().push_back((request, callbacks, done));
    }
}

/// A question to the evaluator, and who is told the answer.
type Question = (
    model::Json,
    Box<dyn FnOnce(Result<model::Json, String>) + Send>,
);

/// An evaluator that says what it is told to.
#[derive(Default)]
pub(super) struct Evaluates(Mutex<VecDeque<Question>>);

impl Evaluates {
    pub(super) fn next(&self) -> Option<Question> {
        self.0.lock().unwrap().pop_front()
    }
}

impl Evaluator for Evaluates {
    fn evaluate(
        &self,
        _: &PythonRuntime,
        ask: model::Json,
        done: Box<dyn FnOnce(Result<model::Json, String>) + Send>,
    ) {
        self.0.lock().unwrap().push_back((ask, done));
    }
}

/// A triggerer that takes note.
#[derive(Default)]
pub(super) struct Told(Mutex<Vec<String>>);

impl Told {
    fn note(&self, what: String) {
        self.0.lock().unwrap().push(what);
    }
    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Triggerer for Told {
    fn create(&self, _: &PythonRuntime, trigger: RunTrigger) {
        let task = trigger.ti.map(|ti| ti.task_id.to_string());
        self.note(format!(
            "create {} {} {task:?}",
            trigger.id, trigger.classpath
        ));
    }
    fn cancel(&self, id: u64) {
        self.note(format!("cancel {id}"));
    }
    fn confirm(&self, seq: u64) {
        self.note(format!("confirm {seq}"));
    }
}

/// A runtime.
pub(super) fn python() -> PythonRuntime {
    PythonRuntime {
        folder: "/runtime".to_owned(),
        env: vec![("DEPLOYED".to_owned(), "yes".to_owned())],
        ..PythonRuntime::default()
    }
}

/// A node with its folders.
pub(super) struct Node {
    pub(super) temp: Arc<Folder>,
    pub(super) executor: Arc<Scripted>,
    pub(super) faults: Arc<Faults>,
    /// Answers as a child would be answered.
    pub(super) execution: Execution,
    /// What the triggerer was told.
    pub(super) triggerer: Arc<Told>,
    pub(super) calls: Arc<Calls>,
    pub(super) evaluator: Arc<Evaluates>,
    /// Whether it starts with a runtime.
    pub(super) has_python: bool,
    running: Option<Running>,
    runtime: Arc<tokio::runtime::Runtime>,
}

impl Node {
    pub(super) fn new(dags: &[(&str, &str)], executor: Arc<Scripted>) -> Self {
        let temp = Arc::new(Folder::new());
        for (name, text) in dags {
            let ending = if name.ends_with(".py") { "" } else { ".yaml" };
            temp.write(&format!("dags/{name}{ending}"), text);
        }
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = Arc::new(runtime.worker_threads(1).enable_all().build().unwrap());
        let faults = Arc::new(Faults::default());
        let mut node = Self {
            temp,
            executor,
            faults,
            execution: Execution::default(),
            triggerer: Arc::default(),
            calls: Arc::default(),
            evaluator: Arc::default(),
            has_python: true,
            running: None,
            runtime,
        };
        node.boot();
        node
    }

    pub(super) fn boot(&mut self) {
        let (data, dags, logs) = (self.path(""), self.path("dags"), self.path("logs"));
        let inner = BookFile::open(&self.path("book.redb")).unwrap();
        let book = Failing {
            inner,
            faults: Arc::clone(&self.faults),
        };
        let (store, writer) = store::open_backend(book, &store::Options::default()).unwrap();
        self.execution = Execution::default();
        let queue = channel();
        self.executor.state.lock().unwrap().handle = Some(queue.0.clone());
        let options = Options {
            deployment: DeploymentId::DEFAULT,
            data,
            dags,
            logs,
            engine: engine_options(),
            environment: Environment::new([
                ("AIRFLOW_VAR_GREETING".into(), "hello".into()),
                (
                    "AIRFLOW_CONN_SHOP".into(),
                    "http://me:secret@shop:80".into(),
                ),
            ]),
            base_env: Vec::new(),
            retention: Retention::default(),
            disk_needed_bytes: 0,
            python: self.has_python.then(python),
        };
        let ports = Ports {
            clock: Arc::new(WallClock),
            executor: Arc::clone(&self.executor) as _,
            triggers: None,
            triggerer: Some(Arc::clone(&self.triggerer) as _),
            parser: Some(Arc::new(Lines)),
            callbacks: Some(Arc::clone(&self.calls) as _),
            evaluator: Some(Arc::clone(&self.evaluator) as _),
            execution: Some(self.execution.clone()),
            keyring: Arc::new(security::Keyring::open_or_create(&self.path("keys")).unwrap()),
            runtime: self.runtime.handle().clone(),
        };
        let running = start(options, store, writer, ports, queue).unwrap();
        let status = running.control().wait_for_folder(Duration::from_secs(20));
        assert_eq!(status.n_errors, 0, "{status:?}");
        let until = Instant::now() + Duration::from_secs(20);
        while running.control().folder().n_parsing > 0 {
            assert!(Instant::now() < until);
            std::thread::sleep(Duration::from_millis(2));
        }
        self.running = Some(running);
    }

    pub(super) fn restart(&mut self) {
        self.running.take().unwrap().stop();
        // What the last one asked has nobody who waits.
        self.calls = Arc::default();
        self.evaluator = Arc::default();
        self.boot();
    }

    pub(super) fn control(&self) -> Control {
        self.running.as_ref().unwrap().control()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    pub(super) fn block_on<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime.block_on(what)
    }

    pub(super) fn command(&self, command: Command) -> Reply {
        self.block_on(self.control().command(command)).unwrap()
    }

    pub(super) fn trigger(&self, dag: &str, run: &str, conf: model::Json) -> Reply {
        self.command(Command::TriggerRun(Box::new(TriggerRun {
            dag_id: DagId::from(dag),
            run_id: Some(RunId::from(run)),
            run_type: DagRunType::Manual,
            logical_date: None,
            data_interval: None,
            run_after: None,
            conf,
            note: None,
            triggered_by: TriggeredBy::Test,
            user: None,
            partition_key: None,
            reset: false,
        })))
    }

    /// Triggers, as often as the book fails meanwhile.
    pub(super) fn trigger_surely(&self, dag: &str, run: &str) -> RunNo {
        let until = Instant::now() + Duration::from_secs(20);
        let mut last = None;
        while Instant::now() < until {
            match self.trigger(dag, run, model::Json::Null) {
                Reply::Run { run, .. } => return run,
                Reply::Refused(refusal)
                    if refusal.kind == model::command::RefusalKind::Conflict =>
                {
                    let reader = self.control();
                    let found = crate::queries::runs::find(reader.reader(), dag, run);
                    if let Ok(Some(found)) = found {
                        return found.no;
                    }
                }
                other => last = Some(other),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("no run was created: {last:?}");
    }

    /// The run's state once it has ended, with its tasks' states in order of their names.
    pub(super) fn ended(&self, run: RunNo) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let (state, tasks) = self.look(run);
            if state.is_some_and(DagRunState::is_finished) {
                return format!("{} {tasks}", state.unwrap());
            }
            if Instant::now() > until {
                let key = self.keys(run);
                let reasons: Vec<_> = key
                    .into_iter()
                    .map(|key| {
                        let control = self.control();
                        self.block_on(crate::queries::live::task_reasons(&control, key))
                    })
                    .collect();
                panic!("still {state:?} {tasks} {reasons:?}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn keys(&self, run: RunNo) -> Vec<TiKey> {
        let book = self.control().snapshot().unwrap();
        book.task_instances(run)
            .unwrap()
            .into_iter()
            .map(|ti| ti.key)
            .collect()
    }

    /// The run's state and its tasks'; nothing while the book cannot be read.
    pub(super) fn look(&self, run: RunNo) -> (Option<DagRunState>, String) {
        self.try_look(run).ok().flatten().unwrap_or_default()
    }

    fn try_look(&self, run: RunNo) -> Result<Option<Look>, ReadError> {
        let book = self.control().snapshot()?;
        let Some(row) = book.run(run)? else {
            return Ok(None);
        };
        let names: BTreeMap<_, TaskId> = book.task_names(row.dag)?.into_iter().collect();
        let tis = book.task_instances(run)?;
        let mut tasks: Vec<String> = tis
            .iter()
            .map(|ti| format!("{}:{}", names[&ti.key.task], ti.state))
            .collect();
        tasks.sort();
        Ok(Some((Some(row.state), tasks.join(" "))))
    }
}

type Look = (Option<DagRunState>, String);

fn engine_options() -> engine::Options {
    engine::Options {
        parallelism: 32,
        dags_are_paused_at_creation: false,
        default_pool_slots: 128,
        ..engine::Options::upstream()
    }
}
