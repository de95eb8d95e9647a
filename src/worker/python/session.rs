//! One session, from its fork to the last word of its streams.

use super::{
    child::Child,
    open::tell_end,
    requests::Requests,
    streams::{self, Sink, Stream},
    told::Order,
    zygote::End,
};
use crate::{
    logs::{mask::Masker, write::Level},
    process::kill::{Cause, Orders},
    serve::Shared,
    wire::{self, Ended, Exit, Reply, Status},
};
use rustix::process::Signal;
use std::{
    os::fd::OwnedFd,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until},
};

/// Reads of one stream in a row once the process has ended: what it had written is in the sockets,
/// and those are small.
const LAST_READS_MAX: usize = 64;

/// What a session is for.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A try.
    Try { key: wire::Key },
    /// What one server wants for itself.
    Other,
}

/// What is to be done when time is up.
#[derive(Clone, Copy)]
enum Due {
    /// It took longer than it may.
    Timeout { limit_us: i64 },
    /// It was to end after its last word.
    Overtime,
    /// TERM was not enough.
    Kill,
    /// Nobody is expected to print any more.
    Cleanup,
}

/// An open session.
pub struct Session<'a> {
    shared: &'a Arc<Shared>,
    id: u64,
    kind: Kind,
    child: Child,
    requests: Requests,
    streams: Vec<Stream>,
    sink: Sink,
    masker: Arc<Masker>,
    due: Option<(Instant, Due)>,
    cause: Option<Ended>,
    exited: bool,
    waiting: usize,
}

enum Ready {
    Requests,
    Stream(usize),
}

impl<'a> Session<'a> {
    pub fn new(
        shared: &'a Arc<Shared>,
        id: u64,
        kind: Kind,
        child: Child,
        requests: Requests,
        streams: Vec<Stream>,
        sink: Sink,
    ) -> Self {
        Self {
            shared,
            id,
            kind,
            child,
            requests,
            streams,
            sink,
            masker: Arc::default(),
            due: None,
            cause: None,
            exited: false,
            waiting: 0,
        }
    }

    /// Runs it to its end.
    pub async fn run(
        mut self,
        mut secrets: Vec<String>,
        timeout: Option<(Duration, Duration)>,
        orders: &Orders,
        mut downs: UnboundedReceiver<Order>,
    ) {
        self.masker = Arc::new(Masker::new(&secrets));
        if let Some((said, real)) = timeout {
            let limit_us = i64::try_from(said.as_micros()).unwrap_or(i64::MAX);
            self.due = Some((Instant::now() + real, Due::Timeout { limit_us }));
        }
        let mut heard = true;
        while !self.exited || self.streams.iter().any(Stream::is_open) {
            let at = self.due.map(|(at, _)| at);
            let free = self.cause.is_none() && !self.exited;
            let (requests, streams) = (&self.requests, &self.streams);
            tokio::select! {
                biased;
                order = downs.recv(), if heard => match order {
                    Some(order) => self.obey(order, &mut secrets),
                    None => heard = false,
                },
                cause = orders.wait(), if free => self.end(match cause {
                    Cause::Asked => Ended::Asked,
                    Cause::Stopping => Ended::Stopping,
                }),
                () = sleep_until(at.unwrap_or_else(Instant::now)), if at.is_some() => self.late(),
                end = self.child.ended(), if !self.exited => self.ended(end),
                ready = ready(requests, streams) => {
                    self.read(&ready);
                    tokio::task::yield_now().await;
                }
            }
        }
        let now = self.shared.now();
        if let Some(log) = self.sink.log.take() {
            log.end(now);
        }
    }

    fn read(&mut self, ready: &Ready) {
        self.stamp();
        match ready {
            Ready::Requests => {
                self.requests.write();
                self.hear();
            }
            Ready::Stream(at) => {
                if let Some(stream) = self.streams.get_mut(*at) {
                    stream.read(&mut self.sink);
                }
            }
        }
    }

    fn stamp(&mut self) {
        if let Some(log) = &mut self.sink.log {
            log.at(self.shared.now());
        }
    }

    /// Takes one read of requests. False when there is nothing now.
    fn hear(&mut self) -> bool {
        match self.requests.read(self.waiting) {
            Ok(None) => false,
            Ok(Some(frames)) => {
                for frame in frames {
                    self.waiting = self.shared.table().frame(self.id, frame);
                }
                self.shared.outgoing.notify_one();
                true
            }
            Err(wrong) => {
                self.requests.close();
                self.end(Ended::Broken(wrong));
                false
            }
        }
    }

    fn obey(&mut self, order: Order, secrets: &mut Vec<String>) {
        match order {
            Order::Reply(reply) => self.reply(reply, secrets),
            Order::Tell(bytes) => self.requests.push(&bytes, None),
            Order::End(cause) => self.end(cause),
        }
    }

    fn reply(&mut self, reply: Reply, secrets: &mut Vec<String>) {
        self.waiting = self.waiting.saturating_sub(1);
        if !reply.secrets.is_empty() {
            secrets.extend(reply.secrets);
            self.masker = Arc::new(Masker::new(secrets));
            if let Some(log) = &mut self.sink.log {
                log.hide(Arc::clone(&self.masker));
            }
        }
        if reply.overtime && self.cause.is_none() {
            let at = Instant::now() + self.shared.limits.success_overtime;
            self.due = Some((at, Due::Overtime));
        }
        let fd = reply.log_fd.then(|| self.log_again()).flatten();
        // What an evaluator says is an answer itself, and only acknowledged.
        if !reply.bytes.is_empty() {
            self.requests.push(&reply.bytes, fd);
        }
    }

    /// The logging stream once more; the old one is read until the child lets go of it.
    fn log_again(&mut self) -> Option<OwnedFd> {
        let (stream, fd) = Stream::open(streams::Kind::Logs).ok()?;
        self.streams.retain(Stream::is_open);
        self.streams.push(stream);
        Some(fd)
    }

    /// Makes it end: TERM, on which upstream calls the operator's `on_kill`, then KILL. (Upstream's
    /// INT is only for a person at a terminal, and would end the process before `on_kill`.)
    fn end(&mut self, cause: Ended) {
        if self.cause.is_some() || self.exited {
            return;
        }
        self.stamp();
        if let Some(log) = &mut self.sink.log {
            let text = match &cause {
                Ended::Asked => "The task is ended on request; it gets TERM.",
                Ended::Stopping => "The worker stops; the task gets TERM.",
                Ended::TimedOut { .. } => "The task ran longer than its limit; it gets TERM.",
                Ended::Overtime => "The task had ended and its process goes on; it gets TERM.",
                Ended::Broken(what) => what,
            };
            log.say(Level::Warning, text);
            log.flush();
        }
        self.cause = Some(cause);
        self.child.signal(Signal::TERM);
        // A stopped process acts on TERM only once it goes on.
        self.child.signal(Signal::CONT);
        self.due = Some((Instant::now() + self.shared.limits.kill_grace, Due::Kill));
    }

    fn late(&mut self) {
        let Some((_, due)) = self.due.take() else {
            return;
        };
        match due {
            Due::Timeout { limit_us } => self.end(Ended::TimedOut { limit_us }),
            Due::Overtime => self.end(Ended::Overtime),
            Due::Kill => self.child.signal(Signal::KILL),
            Due::Cleanup => {
                self.stamp();
                for stream in &mut self.streams {
                    stream.close(&mut self.sink);
                }
                if let Some(log) = &mut self.sink.log {
                    let text = "A process that the task left behind still holds its output; it is \
                                no longer read.";
                    log.say(Level::Warning, text);
                }
            }
        }
    }

    /// Its process has ended. What it said counts first; what others of it print is read a while.
    fn ended(&mut self, (status, usage): End) {
        self.exited = true;
        self.stamp();
        while self.hear() {}
        self.requests.close();
        for stream in &mut self.streams {
            (0..LAST_READS_MAX).find(|_| !stream.read(&mut self.sink));
        }
        if self.cause.is_some() || matches!(self.kind, Kind::Other) {
            self.child.signal(Signal::KILL);
        }
        let cause = self.cause.take().map(|cause| match cause {
            Ended::Broken(what) => Ended::Broken(self.masker.mask_text(&what)),
            same @ (Ended::Asked | Ended::Stopping | Ended::TimedOut { .. } | Ended::Overtime) => {
                same
            }
        });
        let well = status == Status::Code(0) && cause.is_none();
        if let Some(log) = &mut self.sink.log {
            let text = match status {
                Status::Code(code) => format!("Process exited with return code {code}"),
                Status::Signal(signal) => format!("Process was ended by signal {signal}"),
                Status::Unknown | Status::None => "Process has ended".to_owned(),
            };
            log.say(if well { Level::Info } else { Level::Warning }, &text);
            log.flush();
        }
        let exit = Exit {
            status,
            usage,
            cause,
            tail: if well {
                String::new()
            } else {
                self.sink.tail(&self.masker)
            },
        };
        tell_end(self.shared, self.id, self.kind, exit);
        self.due = Some((
            Instant::now() + self.shared.limits.socket_cleanup,
            Due::Cleanup,
        ));
    }
}

async fn ready(requests: &Requests, streams: &[Stream]) -> Ready {
    std::future::poll_fn(|cx: &mut Context<'_>| {
        if requests.poll_ready(cx).is_ready() {
            return Poll::Ready(Ready::Requests);
        }
        for (at, stream) in streams.iter().enumerate() {
            if stream.poll_ready(cx).is_ready() {
                return Poll::Ready(Ready::Stream(at));
            }
        }
        Poll::Pending
    })
    .await
}
