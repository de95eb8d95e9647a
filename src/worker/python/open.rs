//! Opens sessions: claims, logs, zygote, fork.

use super::{
    child::Child,
    keepers,
    requests::Requests,
    session::{Kind, Session},
    streams::{self, Sink, Stream},
    told::Order,
    zygote::{Ask, NotForked, Zygote},
};
use crate::{
    logs::{mask::Masker, write::Log},
    process::{
        exit::failed,
        kill::{Cause, Orders},
        memory, procfs,
    },
    serve::{Shared, tries},
    wire::{self, Ended, Exit, Open, PythonWork, Status, Up},
};
use model::{
    limits::{SESSION_LOG_BYTES_MAX, ZYGOTE_TRIES_MAX},
    report::Usage,
};
use std::{os::fd::OwnedFd, path::Path, sync::Arc, time::Duration};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Begins a try that is in the table already.
pub fn start(shared: &Arc<Shared>, work: PythonWork, orders: Arc<Orders>) {
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let (fence, key) = (work.fence, work.key);
        let claimed = {
            let shared = Arc::clone(&shared);
            tokio::task::spawn_blocking(move || claim(&shared, work)).await
        };
        let (work, log) = match claimed {
            Ok(Claimed::Ours(ours)) => *ours,
            Ok(Claimed::Elsewhere) => return shared.table().drop_try(fence),
            Ok(Claimed::Refused(message)) => return refuse(&shared, fence, key, message),
            Err(_) => {
                let message = "TSK-013: the try could not be started".to_owned();
                return refuse(&shared, fence, key, message);
            }
        };
        let limit = work
            .execution_timeout_us
            .and_then(|us| u64::try_from(us).ok())
            .map(Duration::from_micros);
        let grace = shared.limits.python_timeout_grace;
        let plan = Plan {
            session: fence,
            op: "task".to_owned(),
            runtime: work.task.runtime,
            env: work.task.env,
            dag: work.task.dag,
            timeout: limit.map(|limit| (limit, limit.saturating_add(grace))),
            secrets: work.secrets,
            kind: Kind::Try { key },
            first: Some(work.task.first),
        };
        run(&shared, plan, Some(log), &orders).await;
    });
}

/// Begins a session that ends with the connection.
pub fn open(shared: &Arc<Shared>, open: Open) {
    let Open {
        session,
        op,
        runtime,
        env,
        log_path,
        timeout_ms,
        secrets,
    } = open;
    let masker = Arc::new(Masker::new(&secrets));
    let bytes = shared.limits.log_file_bytes;
    let log = log_path.and_then(|path| {
        begin_anew(&shared.paths.logs.join(&path));
        Log::open(&shared.paths.logs, &path, &[], masker, bytes).ok()
    });
    let limit = timeout_ms.map(Duration::from_millis);
    let plan = Plan {
        session,
        op,
        runtime,
        env,
        timeout: limit.map(|limit| (limit, limit)),
        secrets,
        kind: Kind::Other,
        first: None,
        dag: None,
    };
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        run(&shared, plan, log, &Orders::default()).await;
    });
}

/// Lets go of a log that many sessions have written and that is long.
fn begin_anew(log: &Path) {
    let is_long = |meta: std::fs::Metadata| meta.len() > SESSION_LOG_BYTES_MAX;
    if std::fs::metadata(log).is_ok_and(is_long) {
        // It goes on growing where it cannot be removed; each session has its own limit.
        let _ = std::fs::remove_file(log);
    }
}

/// What to open.
struct Plan {
    session: u64,
    op: String,
    runtime: wire::Runtime,
    env: Vec<(String, String)>,
    /// What to say, and when to act.
    timeout: Option<(Duration, Duration)>,
    secrets: Vec<String>,
    kind: Kind,
    first: Option<Vec<u8>>,
    /// The file of a task's dag.
    dag: Option<wire::DagFile>,
}

enum Claimed {
    Ours(Box<(PythonWork, Log)>),
    /// Another worker process claimed it before.
    Elsewhere,
    Refused(String),
}

/// Runs on a thread that may wait.
fn claim(shared: &Shared, work: PythonWork) -> Claimed {
    match shared.claims().take(work.fence, work.key) {
        Ok(true) => {}
        Ok(false) => return Claimed::Elsewhere,
        Err(cause) => {
            return Claimed::Refused(format!(
                "TSK-015: the try cannot be noted in {}: {cause}; is the disk full?",
                shared.paths.tries.display()
            ));
        }
    }
    let opened = Log::open(
        &shared.paths.logs,
        &work.log_path,
        &work.log_fields,
        Arc::new(Masker::new(&work.secrets)),
        shared.limits.log_file_bytes,
    );
    match opened {
        Ok(log) => Claimed::Ours(Box::new((work, log))),
        Err(cause) => Claimed::Refused(format!(
            "TSK-015: the log cannot be made: {cause}; is the disk full?"
        )),
    }
}

async fn run(shared: &Arc<Shared>, plan: Plan, mut log: Option<Log>, orders: &Orders) {
    let (sender, downs) = unbounded_channel();
    let ephemeral = matches!(plan.kind, Kind::Other);
    shared
        .table()
        .begin_session(plan.session, ephemeral, sender);
    let (session, kind, timeout) = (plan.session, plan.kind, plan.timeout);
    let masker = Arc::new(Masker::new(&plan.secrets));
    match fork(shared, plan, orders, downs).await {
        Ok(opened) => {
            let Opened {
                child,
                requests,
                streams,
                downs,
                secrets,
            } = *opened;
            let sink = Sink {
                log,
                tail: Vec::new(),
            };
            let open = Session::new(shared, session, kind, child, requests, streams, sink);
            open.run(secrets, timeout, orders, downs).await;
        }
        Err(cause) => {
            if let Some(log) = log.take() {
                log.finish(
                    shared.now(),
                    crate::logs::write::Level::Error,
                    &cause_text(&cause),
                );
            }
            not_opened(shared, session, kind, cause, &masker);
        }
    }
}

struct Opened {
    child: Child,
    requests: Requests,
    streams: Vec<Stream>,
    downs: UnboundedReceiver<Order>,
    secrets: Vec<String>,
}

async fn fork(
    shared: &Arc<Shared>,
    plan: Plan,
    orders: &Orders,
    mut downs: UnboundedReceiver<Order>,
) -> Result<Box<Opened>, Ended> {
    let mut tries = 1;
    let (zygote, forked, ends) = loop {
        let zygote = zygote(shared, &plan, orders, &mut downs).await?;
        let (ends, fds) = Ends::open().map_err(room)?;
        let ask = Ask {
            session: plan.session,
            op: &plan.op,
            env: &plan.env,
            dag: None,
        };
        match zygote.fork(&ask, fds, shared.limits.zygote_fork).await {
            Ok(forked) => break (zygote, forked, ends),
            // A task may kill its parent; that is no trouble of another's. If there is a child, it
            // has been told nothing, and ends with its sockets.
            Err(NotForked::Died(_)) if tries < ZYGOTE_TRIES_MAX => tries += 1,
            // The file has changed since it was read for others.
            Err(NotForked::Stale(_)) if tries < ZYGOTE_TRIES_MAX => zygote.retire(),
            Err(NotForked::Died(why) | NotForked::Refused(why) | NotForked::Stale(why)) => {
                return Err(Ended::Broken(why));
            }
        }
    };
    let pid = forked.pid;
    memory::bound(
        pid,
        memory::bytes_for(&plan.op, plan.runtime.task_bytes_max),
    );
    if let Kind::Try { key } = plan.kind {
        let ticks = procfs::stat(pid).map_or(0, |stat| stat.started_ticks);
        // If this cannot be written (disk full), the session still tells whose it is.
        let _ = shared.claims().spawned(plan.session, pid, ticks);
        let what = wire::What::Started { pid: Some(pid) };
        tries::report(shared, plan.session, key, what);
    }
    let (no, facts) = (zygote.no, zygote.facts.clone());
    shared
        .table()
        .opened_session(plan.session, (no, facts), plan.first);
    shared.outgoing.notify_one();
    let child = Child::new(zygote, forked, shared.limits.zygote_fork).map_err(room)?;
    let Ends { requests, streams } = ends;
    Ok(Box::new(Opened {
        child,
        requests,
        streams,
        downs,
        secrets: plan.secrets,
    }))
}

/// An interpreter for a session. Its start takes seconds; who is not wanted any more need not wait.
async fn zygote(
    shared: &Arc<Shared>,
    plan: &Plan,
    orders: &Orders,
    downs: &mut UnboundedReceiver<Order>,
) -> Result<Arc<Zygote>, Ended> {
    let age = Duration::from_millis(plan.runtime.dag_age_ms);
    let found = async {
        let warm = shared.zygotes.get(shared, &plan.runtime).await?;
        Ok(match &plan.dag {
            Some(dag) if !age.is_zero() => keepers::choose(shared, &warm, age, dag).await,
            Some(_) | None => warm,
        })
    };
    tokio::select! {
        zygote = found => zygote.map_err(Ended::Broken),
        cause = orders.wait() => Err(match cause {
            Cause::Asked => Ended::Asked,
            Cause::Stopping => Ended::Stopping,
        }),
        order = downs.recv() => Err(match order {
            Some(Order::End(cause)) => cause,
            Some(Order::Reply(_) | Order::Tell(_)) | None => Ended::Asked,
        }),
    }
}

/// Our ends of a child's four sockets.
struct Ends {
    requests: Requests,
    streams: Vec<Stream>,
}

impl Ends {
    /// With those of the child.
    fn open() -> std::io::Result<(Self, [OwnedFd; 4])> {
        let (requests, requests_fd) = Requests::open()?;
        let (out, out_fd) = Stream::open(streams::Kind::Stdout)?;
        let (err, err_fd) = Stream::open(streams::Kind::Stderr)?;
        let (logs, logs_fd) = Stream::open(streams::Kind::Logs)?;
        let streams = vec![out, err, logs];
        let ends = Self { requests, streams };
        Ok((ends, [requests_fd, out_fd, err_fd, logs_fd]))
    }
}

fn room(cause: std::io::Error) -> Ended {
    Ended::Broken(format!(
        "TSK-013: the system has no room for another process: {cause}; see `ulimit -n`"
    ))
}

fn cause_text(cause: &Ended) -> String {
    match cause {
        Ended::Asked => "Task ended on request.".to_owned(),
        Ended::Stopping => "The worker was stopped before the task ran.".to_owned(),
        Ended::TimedOut { .. } | Ended::Overtime => "The task took too long.".to_owned(),
        Ended::Broken(message) => message.clone(),
    }
}

fn not_opened(shared: &Arc<Shared>, session: u64, kind: Kind, cause: Ended, masker: &Masker) {
    let exit = Exit {
        status: Status::None,
        usage: wire::Usage::default(),
        cause: Some(match cause {
            Ended::Broken(message) => Ended::Broken(masker.mask_text(&message)),
            same @ (Ended::Asked | Ended::Stopping | Ended::TimedOut { .. } | Ended::Overtime) => {
                same
            }
        }),
        tail: String::new(),
    };
    tell_end(shared, session, kind, exit);
}

/// The process of a session has ended.
pub fn tell_end(shared: &Arc<Shared>, session: u64, kind: Kind, exit: Exit) {
    match kind {
        Kind::Try { key } => {
            let note = shared.table().note(session);
            tries::report(shared, session, key, wire::What::Exited { exit, note });
        }
        Kind::Other => {
            let mut table = shared.table();
            table.forget_session(session);
            table.send(&Up::Closed { session, exit });
            drop(table);
            shared.outgoing.notify_one();
        }
    }
}

fn refuse(shared: &Arc<Shared>, fence: u64, key: wire::Key, message: String) {
    let what = wire::What::Finished {
        outcome: failed(message).into(),
        usage: Usage::default().into(),
    };
    tries::report(shared, fence, key, what);
}
