//! A warm interpreter: how it is started, asked to fork, watched and ended.

use super::{files, keepers::Keepers};
use crate::{
    process::{group, procfs, sys},
    serve::Shared,
    wire::{self, Status},
};
use model::{
    Json,
    limits::{FRAME_BYTES_MAX, ZYGOTE_GROWTH_BYTES_MAX},
};
use rustix::{
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown,
        SocketFlags, SocketType, recv, sendmsg, shutdown, socketpair, sockopt,
    },
    process::{Pid, Signal, pidfd_send_signal},
};
use std::{
    collections::HashMap,
    io::{self, IoSlice},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Command, Stdio},
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

/// Bytes of one message of the control socket.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// Forks between two looks at its size.
const LOOK_EVERY_FORKS: u64 = 64;

/// One that has said it is ready.
pub struct Zygote {
    /// Never used again in this process.
    pub no: u64,
    /// What it found out, as JSON.
    pub facts: String,
    /// Those that keep a dag file of it; they have none themselves.
    pub keepers: Keepers,
    /// Bytes that a task may take for itself, 0 for all there is.
    pub task_bytes_max: u64,
    pidfd: OwnedFd,
    pid: u32,
    bytes_at_boot: u64,
    forks_max: u64,
    growth_bytes_max: u64,
    idle: Duration,
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
    /// Starts one and waits until it is ready.
    ///
    /// # Errors
    /// Says why not, with a code. One that ended without a word has died.
    pub async fn boot(
        shared: &Arc<Shared>,
        runtime: &wire::Runtime,
    ) -> Result<Arc<Self>, NotForked> {
        let wrong = |what: &str, cause: &dyn std::fmt::Display| {
            format!(
                "TSK-020: cannot start the Python runtime {}: {what}: {cause}",
                runtime.folder
            )
        };
        let refused = |what, cause: io::Error| NotForked::Refused(wrong(what, &cause));
        let script = files::put(&shared.paths.run).map_err(|e| refused("its script", e))?;
        let (control, pid) = spawn(runtime, &script).map_err(|e| refused("its interpreter", e))?;
        let number = pid.as_raw_nonzero().get().unsigned_abs();
        let watched = group::watch(number).and_then(|fd| Ok((fd, sys::watch_both(control)?)));
        let (pidfd, control) = match watched {
            Ok(both) => both,
            Err(cause) => {
                group::signal(pid, Signal::KILL);
                let _ = sys::reap(pid);
                return Err(refused("it cannot be watched", cause));
            }
        };
        let word = timeout(shared.limits.zygote_boot, receive(&control)).await;
        let has_died = matches!(word, Ok(Ok(None)));
        let said = match word {
            Ok(Ok(Some(word))) if word.get("ready").is_some() => Ok(word),
            Ok(Ok(Some(word))) => Err(match word.get("broken").and_then(Json::as_str) {
                Some(trace) => format!("\n{trace}"),
                None => format!("it says {word}"),
            }),
            Ok(Ok(None)) => Err("it ended; see run/worker.log below the data folder".to_owned()),
            Ok(Err(cause)) => Err(cause.to_string()),
            Err(_) => Err(format!("nothing after {:?}", shared.limits.zygote_boot)),
        };
        let word = match said {
            Ok(word) => word,
            Err(cause) => {
                let _ = pidfd_send_signal(&pidfd, Signal::KILL);
                tokio::spawn(gone(pidfd, pid));
                let why = wrong("it is not ready", &cause);
                return Err(if has_died {
                    NotForked::Died(why)
                } else {
                    NotForked::Refused(why)
                });
            }
        };
        let zygote = Arc::new(Self {
            no: next_no(),
            facts: word.to_string(),
            keepers: Keepers::default(),
            task_bytes_max: runtime.task_bytes_max,
            pidfd,
            pid: number,
            bytes_at_boot: procfs::resident_bytes(number),
            forks_max: chosen_or(runtime.forks_max, shared.limits.zygote_forks),
            growth_bytes_max: chosen_or(runtime.growth_bytes_max, ZYGOTE_GROWTH_BYTES_MAX),
            idle: match runtime.idle_ms {
                0 => shared.limits.zygote_idle,
                ms => Duration::from_millis(ms),
            },
            control,
            children: Mutex::default(),
            changed: Notify::new(),
        });
        tokio::spawn(attend(Arc::clone(shared), Arc::clone(&zygote), pid));
        Ok(zygote)
    }

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
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let raw = raw.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        let keeper = Arc::new(Self {
            no: next_no(),
            facts: warm.facts.clone(),
            keepers: Keepers::default(),
            task_bytes_max: warm.task_bytes_max,
            pidfd: group::watch(pid)?,
            pid,
            bytes_at_boot: procfs::resident_bytes(pid),
            forks_max: warm.forks_max,
            growth_bytes_max: warm.growth_bytes_max,
            idle,
            control,
            children: Mutex::default(),
            changed: Notify::new(),
        });
        tokio::spawn(attend(Arc::clone(shared), Arc::clone(&keeper), raw));
        Ok(keeper)
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
        {
            let mut children = self.children();
            if children.dead {
                return Err(NotForked::Died(DIED.to_owned()));
            }
            children.forks += 1;
            children.forking.insert(session, forked);
            children.running.insert(session, ended);
        }
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
                self.look();
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
        !children.retired && !children.dead && children.forks < self.forks_max
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

    /// Retires it when it has grown.
    fn look(&self) {
        let forks = self.children().forks;
        if forks.is_multiple_of(LOOK_EVERY_FORKS) {
            let now = procfs::resident_bytes(self.pid);
            if now > self.bytes_at_boot.saturating_add(self.growth_bytes_max) {
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
                send_fds(control, message, &fds)
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

/// Ends a child that is not wanted.
pub fn kill_pid(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        group::signal(pid, Signal::KILL);
    }
}

fn next_no() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// What the operator chose, or the usual where that is nothing.
const fn chosen_or(chosen: u64, usual: u64) -> u64 {
    if chosen == 0 { usual } else { chosen }
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

/// Sends a message with descriptors.
pub fn send_fds(socket: impl AsFd, message: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(fds));
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    Ok(sendmsg(
        socket,
        &[IoSlice::new(message)],
        &mut control,
        flags,
    )?)
}

/// The next word; none at the end.
pub async fn receive(control: &AsyncFd<OwnedFd>) -> io::Result<Option<Json>> {
    let mut block = vec![0; MESSAGE_BYTES_MAX];
    let got = control
        .async_io(Interest::READABLE, |control| {
            let (got, _) = recv(control, &mut block[..], RecvFlags::DONTWAIT)?;
            Ok(got)
        })
        .await;
    let got = match got {
        // It died with words of ours unread.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::CONNRESET) => 0,
        other => other?,
    };
    if got == 0 {
        return Ok(None);
    }
    let word = block.get(..got).unwrap_or_default();
    serde_json::from_slice(word)
        .map(Some)
        .map_err(io::Error::other)
}

/// Hears it until it ends; ends it when it is idle or retired and has no children.
async fn attend(shared: Arc<Shared>, zygote: Arc<Zygote>, pid: Pid) {
    loop {
        let (empty, retired) = {
            let children = zygote.children();
            (children.running.is_empty(), children.retired)
        };
        let idle = tokio::time::sleep(if retired { Duration::ZERO } else { zygote.idle });
        tokio::select! {
            word = receive(&zygote.control) => match word {
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
async fn gone(pidfd: OwnedFd, pid: Pid) {
    if let Ok(watched) = sys::watch(pidfd) {
        let _ = watched.readable().await;
    }
    let _ = sys::reap(pid);
}

/// Both ends of a control socket.
pub fn control_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    )?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    // What it says at its start is longer than the usual buffer allows in one message.
    let _ = sockopt::set_socket_send_buffer_size(&theirs, MESSAGE_BYTES_MAX);
    let _ = sockopt::set_socket_send_buffer_size(&ours, MESSAGE_BYTES_MAX);
    Ok((ours, theirs))
}

fn spawn(runtime: &wire::Runtime, script: &std::path::Path) -> io::Result<(OwnedFd, Pid)> {
    let (ours, theirs) = control_pair()?;
    let python = std::path::Path::new(&runtime.folder).join("bin/python");
    let mut command = Command::new(python);
    // The control socket is its standard input: nothing need run between fork and exec for that.
    command
        .args([std::ffi::OsStr::new("-I"), script.as_os_str()])
        .arg("0")
        .env_clear()
        .envs(runtime.env.iter().map(|(k, v)| (k, v)))
        .current_dir("/")
        .process_group(0)
        .stdin(theirs)
        .stdout(io::stderr().as_fd().try_clone_to_owned()?)
        .stderr(Stdio::inherit());
    let child = command.spawn()?;
    drop(command);
    let raw = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let pid = raw.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
    Ok((ours, pid))
}

const _: () = assert!(MESSAGE_BYTES_MAX < FRAME_BYTES_MAX);
