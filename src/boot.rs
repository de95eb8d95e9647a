//! Wiring: opens what there is, starts what runs, says ready; stops in the opposite order.

mod banner;
mod clock;
mod examples;
mod folder;
mod listen;
mod python;
pub mod setup;
mod steps;

use std::{sync::Arc, time::Duration};

use control::{Environment, Running};
use model::{DeploymentId, limits::KILL_GRACE_MS, ports::Clock};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use clock::SystemClock;

use crate::{cli::Trouble, config::Config};

/// How long the first look at the dag folder may hold back the banner; it goes on behind it.
const FIRST_SCAN_WAIT: Duration = Duration::from_millis(500);
/// How long running tasks have to end when they are to be ended with the server.
const END_TASKS_WAIT: Duration = Duration::from_millis(2 * KILL_GRACE_MS);

/// What becomes of running tasks when the server is stopped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tasks {
    /// They go on and the next server adopts them.
    GoOn,
    /// They are ended.
    End,
}

/// What the two ways to serve differ in.
pub struct Manner {
    /// What becomes of running tasks at the end.
    pub tasks: Tasks,
    /// Whether another port is taken when the wanted one is in use.
    pub any_port: bool,
    /// Variables that tasks get beside those passed on.
    pub task_env: Vec<(String, String)>,
    /// A runtime to prepare beside, where the configuration has none.
    pub setup: Option<setup::Order>,
}

/// Serves until asked to stop.
///
/// # Errors
/// When it cannot start; everything that was started is stopped again.
pub fn serve(config: &Config, manner: &Manner) -> Result<(), Trouble> {
    let clock = SystemClock;
    let began = clock.now();
    let folder = folder::Folder::open(&config.data)?;
    if !config.runtime.is_empty() {
        ::runtime::show(&::runtime::Home::of(folder.data()), &config.runtime)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()?;
    let listener = listen::bind(config.listen, manner.any_port)?;
    let address = listener.local_addr()?;
    let (running, worker) = start(config, manner, &folder, &runtime)?;
    let control = running.control();
    let found = control.wait_for_folder(FIRST_SCAN_WAIT);
    let dags = folder::absolute(&config.dags)?;
    let wanted = manner.setup.clone().filter(|_| config.runtime.is_empty());
    let options = api::Options {
        listen: vec![address],
        hosts: Vec::new(),
        place: api::Place {
            deployment: "default".to_owned(),
            dags: dags.display().to_string(),
            hostname: folder::hostname(),
            unixname: std::env::var("USER").unwrap_or_else(|_| "root".to_owned()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    };
    let served = runtime.block_on(async {
        // From here on a signal ends it in order; before, it ends at once.
        tokio::spawn(crate::memory::keep_small());
        let (mut interrupt, mut term) = (
            listener_of(SignalKind::interrupt())?,
            listener_of(SignalKind::terminate())?,
        );
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let stop = async move {
            tokio::select! { _ = interrupt.recv() => (), _ = term.recv() => () }
            tracing::info!("stopping");
        };
        folder.say_address(address)?;
        let took = clock.now().since(began);
        let beside = wanted.as_ref().map(|order| order.airflow.as_str());
        let place = banner::Place { address, beside };
        banner::print(config, place, control.store().bytes(), &found, took)?;
        let setup = wanted.map(|order| {
            Arc::new(setup::Setup::start(
                order,
                config,
                (folder.data(), &dags),
                control.clone(),
            ))
        });
        let shown = setup.clone().map(|setup| setup as Arc<dyn api::Setup>);
        api::serve(&options, vec![listener], control.clone(), shown, stop).await;
        if let Some(setup) = setup {
            setup.stop();
        }
        Ok::<_, Trouble>(())
    });
    folder.forget_address();
    running.stop();
    let end = manner.tasks == Tasks::End;
    worker.shutdown(end, if end { END_TASKS_WAIT } else { Duration::ZERO });
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// Threads for requests; the book has a writer thread of its own.
const THREADS: usize = 2;

fn listener_of(kind: SignalKind) -> Result<Signal, Trouble> {
    Ok(signal(kind)?)
}

fn start(
    config: &Config,
    manner: &Manner,
    folder: &folder::Folder,
    runtime: &tokio::runtime::Runtime,
) -> Result<(Running, Arc<worker::client::Client>), Trouble> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let keyring = Arc::new(security::Keyring::open_or_create(&folder.keys())?);
    let queue = control::channel();
    let reports = queue.0.clone();
    let python = python::runtime(config, folder.data())?;
    python::let_others_through(folder.data(), config.run_as_user)?;
    let execution = control::Execution::default();
    let worker = worker::client::Client::start(
        worker::client::ClientOptions {
            program: std::env::current_exe()?,
            args: vec![
                "worker".into(),
                "--data".into(),
                folder.data().display().to_string(),
            ],
            // It makes requests for tasks, so it needs to know where certificates are, as we do.
            env: Vec::new(),
            data_dir: folder.data().to_owned(),
            clock: Arc::clone(&clock),
            execution: Some(Arc::new(execution.clone())),
        },
        Box::new(move |report| reports.report(report)),
    )?;
    let worker = Arc::new(worker);
    let mib = |mib: u64| mib.saturating_mul(1024 * 1024);
    let cache_bytes = usize::try_from(mib(config.cache_mib)).unwrap_or(usize::MAX);
    let (store, writer) = store::open(
        &folder.book(),
        &store::Options {
            cache_bytes,
            ..store::Options::default()
        },
    )?;
    let options = control::Options {
        deployment: DeploymentId::DEFAULT,
        data: folder.data().to_owned(),
        dags: folder::absolute(&config.dags)?,
        logs: folder.logs(),
        engine: engine_options(config),
        environment: Environment::new(utf8_env()),
        base_env: task_env(config, manner),
        retention: control::Retention {
            days_max: Some(config.runs_days).filter(|days| *days > 0),
            runs_per_dag_max: Some(config.runs_per_dag_max).filter(|runs| *runs > 0),
            runs_per_dag_min: config.runs_per_dag_min,
            audit_days_max: Some(config.audit_days).filter(|days| *days > 0),
            audit_entries_max: Some(config.audit_entries_max).filter(|entries| *entries > 0),
            disk_budget_bytes: Some(mib(config.disk_budget_mib)).filter(|bytes| *bytes > 0),
        },
        disk_needed_bytes: mib(config.disk_free_min_mib),
        python,
    };
    let ports = control::Ports {
        clock,
        executor: Arc::clone(&worker) as _,
        triggers: None,
        triggerer: Some(Arc::clone(&worker) as _),
        parser: Some(Arc::clone(&worker) as _),
        callbacks: Some(Arc::clone(&worker) as _),
        evaluator: Some(Arc::clone(&worker) as _),
        execution: Some(execution),
        keyring,
        runtime: runtime.handle().clone(),
    };
    let running = control::start(options, store, writer, ports, queue)?;
    Ok((running, worker))
}

fn engine_options(config: &Config) -> engine::Options {
    engine::Options {
        parallelism: config.parallelism,
        dags_are_paused_at_creation: config.dags_are_paused_at_creation,
        default_pool_slots: config.default_pool_slots,
        ..engine::Options::upstream()
    }
}

fn utf8_env() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// What tasks get of the server's environment: the named variables and no others. A `*` at the end
/// of a name stands for any rest.
fn task_env(config: &Config, manner: &Manner) -> Vec<(String, String)> {
    let is_passed = |name: &str| {
        config.pass_environment.iter().any(|passed| {
            let start = passed.strip_suffix('*');
            start.map_or(passed == name, |start| name.starts_with(start))
        })
    };
    let passed = utf8_env().filter(|(name, _)| is_passed(name));
    passed.chain(manner.task_env.iter().cloned()).collect()
}
