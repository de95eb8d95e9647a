//! The worker process: one thread that waits for everything, and a few that start processes.

mod link;
mod orphans;
mod strays;
mod table;
pub mod tries;

use crate::{
    WorkerError,
    claims::Claims,
    paths::{self, Paths, SOCKET},
    process::{
        folders::Folders,
        kill::Cause,
        procfs::{self, Identity},
        sys,
    },
    python::Zygotes,
};
use model::{Timestamp, limits, ports::Clock};
use rustix::{
    fs::{FlockOperation, flock},
    process::{Resource, Rlimit, getrlimit, setrlimit, setsid},
};
use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::available_parallelism,
    time::Duration,
};
use table::Table;
use tokio::{
    net::UnixListener,
    runtime,
    signal::unix::{SignalKind, signal},
    sync::Notify,
    time::{Instant, sleep_until},
};

/// How long after the last word of a try memory that is free is given back.
const TRIM_AFTER: Duration = Duration::from_secs(1);

/// What the worker process is told at its start.
pub struct ProcessOptions {
    /// The data folder; logs go to `logs` below it.
    pub data_dir: PathBuf,
    /// The clock of log lines and reports.
    pub clock: Arc<dyn Clock>,
    /// Its bounds.
    pub limits: Limits,
}

/// The bounds of a worker process; [`Limits::STANDARD`] but in tests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one log file.
    pub log_file_bytes: u64,
    /// From TERM to KILL.
    pub kill_grace: Duration,
    /// How long output is read after a group has ended.
    pub output_grace: Duration,
    /// How long to stay without a server and without tries.
    pub idle_exit: Duration,
    /// How long a warm interpreter may take to begin.
    pub zygote_boot: Duration,
    /// How long it may take to fork, or to notice that a child has ended.
    pub zygote_fork: Duration,
    /// Forks after which it is replaced.
    pub zygote_forks: u64,
    /// How long it stays without children.
    pub zygote_idle: Duration,
    /// How long a process may go on after its success is in the book.
    pub success_overtime: Duration,
    /// How long streams are read after a Python process has ended.
    pub socket_cleanup: Duration,
    /// How much longer than its time-out a Python process stays.
    pub python_timeout_grace: Duration,
}

impl Limits {
    /// Those of the product.
    pub const STANDARD: Self = Self {
        log_file_bytes: limits::LOG_FILE_BYTES_MAX,
        kill_grace: Duration::from_millis(limits::KILL_GRACE_MS),
        output_grace: Duration::from_millis(limits::OUTPUT_GRACE_MS),
        idle_exit: Duration::from_millis(limits::WORKER_IDLE_MS),
        zygote_boot: Duration::from_millis(limits::ZYGOTE_BOOT_MS),
        zygote_fork: Duration::from_millis(limits::ZYGOTE_FORK_MS),
        zygote_forks: limits::ZYGOTE_FORKS_MAX,
        zygote_idle: Duration::from_millis(limits::ZYGOTE_IDLE_MS),
        success_overtime: Duration::from_millis(limits::SUCCESS_OVERTIME_MS),
        socket_cleanup: Duration::from_millis(limits::SOCKET_CLEANUP_MS),
        python_timeout_grace: Duration::from_millis(limits::PYTHON_TIMEOUT_GRACE_MS),
    };
}

/// What all parts of the worker process share.
pub struct Shared {
    pub paths: Paths,
    me: Identity,
    clock: Arc<dyn Clock>,
    pub limits: Limits,
    /// The limit of open files that tasks get, where this process has raised its own.
    task_files: Option<Rlimit>,
    table: Mutex<Table>,
    claims: Mutex<Claims>,
    folders: Folders,
    /// Warm interpreters.
    pub zygotes: Zygotes,
    /// There is something to send.
    pub outgoing: Notify,
    /// There may be a reason to leave.
    pub changed: Notify,
}

impl Shared {
    /// The tries and sessions.
    pub fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal.
    pub fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Runs the worker process until it is told to stop, or is idle for too long.
/// Says `ready` on standard output when a server can connect.
///
/// # Errors
/// When the data folder cannot be used or another worker process holds it.
pub fn process_main(options: ProcessOptions) -> Result<(), WorkerError> {
    let ProcessOptions {
        data_dir,
        clock,
        limits,
    } = options;
    // Its own session keeps it from the terminal's signals and marks its tasks as its own.
    let _ = setsid();
    let paths = Paths::open(&data_dir)?;
    let lock = lock(&paths)?;
    let broken = |cause| WorkerError::Loop { cause };
    let me = Identity::me().map_err(broken)?;
    let is_alive = |pid| procfs::stat(pid).is_ok_and(|stat| !stat.zombie);
    let shared = Arc::new(Shared {
        claims: Mutex::new(Claims::open(&paths.tries, &me).map_err(broken)?),
        folders: Folders::open(&paths.work, me.pid, is_alive).map_err(broken)?,
        me,
        paths,
        clock,
        limits,
        task_files: raise_files(),
        table: Mutex::new(Table::default()),
        zygotes: Zygotes::default(),
        outgoing: Notify::new(),
        changed: Notify::new(),
    });
    // A start waits for the disk (log, journal) and for exec, so more of them than processors.
    let starters = available_parallelism()
        .map_or(4, |n| 2 * n.get())
        .clamp(4, 16);
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(starters)
        .thread_stack_size(256 * 1024)
        .thread_keep_alive(Duration::from_secs(60))
        .build()
        .map_err(broken)?;
    let result = runtime.block_on(serve(&shared, lock)).map_err(broken);
    // A start that is under way belongs to a try that is in the table, so none is.
    runtime.shutdown_background();
    result
}

async fn serve(shared: &Arc<Shared>, lock: File) -> io::Result<()> {
    let (path, _dir) = paths::socket_path(&shared.paths.run, SOCKET)?;
    // We hold the lock, so a socket that is there belongs to a worker process that is dead.
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    let mut terminate = signal(SignalKind::terminate())?;
    // Children of a zygote that dies are then ours to wait for.
    if let Err(error) = sys::adopt_orphans() {
        eprintln!("children of a Python runtime that dies are not waited for: {error}");
    }
    tokio::spawn(strays::reap_all(signal(SignalKind::child())?));
    orphans::sweep(shared)?;
    say_ready();
    let mut lock = Some(lock);
    let mut links = link::Links::default();
    let mut idle_since = Instant::now();
    let mut trimmed = true;
    loop {
        let (idle, quiet) = {
            let table = shared.table();
            (table.is_idle(), table.is_quiet())
        };
        trimmed &= quiet;
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    links.open(shared, stream);
                }
                idle_since = Instant::now();
            }
            () = shared.changed.notified() => idle_since = Instant::now(),
            _ = terminate.recv() => {
                shared.table().stop(Some(Cause::Stopping));
                shared.changed.notify_one();
            }
            () = sleep_until(idle_since + shared.limits.idle_exit), if idle => break,
            () = sleep_until(idle_since + TRIM_AFTER), if quiet && !trimmed => {
                sys::give_back_memory();
                trimmed = true;
            }
        }
        if shared.table().is_draining() && lock.is_some() {
            let _ = fs::rename(
                shared.paths.run.join(SOCKET),
                shared.paths.run.join(drain_name()),
            );
            lock = None;
            shared.table().say_draining();
            shared.outgoing.notify_one();
        }
        if shared.table().may_leave() {
            break;
        }
    }
    let name = if lock.is_some() {
        SOCKET.to_owned()
    } else {
        drain_name()
    };
    let _ = fs::remove_file(shared.paths.run.join(name));
    shared.zygotes.close();
    shared.claims().close();
    shared.folders.close();
    Ok(())
}

fn drain_name() -> String {
    format!("{}{}.sock", paths::SOCKET_DRAIN, std::process::id())
}

/// Held as long as this process takes new work; the system lets go of it when the process dies.
fn lock(paths: &Paths) -> Result<File, WorkerError> {
    let path = paths.lock();
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|cause| WorkerError::Folder {
            path: path.clone(),
            cause,
        })?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| WorkerError::Busy { path })?;
    Ok(file)
}

/// Each running try needs three descriptors here.
fn raise_files() -> Option<Rlimit> {
    let before = getrlimit(Resource::Nofile);
    let most = before
        .maximum
        .unwrap_or(u64::MAX)
        .min(limits::WORKER_FILES_MAX);
    if before.current.is_none_or(|now| now >= most) {
        return None;
    }
    let raised = Rlimit {
        current: Some(most),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, raised).ok().map(|()| before)
}

/// The parent reads this; afterwards nothing is written there, so a parent that dies breaks
/// nothing.
fn say_ready() {
    let mut out = io::stdout();
    let _ = out.write_all(b"ready\n").and_then(|()| out.flush());
    if let Ok(null) = File::options().write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(null);
    }
}
