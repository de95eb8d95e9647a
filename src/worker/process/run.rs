//! Runs a started process to its end: output, limits, orders, the ladder from TERM to KILL, and
//! what its group leaves behind.

use super::{
    exit::{self, failed},
    group,
    kill::{Cause, Orders},
    output::Stream,
    spawn::Spawned,
    sys,
};
use crate::{
    logs::{
        mask::Masker,
        write::{Level, Log, Logger},
    },
    serve::Limits,
};
use model::{
    TimeDelta, Timestamp,
    report::{Outcome, Usage},
    work::Process,
};
use rustix::process::{Pid, Signal};
use std::{
    io,
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    process::ExitStatus,
};
use tokio::{
    io::unix::AsyncFd,
    time::{Instant, sleep_until},
};

/// What a run needs beside the process.
pub struct Surroundings<'a> {
    /// How long things may take.
    pub limits: Limits,
    /// How long the process may run.
    pub timeout: Option<TimeDelta>,
    /// What others want of it.
    pub orders: &'a Orders,
    /// Hides secrets in the value to push.
    pub masker: &'a Masker,
    /// The clock.
    pub now: &'a (dyn Fn() -> Timestamp + Send + Sync),
}

/// How it ended.
pub struct Ended {
    /// For the report.
    pub outcome: Outcome,
    /// What it used.
    pub usage: Usage,
    /// The last line of the log.
    pub level: Level,
    /// The same.
    pub event: String,
    /// It ended by itself and nothing of it can be left.
    pub clean: bool,
}

/// Where the process is on its way to its end.
enum Phase {
    /// It runs; until its execution timeout.
    Running { until: Option<Instant> },
    /// It was asked to end with TERM; KILL follows.
    Asked { kill_at: Instant },
    /// It got KILL; nothing is left but to wait.
    Killed,
    /// It has ended; others of its group have not, and get KILL.
    Sweeping { kill_at: Option<Instant> },
    /// All have ended; what strays print is read a little longer.
    Draining { until: Instant },
}

/// Why it was made to end.
#[derive(Clone, Copy)]
enum Reason {
    Timeout(TimeDelta),
    Order(Cause),
}

struct Running<'a> {
    group: Pid,
    pidfd: AsyncFd<OwnedFd>,
    out: Stream,
    err: Option<Stream>,
    left: Vec<AsyncFd<OwnedFd>>,
    phase: Phase,
    reason: Option<Reason>,
    status: Option<(ExitStatus, Usage)>,
    clean: bool,
    around: &'a Surroundings<'a>,
}

/// Somebody else has waited for our child, which nobody should: surely not a success.
fn unknown() -> (ExitStatus, Usage) {
    (ExitStatus::from_raw(libc::SIGKILL), Usage::default())
}

/// Runs a process to its end. Its id stays taken until then, so signals reach nobody else.
pub async fn run(
    process: &Process,
    spawned: Spawned,
    log: &mut Log,
    around: Surroundings<'_>,
) -> Ended {
    let group = spawned.pid;
    let mut running = match Running::new(process, spawned, &around) {
        Ok(running) => running,
        Err(cause) => return unwatched(group, &cause),
    };
    while running.step(log).await {}
    running.end(process)
}

impl<'a> Running<'a> {
    fn new(process: &Process, spawned: Spawned, around: &'a Surroundings<'a>) -> io::Result<Self> {
        let Spawned {
            pid,
            pidfd,
            started_ticks: _,
            out,
            err,
            temp: _,
        } = spawned;
        let err = match err {
            Some(err) => Some(Stream::new(err, Logger::Stderr, around.masker, false)?),
            None => None,
        };
        let until = around.timeout.map(|limit| Instant::now() + limit.to_std());
        Ok(Self {
            group: pid,
            pidfd: sys::watch(pidfd)?,
            out: Stream::new(out, Logger::Stdout, around.masker, process.push_last_line)?,
            err,
            left: Vec::new(),
            phase: Phase::Running { until },
            reason: None,
            status: None,
            clean: true,
            around,
        })
    }

    /// Waits for one thing to happen and acts on it. False when all is over.
    async fn step(&mut self, log: &mut Log) -> bool {
        let deadline = self.deadline();
        let orders = self.around.orders;
        let no_order = self.reason.is_none() && self.status.is_none();
        let (out, err, left) = (&self.out, self.err.as_ref(), self.left.last());
        tokio::select! {
            () = out.ready(), if out.is_open() => {
                self.out.read(log, (self.around.now)());
                tokio::task::yield_now().await;
            }
            () = ready(err), if err.is_some_and(Stream::is_open) => {
                if let Some(err) = &mut self.err {
                    err.read(log, (self.around.now)());
                }
                tokio::task::yield_now().await;
            }
            _ = self.pidfd.readable(), if self.status.is_none() => self.exited(),
            () = ended(left), if left.is_some() => {
                self.left.pop();
                if self.left.is_empty() {
                    self.swept();
                }
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                self.late(log);
            }
            cause = orders.wait(), if no_order => {
                self.make_end(Reason::Order(cause), log);
            }
        }
        let over = matches!(self.phase, Phase::Draining { .. });
        let open = self.out.is_open() || self.err.as_ref().is_some_and(Stream::is_open);
        !over || open
    }

    fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Running { until } => until,
            Phase::Asked { kill_at } => Some(kill_at),
            Phase::Killed => None,
            Phase::Sweeping { kill_at } => kill_at,
            Phase::Draining { until } => Some(until),
        }
    }

    /// The deadline of the phase has come.
    fn late(&mut self, log: &mut Log) {
        match self.phase {
            Phase::Running { .. } => {
                let limit = self.around.timeout.unwrap_or(TimeDelta::ZERO);
                self.make_end(Reason::Timeout(limit), log);
            }
            Phase::Asked { .. } => {
                log.at((self.around.now)());
                log.say(
                    Level::Warning,
                    "The process did not end after TERM; it gets KILL.",
                );
                group::signal(self.group, Signal::KILL);
                self.phase = Phase::Killed;
            }
            Phase::Sweeping { .. } => {
                group::signal(self.group, Signal::KILL);
                self.phase = Phase::Sweeping { kill_at: None };
            }
            Phase::Draining { .. } => {
                let text =
                    "A process that left the group still holds the output; it is no longer read.";
                log.at((self.around.now)());
                self.clean = false;
                self.out.close(log);
                if let Some(err) = &mut self.err {
                    err.close(log);
                }
                log.say(Level::Warning, text);
            }
            Phase::Killed => {}
        }
    }

    fn make_end(&mut self, reason: Reason, log: &mut Log) {
        log.at((self.around.now)());
        let text = match reason {
            Reason::Timeout(limit) => {
                format!(
                    "The task ran longer than {} s; its processes get TERM.",
                    limit.as_secs_f64()
                )
            }
            Reason::Order(Cause::Asked) => "The task is ended on request; it gets TERM.".to_owned(),
            Reason::Order(Cause::Stopping) => "The worker stops; the task gets TERM.".to_owned(),
        };
        log.say(Level::Warning, &text);
        log.flush();
        self.reason = Some(reason);
        group::signal(self.group, Signal::TERM);
        // A stopped process acts on TERM only once it goes on.
        group::signal(self.group, Signal::CONT);
        self.phase = Phase::Asked {
            kill_at: self.grace(),
        };
    }

    fn grace(&self) -> Instant {
        Instant::now() + self.around.limits.kill_grace
    }

    /// The process itself has ended. The group gets TERM before its id is free to be used again.
    fn exited(&mut self) {
        if self.reason.is_none() {
            group::signal(self.group, Signal::TERM);
        }
        self.status = Some(sys::reap(self.group).unwrap_or_else(|_| unknown()));
        let left = group::members(self.group);
        self.left = left
            .into_iter()
            .filter_map(|fd| sys::watch(fd).ok())
            .collect();
        if self.left.is_empty() {
            self.drain();
        } else {
            self.clean = false;
            let kill_at = match self.phase {
                Phase::Asked { kill_at } => Some(kill_at),
                Phase::Running { .. } | Phase::Sweeping { .. } | Phase::Draining { .. } => {
                    Some(self.grace())
                }
                Phase::Killed => None,
            };
            self.phase = Phase::Sweeping { kill_at };
        }
    }

    /// All that were seen in the group have ended; what they forked meanwhile ends now.
    fn swept(&mut self) {
        group::signal(self.group, Signal::KILL);
        self.drain();
    }

    fn drain(&mut self) {
        let until = Instant::now() + self.around.limits.output_grace;
        self.phase = Phase::Draining { until };
    }

    fn end(mut self, process: &Process) -> Ended {
        let (status, usage) = self.status.unwrap_or_else(unknown);
        let (outcome, level, event) = match self.reason {
            Some(Reason::Timeout(limit)) => {
                let event = format!("Task timed out after {} s.", limit.as_secs_f64());
                (Outcome::TimedOut { limit }, Level::Error, event)
            }
            Some(Reason::Order(Cause::Asked)) => (
                Outcome::Killed,
                Level::Warning,
                "Task ended on request.".to_owned(),
            ),
            Some(Reason::Order(Cause::Stopping)) => {
                let message = "the worker was stopped while the task ran".to_owned();
                let event = format!("Task lost: {message}.");
                (Outcome::Lost { message }, Level::Error, event)
            }
            None => self.own_end(status, process),
        };
        Ended {
            outcome,
            usage,
            level,
            event,
            clean: self.clean && self.reason.is_none(),
        }
    }

    fn own_end(&mut self, status: ExitStatus, process: &Process) -> (Outcome, Level, String) {
        let last = match self.out.last_line(self.around.masker) {
            Err(bytes) if status.success() => {
                let message = format!(
                    "TSK-014: the last line of output has {bytes} bytes, an XCom at most {}; \
                     write it to a file, or set `do_xcom_push: false`",
                    model::limits::XCOM_BYTES_MAX
                );
                return (failed(message.clone()), Level::Error, message);
            }
            Err(_) => None,
            Ok(last) => last,
        };
        let outcome = exit::outcome(status, process, last);
        match &outcome {
            Outcome::Failed { message, .. } => {
                let message = message.clone();
                (outcome, Level::Error, message)
            }
            Outcome::Success { .. }
            | Outcome::Skipped { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Killed
            | Outcome::Removed { .. }
            | Outcome::Lost { .. } => {
                let code = status.code().unwrap_or(-1);
                (
                    outcome,
                    Level::Info,
                    format!("Command exited with return code {code}"),
                )
            }
        }
    }
}

async fn ready(stream: Option<&Stream>) {
    match stream {
        Some(stream) => stream.ready().await,
        None => std::future::pending().await,
    }
}

async fn ended(process: Option<&AsyncFd<OwnedFd>>) {
    match process {
        Some(process) => drop(process.readable().await),
        None => std::future::pending().await,
    }
}

/// The process cannot be watched, so it must not run.
fn unwatched(pid: Pid, cause: &io::Error) -> Ended {
    group::signal(pid, Signal::KILL);
    let usage = sys::reap(pid).map(|(_, usage)| usage).unwrap_or_default();
    let message = format!("TSK-013: the process cannot be watched: {cause}; see `ulimit -n`");
    Ended {
        outcome: failed(message.clone()),
        usage,
        level: Level::Error,
        event: message,
        clean: false,
    }
}
