//! A warm interpreter: how it is asked to fork, watched and ended.

use super::{
    control::{self, MESSAGE_BYTES_MAX},
    keepers::Keepers,
};
use crate::{
    process::{group, procfs, sys},
    serve::Shared,
    wire::{self, Status},
};
use model::Json;
use rustix::{
    net::{Shutdown, shutdown},
    process::{Pid, Signal, pidfd_send_signal},
};
use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    sync::{Notify, oneshot},
    time::timeout,
};

/// Forks between two looks at its size.
const LOOK_EVERY_FORKS: u64 = 64;

/// What bounds one and its children.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// Bytes that a task may take for itself, 0 for all there is.
    pub task_bytes_max: u64,
    /// Forks after which it is replaced.
    pub forks_max: u64,
    /// Bytes by which it may grow before it is replaced.
    pub growth_bytes_max: u64,
    /// How long it stays without children.
    pub idle: Duration,
}

/// One that has said it is ready.
pub struct Zygote {
    /// Never used again in this process.
    pub no: u64,
    /// What it found out, as JSON.
    pub facts: String,
    /// Those that keep a dag file of it; they have none themselves.
    pub keepers: Keepers,
    pub bounds: Bounds,
    pidfd: OwnedFd,
    pid: u32,
    bytes_at_boot: u64,
    control: AsyncFd<OwnedFd>,
    children: Mutex<Children>,
    /// A child has gone, or it is to retire.
    changed: Notify,
}

#[derive(Default)]
struct Children {
    forks: u64,
    forking: HashMap<u64, oneshot::Sender<Result<u32, NotForked>>>,
    running: HashMap<u64, oneshot::Sender<End>>,
    retired: bool,
    dead: bool,
}

/// Why there is no child.
pub enum NotForked {
    /// Another interpreter would not do it either.
    Refused(String),
    /// The interpreter died or is stuck; the child, if there is one, has been told nothing.
    Died(String),
    /// It keeps a dag file that is not as it was.
    Stale(String),
}

/// What a child is forked for.
pub struct Ask<'a> {
    pub session: u64,
    pub op: &'a str,
    pub env: &'a [(String, String)],
    /// To read and to keep for so long.
    pub dag: Option<(&'a wire::DagFile, Duration)>,
}

impl Ask<'_> {
    fn text(&self) -> String {
        let env = self.env.iter();
        let env: model::JsonMap = env
            .map(|(k, v)| (k.clone(), Json::from(v.as_str())))
            .collect();
        let mut ask = serde_json::json!({
            "op": self.op, "id": self.session, "env": env, "setpgid": true
        });
        if let (Some(ask), Some((dag, age))) = (ask.as_object_mut(), self.dag) {
            let dag = serde_json::json!({
                "bundle": dag.bundle, "file": dag.file, "dag_id": dag.dag_id,
                "task_id": dag.task_id, "age_s": age.as_secs_f64(),
            });
            ask.insert("dag".to_owned(), dag);
        }
        ask.to_string()
    }
}

const DIED: &str = "TSK-021: the Python runtime's warm process died";

impl Children {
    fn forget(&mut self, session: u64) {
        self.forking.remove(&session);
        self.running.remove(&session);
    }
}

/// How a child ended, by its zygote's word.
pub type End = (Status, wire::Usage);

/// A child that was forked.
pub struct Forked {
    /// Its process.
    pub pid: u32,
    /// The zygote's word of its end; an error when the zygote is gone.
    pub end: oneshot::Receiver<End>,
}

impl Zygote {
    /// A child of `warm` that is ready to fork as `warm` does.
    ///
    /// # Errors
    /// When it cannot be watched.
    pub fn kept(
        shared: &Arc<Shared>,
        warm: &Self,
        pid: u32,
        control: AsyncFd<OwnedFd>,
        idle: Duration,
    ) -> io::Result<Arc<Self>> {
        let process = (group::watch(pid)?, group::pid(pid)?);
        let bounds = Bounds {
            idle,
            ..warm.bounds
        };
        Ok(Self::attended(
            shared,
            warm.facts.clone(),
            process,
            control,
            bounds,
        ))
    }

    /// One that is ready, heard from now on.
    pub(super) fn attended(
        shared: &Arc<Shared>,
        facts: String,
        (pidfd, pid): (OwnedFd, Pid),
        control: AsyncFd<OwnedFd>,
        bounds: Bounds,
    ) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = pid.as_raw_nonzero().get().unsigned_abs();
        let zygote = Arc::new(Self {
            no: NEXT.fetch_add(1, Ordering::Relaxed),
            facts,
            keepers: Keepers::default(),
            bounds,
            pidfd,
            pid: number,
            bytes_at_boot: procfs::resident_bytes(number),
            control,
            children: Mutex::default(),
            changed: Notify::new(),
        });
        tokio::spawn(attend(Arc::clone(shared), Arc::clone(&zygote), pid));
        zygote
    }

    /// Forks a child for a session.
    ///
    /// # Errors
    /// Says why not, with a code. One that died forks no more.
    pub async fn fork(
        &self,
        ask: &Ask<'_>,
        fds: [OwnedFd; 4],
        limit: Duration,
    ) -> Result<Forked, NotForked> {
        let session = ask.session;
        let ask = ask.text();
        if ask.len() > MESSAGE_BYTES_MAX / 8 {
            let why = "TSK-012: the task's environment is too large";
            return Err(NotForked::Refused(why.to_owned()));
        }
        let (forked, answer) = oneshot::channel();
        let (ended, end) = oneshot::channel();
        let nth = {
            let mut children = self.children();
            if children.dead {
                return Err(NotForked::Died(DIED.to_owned()));
            }
            children.forks += 1;
            children.forking.insert(session, forked);
            children.running.insert(session, ended);
            children.forks
        };
        let sent = self.send(ask.as_bytes(), &fds).await;
        drop(fds);
        let answer = match sent {
            Ok(()) => timeout(limit, answer).await,
            Err(_) => {
                self.children().forget(session);
                answer
                    .await
                    .map_or_else(|gone| Ok(Err(gone)), |word| Ok(Ok(word)))
            }
        };
        let why = match answer {
            Ok(Ok(Ok(pid))) => {
                self.look(nth);
                return Ok(Forked { pid, end });
            }
            Ok(Ok(Err(why))) => why,
            Ok(Err(_)) => NotForked::Died(DIED.to_owned()),
            Err(_) => {
                // It cannot be trusted with another child, and perhaps did fork this one: its end
                // closes the control socket and makes the child ours.
                self.kill();
                let why = format!("TSK-021: the Python runtime did not fork within {limit:?}");
                NotForked::Died(why)
            }
        };
        self.children().forget(session);
        if matches!(why, NotForked::Died(_)) {
            self.retire();
        }
        Err(why)
    }

    /// No new forks; it ends when its last child has ended.
    pub fn retire(&self) {
        self.children().retired = true;
        self.keepers.retire();
        self.changed.notify_one();
    }

    /// Whether it may fork again.
    pub fn is_fresh(&self) -> bool {
        let children = self.children();
        !children.retired && !children.dead && children.forks < self.bounds.forks_max
    }

    /// Waits until it is no process any more, and its children have another parent.
    pub async fn ended(&self) {
        if let Ok(watched) = self.pidfd.try_clone().and_then(sys::watch) {
            let _ = watched.readable().await;
        }
    }

    /// Ends it at once; its children live on.
    pub fn kill(&self) {
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }

    fn children(&self) -> MutexGuard<'_, Children> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Retires it when it has grown; after its nth fork.
    fn look(&self, nth: u64) {
        if nth.is_multiple_of(LOOK_EVERY_FORKS) {
            let now = procfs::resident_bytes(self.pid);
            if now
                > self
                    .bytes_at_boot
                    .saturating_add(self.bounds.growth_bytes_max)
            {
                self.retire();
            }
        }
    }

    async fn send(&self, message: &[u8], fds: &[OwnedFd; 4]) -> io::Result<()> {
        let fds: [BorrowedFd<'_>; 4] = [
            fds[0].as_fd(),
            fds[1].as_fd(),
            fds[2].as_fd(),
            fds[3].as_fd(),
        ];
        self.control
            .async_io(Interest::WRITABLE, |control| {
                control::send_fds(control, message, &fds)
            })
            .await
            .map(drop)
    }

    /// Takes one of its words.
    fn heard(&self, word: &Json) {
        let Some(id) = word.get("id").and_then(Json::as_u64) else {
            return;
        };
        let number = |name: &str| word.get(name).and_then(Json::as_u64);
        let mut children = self.children();
        if let Some(pid) = number("pid").and_then(|pid| u32::try_from(pid).ok()) {
            if let Some(forking) = children.forking.remove(&id) {
                let _ = forking.send(Ok(pid));
            }
        } else if let Some(why) = word.get("refused").and_then(Json::as_str) {
            children.running.remove(&id);
            if let Some(forking) = children.forking.remove(&id) {
                let why = format!("TSK-021: the Python runtime refused to fork: {why}");
                let _ = forking.send(Err(NotForked::Refused(why)));
            }
        } else if let Some(why) = word.get("stale").and_then(Json::as_str) {
            children.running.remove(&id);
            if let Some(forking) = children.forking.remove(&id) {
                let _ = forking.send(Err(NotForked::Stale(why.to_owned())));
            }
        } else if let Some(status) = word.get("status").and_then(Json::as_i64)
            && let Some(ended) = children.running.remove(&id)
        {
            let usage = wire::Usage {
                cpu_us: number("cpu_us").unwrap_or(0),
                memory_peak_bytes: number("max_rss_kib").unwrap_or(0).saturating_mul(1024),
            };
            let _ = ended.send((status_of(i32::try_from(status).unwrap_or(-1)), usage));
        }
    }
}

/// A wait status.
pub fn status_of(raw: i32) -> Status {
    use std::os::unix::process::ExitStatusExt;
    let status = std::process::ExitStatus::from_raw(raw);
    match (status.code(), status.signal()) {
        (Some(code), _) => Status::Code(code),
        (None, Some(signal)) => Status::Signal(signal),
        (None, None) => Status::Unknown,
    }
}

/// Hears it until it ends; ends it when it is idle or retired and has no children.
async fn attend(shared: Arc<Shared>, zygote: Arc<Zygote>, pid: Pid) {
    loop {
        let (empty, retired) = {
            let children = zygote.children();
            (children.running.is_empty(), children.retired)
        };
        let idle = tokio::time::sleep(if retired {
            Duration::ZERO
        } else {
            zygote.bounds.idle
        });
        tokio::select! {
            word = control::receive(&zygote.control) => match word {
                Ok(Some(word)) => zygote.heard(&word),
                Ok(None) | Err(_) => break,
            },
            () = zygote.changed.notified() => {}
            () = idle, if empty => {
                zygote.retire();
                let _ = shutdown(zygote.control.get_ref(), Shutdown::Both);
                break;
            }
        }
    }
    // Nobody waits for a word of it any more: who has a child of it looks after that itself.
    *zygote.children() = Children {
        dead: true,
        ..Children::default()
    };
    let ended = async {
        let Ok(watched) = group::watch(zygote.pid).and_then(sys::watch) else {
            return;
        };
        let _ = watched.readable().await;
    };
    if timeout(shared.limits.kill_grace, ended).await.is_err() {
        zygote.kill();
    }
    if let Ok(fd) = group::watch(zygote.pid) {
        gone(fd, pid).await;
    }
    shared.zygotes.forget(zygote.no);
    shared.changed.notify_one();
}

/// Waits for the end of a child of ours.
pub(super) async fn gone(pidfd: OwnedFd, pid: Pid) {
    if let Ok(watched) = sys::watch(pidfd) {
        let _ = watched.readable().await;
    }
    let _ = sys::reap(pid);
}
