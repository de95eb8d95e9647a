//! Captures what a process prints.

use super::sys;
use crate::logs::{
    lines::Lines,
    mask::Masker,
    write::{Log, Logger, readable},
};
use model::{
    Timestamp,
    limits::{LOG_LINE_BYTES_MAX, XCOM_BYTES_MAX},
};
use std::io::{self, PipeReader, Read};
use tokio::io::{Interest, unix::AsyncFd};

/// Bytes of one read while lines are written, and when they are only counted. Small enough that
/// others have their turn within a few milliseconds.
const READ_BYTES: usize = 16 * 1024;
const READ_BYTES_FULL: usize = 64 * 1024;

/// One of a process's streams.
pub struct Stream {
    pipe: Option<AsyncFd<PipeReader>>,
    logger: Logger,
    lines: Lines,
    /// The last line, where it is the return value, and its whole length.
    last: Option<(Vec<u8>, usize)>,
}

impl Stream {
    /// Reads from `pipe`, which must not block.
    ///
    /// # Errors
    /// When it cannot be watched.
    pub fn new(
        pipe: PipeReader,
        logger: Logger,
        masker: &Masker,
        keep_last: bool,
    ) -> io::Result<Self> {
        let mut keep = LOG_LINE_BYTES_MAX;
        if keep_last {
            keep = keep.max(XCOM_BYTES_MAX);
        }
        Ok(Self {
            pipe: Some(sys::watch(pipe)?),
            logger,
            lines: Lines::new(keep.saturating_add(masker.overlap())),
            last: keep_last.then(|| (Vec::new(), 0)),
        })
    }

    /// Whether more may come.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Waits until there is output, or its end.
    pub async fn ready(&self) {
        match &self.pipe {
            // An error is found again by the read that follows.
            Some(pipe) => drop(pipe.readable().await),
            None => std::future::pending().await,
        }
    }

    /// Takes one read of output, if there is any.
    pub fn read(&mut self, log: &mut Log, now: Timestamp) {
        let Some(pipe) = &self.pipe else {
            return;
        };
        let mut block = [0; READ_BYTES_FULL];
        let size = if log.is_full() {
            READ_BYTES_FULL
        } else {
            READ_BYTES
        };
        let room = block.get_mut(..size).unwrap_or_default();
        match pipe.try_io(Interest::READABLE, |pipe| (&*pipe).read(room)) {
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) => {}
            Ok(0) | Err(_) => self.close(log),
            Ok(got) => {
                log.at(now);
                self.take(block.get(..got).unwrap_or_default(), log);
                log.flush();
            }
        }
    }

    /// Reads no more: what is left of a line is a line.
    pub fn close(&mut self, log: &mut Log) {
        self.pipe = None;
        let (logger, last) = (self.logger, &mut self.last);
        self.lines.finish(|line, bytes| {
            log.line(logger, line, bytes);
            if let Some(last) = last {
                *last = (line.to_vec(), bytes);
            }
        });
        log.flush();
    }

    /// The last line, masked, without blanks at its end. An error says how long it is when it is
    /// too long to be kept.
    pub fn last_line(&mut self, masker: &Masker) -> Result<Option<String>, usize> {
        let Some((line, bytes)) = self.last.take() else {
            return Ok(None);
        };
        if bytes > XCOM_BYTES_MAX {
            return Err(bytes);
        }
        let masked = masker.mask(&line, line.len());
        Ok(Some(readable(&masked).trim_end().to_owned()))
    }

    fn take(&mut self, chunk: &[u8], log: &mut Log) {
        let (logger, last) = (self.logger, &mut self.last);
        // Only the last line of a read can be the last of all: the others need no copy.
        let mut left = memchr::memchr_iter(b'\n', chunk).count();
        self.lines.feed(chunk, |line, bytes| {
            log.line(logger, line, bytes);
            left = left.saturating_sub(1);
            if left == 0
                && let Some((text, whole)) = last
            {
                text.clear();
                text.extend_from_slice(line);
                *whole = bytes;
            }
        });
    }
}
