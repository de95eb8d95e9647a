//! Finds the worker process, or starts one.

use super::{
    link::{Link, Receiver, keep_drained},
    state::Shared,
};
use crate::{
    WorkerError, paths,
    wire::{
        self, Down, Hello, MAGIC, PROTOCOL, Up, Welcome,
        frame::{self, Inbox},
    },
};
use model::limits::WORKER_ANSWER_MS;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::de::DeserializeOwned;
use std::{
    fs, io,
    io::{PipeReader, Read, Write},
    os::unix::net::UnixStream,
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

/// Bytes above which the worker process's own log is begun anew.
const LOG_BYTES_MAX: u64 = 1024 * 1024;

/// Between two tries to find a worker process or to start one.
const AGAIN: Duration = Duration::from_millis(20);

/// Connects to the worker process that takes new work; starts it when there is none; drains one of
/// another build and starts its successor. One that a killed server was just starting holds the
/// lock before it listens, so that both may fail at first.
///
/// # Errors
/// When none answers and none can be started.
pub fn connect(shared: &Arc<Shared>) -> Result<Receiver, WorkerError> {
    let begin = Instant::now();
    loop {
        match find_or_start(shared) {
            Err(WorkerError::Answer { .. })
                if begin.elapsed() < Duration::from_millis(WORKER_ANSWER_MS) =>
            {
                thread::sleep(AGAIN);
            }
            other => return other,
        }
    }
}

fn find_or_start(shared: &Arc<Shared>) -> Result<Receiver, WorkerError> {
    if let Ok((receiver, same)) = greet(shared, paths::SOCKET) {
        if same {
            shared.settle(&receiver.link, &receiver.known);
            return Ok(receiver);
        }
        drain(shared, receiver)?;
    }
    spawn(shared)?;
    let (receiver, _) = greet(shared, paths::SOCKET)?;
    shared.settle(&receiver.link, &receiver.known);
    Ok(receiver)
}

/// Connects and shakes hands. Also says whether the other side is of the same build.
///
/// # Errors
/// When nobody listens, or the answer is none of ours.
pub fn greet(shared: &Shared, socket: &str) -> Result<(Receiver, bool), WorkerError> {
    let wrong = |what: &dyn std::fmt::Display| WorkerError::Answer {
        what: what.to_string(),
    };
    let (path, _dir) = paths::socket_path(&shared.paths.run, socket).map_err(|e| wrong(&e))?;
    let mut stream = UnixStream::connect(path).map_err(|e| wrong(&e))?;
    let wait = Duration::from_millis(WORKER_ANSWER_MS);
    stream.set_read_timeout(Some(wait)).map_err(|e| wrong(&e))?;
    say_hello(&mut stream, false).map_err(|e| wrong(&e))?;
    let mut inbox = Inbox::default();
    let welcome: Welcome = receive(&mut stream, &mut inbox).map_err(|e| wrong(&e))?;
    let Welcome {
        magic,
        protocol,
        build,
        pid,
        known,
    } = welcome;
    if magic != MAGIC {
        return Err(wrong(&"it is no worker process"));
    }
    if protocol != PROTOCOL {
        return Err(dismiss(shared, socket, protocol));
    }
    let link = Link::open(&stream, pid).map_err(|e| wrong(&e))?;
    let same = build == wire::build();
    Ok((
        Receiver {
            link,
            stream: unhurried(stream).map_err(|e| wrong(&e))?,
            inbox,
            known,
        },
        same,
    ))
}

/// A worker process whose words we do not understand ends its tries; its successor finds its claims
/// and reports them.
fn dismiss(shared: &Shared, socket: &str, protocol: u32) -> WorkerError {
    tracing::warn!(target: "worker", "a worker process speaks protocol {protocol}; it is ended");
    let gone = paths::socket_path(&shared.paths.run, socket).and_then(|(path, _dir)| {
        let mut stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(Duration::from_millis(WORKER_ANSWER_MS)))?;
        say_hello(&mut stream, true)?;
        stream.read_to_end(&mut Vec::new())
    });
    WorkerError::Answer {
        what: match gone {
            Ok(_) => format!("it spoke protocol {protocol} and was ended"),
            Err(error) => format!("it speaks protocol {protocol} and does not end: {error}"),
        },
    }
}

/// Makes room for a successor; goes on to hear the old one.
fn drain(shared: &Arc<Shared>, mut receiver: Receiver) -> Result<(), WorkerError> {
    let pid = receiver.link.pid;
    tracing::info!(target: "worker", pid, "draining the worker of another build");
    let wrong = |e: io::Error| WorkerError::Answer {
        what: e.to_string(),
    };
    receiver.link.send(&Down::Drain);
    let wait = Duration::from_millis(WORKER_ANSWER_MS);
    receiver
        .stream
        .set_read_timeout(Some(wait))
        .map_err(wrong)?;
    let mut early = Vec::new();
    loop {
        match receive(&mut receiver.stream, &mut receiver.inbox).map_err(wrong)? {
            Up::Draining => break,
            word @ (Up::Report(_)
            | Up::Swept(_)
            | Up::Zygote { .. }
            | Up::Session { .. }
            | Up::Frame { .. }
            | Up::Closed { .. }) => early.push(word),
        }
    }
    receiver.stream = unhurried(receiver.stream).map_err(wrong)?;
    keep_drained(shared, receiver, early);
    Ok(())
}

fn unhurried(stream: UnixStream) -> io::Result<UnixStream> {
    stream.set_read_timeout(None)?;
    Ok(stream)
}

fn say_hello(stream: &mut UnixStream, stop: bool) -> io::Result<()> {
    let hello = Hello {
        magic: MAGIC,
        protocol: PROTOCOL,
        build: wire::build(),
        stop,
    };
    let mut bytes = Vec::new();
    frame::put(&hello, &mut bytes).map_err(io::Error::other)?;
    stream.write_all(&bytes)
}

fn receive<T: DeserializeOwned>(stream: &mut UnixStream, inbox: &mut Inbox) -> io::Result<T> {
    let mut block = [0; 4096];
    loop {
        if let Some(message) = inbox.next().map_err(io::Error::other)? {
            return Ok(message);
        }
        match stream.read(&mut block)? {
            0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            got => inbox.push(block.get(..got).unwrap_or_default()),
        }
    }
}

/// Starts a worker process and waits until it listens. It makes a session of its own, so that it
/// outlives this process.
fn spawn(shared: &Shared) -> Result<(), WorkerError> {
    let options = &shared.options;
    let failed = |cause| WorkerError::Spawn {
        program: options.program.clone(),
        cause,
    };
    let log = shared.paths.run.join("worker.log");
    if fs::metadata(&log).is_ok_and(|m| m.len() > LOG_BYTES_MAX) {
        let _ = fs::remove_file(&log);
    }
    let log = paths::append(&log).map_err(failed)?;
    let (ready, ready_end) = io::pipe().map_err(failed)?;
    let mut command = Command::new(&options.program);
    command
        .args(&options.args)
        .envs(options.env.iter().map(|(k, v)| (k, v)))
        .stdin(Stdio::null())
        .stdout(ready_end)
        .stderr(log);
    let mut child = command.spawn().map_err(failed)?;
    drop(command);
    let pid = child.id();
    // Somebody must wait for it, or it stays a zombie when it dies before this process does.
    let waiter = thread::Builder::new().name("worker-wait".to_owned());
    waiter.spawn(move || drop(child.wait())).map_err(failed)?;
    await_ready(ready).map_err(|what| WorkerError::Answer {
        what: format!("{what} (process {pid}; see run/worker.log below the data folder)"),
    })
}

fn await_ready(mut ready: PipeReader) -> Result<(), String> {
    let wait =
        Timespec::try_from(Duration::from_millis(WORKER_ANSWER_MS)).map_err(|e| e.to_string())?;
    let mut said = Vec::new();
    let mut block = [0; 256];
    loop {
        let mut fds = [PollFd::new(&ready, PollFlags::IN)];
        if poll(&mut fds, Some(&wait)).map_err(|e| e.to_string())? == 0 {
            return Err(format!("not ready after {WORKER_ANSWER_MS} ms"));
        }
        let got = ready.read(&mut block).map_err(|e| e.to_string())?;
        if got == 0 {
            return Err("it ended before it was ready".to_owned());
        }
        said.extend_from_slice(block.get(..got).unwrap_or_default());
        if memchr::memmem::find(&said, b"ready\n").is_some() {
            return Ok(());
        }
    }
}
