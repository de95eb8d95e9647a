//! What a child prints and logs.

use crate::logs::{
    lines::Lines,
    mask::Masker,
    write::{Log, Logger},
};
use model::limits::{LOG_LINE_BYTES_MAX, PYTHON_LOG_RECORD_BYTES_MAX, PYTHON_TAIL_BYTES_MAX};
use std::{io, os::fd::OwnedFd};
use tokio::net::UnixStream;

/// Bytes of one read.
const READ_BYTES: usize = 32 * 1024;
/// How many bytes a secret across the cut of a line may have.
const OVERLAP_BYTES: usize = 16 * 1024;

/// What a stream carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Raw lines of standard output.
    Stdout,
    /// Raw lines of standard error.
    Stderr,
    /// Records, one JSON object a line.
    Logs,
}

/// One of a child's streams that we only read.
pub struct Stream {
    socket: Option<UnixStream>,
    kind: Kind,
    lines: Lines,
}

/// Where lines go.
pub struct Sink {
    /// The log, where there is one.
    pub log: Option<Log>,
    /// The end of standard error.
    pub tail: Vec<u8>,
}

impl Stream {
    /// A stream and the child's end of it.
    ///
    /// # Errors
    /// When there is no room for another.
    pub fn open(kind: Kind) -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let keep = match kind {
            Kind::Stdout | Kind::Stderr => LOG_LINE_BYTES_MAX + OVERLAP_BYTES,
            Kind::Logs => PYTHON_LOG_RECORD_BYTES_MAX,
        };
        let stream = Self {
            socket: Some(UnixStream::from_std(ours)?),
            kind,
            lines: Lines::new(keep),
        };
        Ok((stream, theirs.into()))
    }

    /// Whether more may come.
    pub const fn is_open(&self) -> bool {
        self.socket.is_some()
    }

    /// Whether there is something to read, or its end.
    pub fn poll_ready(&self, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        self.socket
            .as_ref()
            .map_or(std::task::Poll::Pending, |socket| {
                socket.poll_read_ready(cx).map(drop)
            })
    }

    /// Takes one read. False when there is nothing now.
    pub fn read(&mut self, sink: &mut Sink) -> bool {
        let Some(socket) = &self.socket else {
            return false;
        };
        let mut block = [0; READ_BYTES];
        match socket.try_read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Ok(0) | Err(_) => self.close(sink),
            Ok(got) => {
                let kind = self.kind;
                let part = block.get(..got).unwrap_or_default();
                self.lines
                    .feed(part, |line, bytes| sink.line(kind, line, bytes));
            }
        }
        sink.flush();
        true
    }

    /// Reads no more: what is left of a line is a line.
    pub fn close(&mut self, sink: &mut Sink) {
        self.socket = None;
        let kind = self.kind;
        self.lines
            .finish(|line, bytes| sink.line(kind, line, bytes));
    }
}

impl Sink {
    fn line(&mut self, kind: Kind, line: &[u8], bytes: usize) {
        if kind == Kind::Stderr {
            self.tail.extend_from_slice(line);
            self.tail.push(b'\n');
            let excess = self.tail.len().saturating_sub(2 * PYTHON_TAIL_BYTES_MAX);
            if excess > 0 {
                let cut = self.tail.len().saturating_sub(PYTHON_TAIL_BYTES_MAX);
                self.tail.drain(..cut);
            }
        }
        let Some(log) = &mut self.log else { return };
        match kind {
            Kind::Stdout => log.line(Logger::Stdout, line, bytes),
            Kind::Stderr => log.line(Logger::Stderr, line, bytes),
            Kind::Logs => log.record(line, bytes),
        }
    }

    /// Writes what was gathered.
    pub fn flush(&mut self) {
        if let Some(log) = &mut self.log {
            log.flush();
        }
    }

    /// The end of standard error, masked.
    pub fn tail(&self, masker: &Masker) -> String {
        let cut = self.tail.len().saturating_sub(PYTHON_TAIL_BYTES_MAX);
        let end = self.tail.get(cut..).unwrap_or_default();
        crate::logs::write::readable(&masker.mask(end, end.len()))
    }
}
