//! Starts the layer and stops it: recover, act, then follow the dag folder; the same backwards.

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
    thread::{self, JoinHandle},
};

use model::{
    DeploymentId, Timestamp,
    ports::{Callbacks, Clock, Evaluator, Executor, Parser, Triggerer, Triggers},
    work::PythonRuntime,
};
use security::Keyring;
use store::{Store, Writer};
use tokio::sync::broadcast;

use crate::{
    act::{self, Act, Caller, Flights, Launcher},
    batch::{Failure, Scheduler},
    control::{Control, Inner},
    dags::{Files, Folder, Python, Scanner, Scripts},
    environment::Environment,
    execution::{Armed, Desk, Execution, Watching},
    handle::{Handle, Inbox},
    metrics::Metrics,
    notice::NOTICES_MAX,
    python,
    reader::Reader,
    reconcilers::{Chores, Keeper, Retention},
    triggers::{NativeTriggers, PythonTriggers},
    writer_thread::WriterThread,
};

/// What the operator chose.
#[derive(Clone)]
pub struct Options {
    /// Whose part of the book.
    pub deployment: DeploymentId,
    /// The data folder.
    pub data: PathBuf,
    /// The dag folder.
    pub dags: PathBuf,
    /// The log folder.
    pub logs: PathBuf,
    /// The engine's.
    pub engine: engine::Options,
    /// Connections and variables of the environment.
    pub environment: Environment,
    /// What processes inherit: `PATH`, `HOME`, `LANG`, `TZ` ..., in order.
    pub base_env: Vec<(String, String)>,
    /// How long history is kept.
    pub retention: Retention,
    /// What must be free on the disk to start work, in bytes.
    pub disk_needed_bytes: u64,
    /// What runs Python dags: the interpreter, and what its processes find in their environment
    /// beside `base_env` and what follows from the folders. Python files are left alone without it.
    pub python: Option<PythonRuntime>,
}

/// The outside.
pub struct Ports {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Runs tries.
    pub executor: Arc<dyn Executor>,
    /// Waits; the layer's own when absent.
    pub triggers: Option<Arc<dyn Triggers>>,
    /// Watches for triggers in Python; without it they are not watched.
    pub triggerer: Option<Arc<dyn Triggerer>>,
    /// Answers children of the executor; begins when the layer does.
    pub execution: Option<Execution>,
    /// Reads Python dag files.
    pub parser: Option<Arc<dyn Parser>>,
    /// Calls what is in them; without it callbacks stay owed.
    pub callbacks: Option<Arc<dyn Callbacks>>,
    /// Answers what only Python can say; without it the next start asks.
    pub evaluator: Option<Arc<dyn Evaluator>>,
    /// Seals variables.
    pub keyring: Arc<Keyring>,
    /// For what waits without a thread.
    pub runtime: tokio::runtime::Handle,
}

/// A layer that runs. Stop it with [`Running::stop`].
pub struct Running {
    control: Control,
    folder: Folder,
    chores: Chores,
    act: Arc<Act>,
    execution: Option<Execution>,
    writer: Option<JoinHandle<()>>,
    others: Vec<JoinHandle<()>>,
}

/// Why the layer did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What is unfinished cannot be loaded.
    #[error("CTL-006: what is unfinished cannot be loaded from the book")]
    Recover(#[from] Failure),
    /// The book cannot be read.
    #[error("CTL-006: the book cannot be read")]
    Read(#[from] store::ReadError),
    /// The system gave no thread, or no event queue.
    #[error("CTL-015: the system has no thread or event queue to give")]
    Thread(#[from] io::Error),
}

/// Recovers what the book says is unfinished, and begins. `queue` is made first, by
/// [`crate::channel`], since the executor reports to it.
///
/// # Errors
/// When the book cannot be read or written, or the system has no threads to give.
pub fn start(
    options: Options,
    store: Store,
    writer: Writer,
    ports: Ports,
    queue: (Handle, Inbox),
) -> Result<Running, StartError> {
    let (handle, inbox) = queue;
    let metrics = Arc::new(Metrics::default());
    let reader = Reader {
        store,
        deployment: options.deployment,
        dags: Arc::default(),
        keyring: Arc::clone(&ports.keyring),
        environment: Arc::new(options.environment.clone()),
    };
    let (now, engine) = (ports.clock.now(), options.engine.clone());
    let opened = Scheduler::open(reader.clone(), writer, engine, Arc::clone(&metrics), now);
    let (scheduler, first) = opened?;
    let (changes, _) = broadcast::channel(NOTICES_MAX);
    let python = python::Current::new(&options);
    let inner = Inner {
        reader,
        handle,
        changes,
        metrics,
        clock: Arc::clone(&ports.clock),
        logs: options.logs.clone(),
        dags: options.dags.clone(),
        started: now,
        folder: Arc::default(),
        asks: python::Asks {
            python: python.clone(),
            port: ports.evaluator.clone(),
        },
        python,
    };
    let chores = Chores::default();
    let (parser, execution) = (ports.parser.clone(), ports.execution.clone());
    let waits = (Armed::default(), Watching::default());
    let awaited = act::Awaited::default();
    if let Some(execution) = &execution {
        execution.begin(desk(&inner, &ports, (&waits, &awaited), now));
    }
    let act = act(&inner, &options, ports, (&chores, (waits, awaited)))?;
    let mut others = Act::start_launchers(&act)?;
    let writer = WriterThread {
        scheduler,
        inbox,
        act: Arc::clone(&act),
        clock: Arc::clone(&inner.clock),
        changes: inner.changes.clone(),
        metrics: Arc::clone(&inner.metrics),
        kept: VecDeque::new(),
        n_failures: 0,
        one_by_one: 0,
        later: Vec::new(),
    };
    let writer = thread::Builder::new()
        .name("writer".to_owned())
        .spawn(|| writer.run(first))?;
    others.push(chores.start(keeper(&inner, &options))?);
    let folder = Folder::start(scanner(&inner, options.dags, parser)?)?;
    let control = Control(Arc::new(inner));
    Ok(Running {
        control,
        folder,
        chores,
        act,
        execution,
        writer: Some(writer),
        others,
    })
}

/// The runtime with the triggers that it watches, and the callbacks that it awaits.
type Waits = ((Armed, Watching), act::Awaited);

fn desk(
    inner: &Inner,
    ports: &Ports,
    ((armed, watching), awaited): (&(Armed, Watching), &act::Awaited),
    started: Timestamp,
) -> Desk {
    Desk {
        reader: inner.reader.clone(),
        handle: inner.handle.clone(),
        clock: Arc::clone(&inner.clock),
        runtime: ports.runtime.clone(),
        armed: Arc::clone(armed),
        awaited: Arc::clone(awaited),
        watching: Arc::clone(watching),
        triggerer: ports.triggerer.clone(),
        asks: inner.asks.clone(),
        started,
    }
}

fn act(
    inner: &Inner,
    options: &Options,
    ports: Ports,
    (chores, ((armed, watching), awaited)): (&Chores, Waits),
) -> Result<Arc<Act>, StartError> {
    let Ports {
        clock,
        executor,
        triggers,
        triggerer,
        parser: _,
        callbacks,
        evaluator: _,
        execution: _,
        keyring: _,
        runtime,
    } = ports;
    let triggers = match triggers {
        Some(triggers) => triggers,
        None => Arc::new(NativeTriggers::start(
            inner.handle.clone(),
            Arc::clone(&clock),
        )?),
    };
    let for_callbacks = triggerer.clone();
    let triggers = match triggerer {
        Some(triggerer) => Arc::new(PythonTriggers {
            others: triggers,
            triggerer,
            runtime: inner.python.clone(),
            armed,
            watching,
            reader: inner.reader.clone(),
        }),
        None => triggers,
    };
    let caller = callbacks.map(|port| Caller {
        port,
        triggerer: for_callbacks,
        awaited,
        python: inner.python.clone(),
        root: options.dags.clone(),
        reader: inner.reader.clone(),
        handle: inner.handle.clone(),
        runtime: runtime.clone(),
        state: std::sync::Mutex::default(),
    });
    Ok(Arc::new(Act {
        reader: inner.reader.clone(),
        handle: inner.handle.clone(),
        clock,
        executor,
        triggers,
        callbacks: act::Callbacks(caller.map(Arc::new)),
        evaluations: act::Evaluations {
            asks: inner.asks.clone(),
            handle: inner.handle.clone(),
            runtime: runtime.clone(),
            n_failed: Arc::default(),
        },
        metrics: Arc::clone(&inner.metrics),
        chores: chores.clone(),
        changes: inner.changes.clone(),
        logs: options.logs.clone(),
        base_env: options.base_env.clone(),
        python: inner.python.clone(),
        runtime,
        flights: Flights::default(),
        launcher: Launcher::default(),
        stopping: AtomicBool::new(false),
    }))
}

fn keeper(inner: &Inner, options: &Options) -> Keeper {
    Keeper {
        reader: inner.reader.clone(),
        handle: inner.handle.clone(),
        clock: Arc::clone(&inner.clock),
        metrics: Arc::clone(&inner.metrics),
        data: options.data.clone(),
        logs: options.logs.clone(),
        retention: options.retention,
        disk_needed_bytes: options.disk_needed_bytes,
    }
}

fn scanner(
    inner: &Inner,
    root: PathBuf,
    parser: Option<Arc<dyn Parser>>,
) -> Result<Scanner, StartError> {
    let python = parser.map(|parser| Python {
        current: inner.python.clone(),
        parser,
    });
    Ok(Scanner {
        root,
        python,
        scripts: Scripts::default(),
        handle: inner.handle.clone(),
        clock: Arc::clone(&inner.clock),
        metrics: Arc::clone(&inner.metrics),
        shared: Arc::clone(&inner.folder),
        known: Files::new(&inner.reader.snapshot()?.files()?),
    })
}

impl Running {
    /// What the outside works with.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Commits what waits and ends. Tries go on in their executor; the next start takes them over.
    pub fn stop(mut self) {
        self.halt();
    }

    fn halt(&mut self) {
        if let Some(execution) = &self.execution {
            execution.end();
        }
        self.folder.stop();
        self.chores.stop();
        self.control.handle().stop();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
        self.act.stop_launchers();
        for thread in self.others.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.halt();
    }
}
