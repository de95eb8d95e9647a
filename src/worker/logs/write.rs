//! The log file of one try.

use super::mask::Masker;
use crate::paths;
use model::{Json, Timestamp, limits::LOG_LINE_BYTES_MAX};
use std::{
    fs::File,
    io::{self, Write},
    path::{Component, Path},
    sync::Arc,
};

/// Bytes of lines that are gathered before they are written.
const GATHER_BYTES: usize = 128 * 1024;

/// Where a line comes from: upstream's `logger`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logger {
    /// The worker.
    Task,
    /// The task's standard output.
    Stdout,
    /// The task's standard error.
    Stderr,
}

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Level {
    Info,
    Warning,
    Error,
}

/// A log file that is being written.
pub struct Log {
    file: File,
    masker: Arc<Masker>,
    /// `,"dag_id":"...",...}` and the end of the line.
    tail: String,
    /// The names in it.
    tail_names: Vec<String>,
    stamp: String,
    gathered: Vec<u8>,
    written: u64,
    bytes_max: u64,
    dropped_lines: u64,
    dropped_bytes: u64,
    broken: Option<io::Error>,
}

impl Log {
    /// Opens the log at `path` below `root`, and its folders.
    ///
    /// # Errors
    /// When the path leaves `root`, or the file cannot be made.
    pub fn open(
        root: &Path,
        path: &str,
        fields: &[(String, Json)],
        masker: Arc<Masker>,
        bytes_max: u64,
    ) -> io::Result<Self> {
        let inside = |c: Component<'_>| matches!(c, Component::Normal(_));
        if path.is_empty() || !Path::new(path).components().all(inside) {
            return Err(io::Error::from(io::ErrorKind::InvalidFilename));
        }
        let path = root.join(path);
        let file = match paths::append(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                paths::make_dirs(path.parent().unwrap_or(root))?;
                paths::append(&path)?
            }
            other => other?,
        };
        let mut tail = String::new();
        for (name, value) in fields {
            tail.push(',');
            tail.push_str(&Json::from(name.as_str()).to_string());
            tail.push(':');
            tail.push_str(&value.to_string());
        }
        tail.push_str("}\n");
        Ok(Self {
            file,
            masker,
            tail,
            tail_names: fields.iter().map(|(name, _)| name.clone()).collect(),
            stamp: String::new(),
            gathered: Vec::new(),
            written: 0,
            bytes_max,
            dropped_lines: 0,
            dropped_bytes: 0,
            broken: None,
        })
    }

    /// Sets the time of the lines that follow.
    pub fn at(&mut self, now: Timestamp) {
        self.stamp = now.to_string();
    }

    /// A line of the worker's own; kept even when the limit is reached, since there are few.
    pub fn say(&mut self, level: Level, event: &str) {
        let masked = self.masker.mask_text(event);
        let mut line = Vec::with_capacity(256);
        self.render(&mut line, level, Logger::Task, &masked);
        if self.broken.is_none() {
            self.gathered.extend_from_slice(&line);
        }
    }

    /// A line of the task's output: its kept bytes and its whole length.
    pub fn line(&mut self, logger: Logger, kept: &[u8], bytes: usize) {
        if self.is_full() {
            self.dropped_lines += 1;
            self.dropped_bytes = self.dropped_bytes.saturating_add(bytes as u64 + 1);
            return;
        }
        let masker = Arc::clone(&self.masker);
        let masked = masker.mask(kept, LOG_LINE_BYTES_MAX);
        let mut event = readable(masked.trim_ascii_end());
        if bytes > LOG_LINE_BYTES_MAX {
            event.push_str(&format!(" [cut: the line has {bytes} bytes]"));
        }
        let mut gathered = std::mem::take(&mut self.gathered);
        self.render(&mut gathered, Level::Info, logger, &event);
        self.gathered = gathered;
        if self.gathered.len() >= GATHER_BYTES {
            self.flush();
        }
    }

    /// Whether further output is only counted.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.broken.is_some() || self.written + self.gathered.len() as u64 >= self.bytes_max
    }

    /// Writes what was gathered.
    pub fn flush(&mut self) {
        if self.gathered.is_empty() {
            return;
        }
        let result = self.file.write_all(&self.gathered);
        match result {
            Ok(()) => self.written += self.gathered.len() as u64,
            Err(error) => {
                // Half a line would make the file unreadable, so it ends where it was whole.
                let _ = self.cut_back();
                self.dropped_bytes += self.gathered.len() as u64;
                self.dropped_lines += memchr::memchr_iter(b'\n', &self.gathered).count() as u64;
                self.broken = Some(error);
            }
        }
        self.gathered.clear();
        self.gathered.shrink_to(4 * 1024);
    }

    /// The last lines: what was dropped, and `event`.
    pub fn finish(mut self, now: Timestamp, level: Level, event: &str) {
        self.tell_dropped(now);
        self.say(level, event);
        self.flush();
    }

    /// The last line, if something was dropped.
    pub fn end(mut self, now: Timestamp) {
        self.tell_dropped(now);
        self.flush();
    }

    /// Hides what this masker knows from now on.
    pub fn hide(&mut self, masker: Arc<Masker>) {
        self.masker = masker;
    }

    /// A record that upstream's logging made: one JSON object, its kept bytes and its whole length.
    /// Its fields go through, with the try's own after them.
    pub fn record(&mut self, kept: &[u8], bytes: usize) {
        let record = serde_json::from_slice(kept)
            .ok()
            .filter(|_| kept.len() == bytes);
        let Some(Json::Object(mut record)) = record else {
            // Upstream's logging was bypassed, or the record is too long: it is shown as text.
            return self.line(Logger::Task, kept, bytes);
        };
        if self.is_full() {
            self.dropped_lines += 1;
            self.dropped_bytes = self.dropped_bytes.saturating_add(bytes as u64 + 1);
            return;
        }
        let masker = Arc::clone(&self.masker);
        let mut take = |name: &str, default: &str| match record.shift_remove(name) {
            Some(Json::String(text)) => text,
            Some(other) => other.to_string(),
            None => default.to_owned(),
        };
        let stamp = take("timestamp", &self.stamp);
        let (level, event) = (take("level", "info"), take("event", ""));
        let logger = take("logger", "task");
        let event = masker.mask(event.as_bytes(), LOG_LINE_BYTES_MAX);
        let line = &mut self.gathered;
        let quoted = |text: &str| Json::from(text).to_string();
        line.extend_from_slice(br#"{"timestamp":"#);
        line.extend_from_slice(quoted(&stamp).as_bytes());
        line.extend_from_slice(br#","level":"#);
        line.extend_from_slice(quoted(&level).as_bytes());
        line.extend_from_slice(br#","event":"#);
        line.extend_from_slice(quoted(&readable(&event)).as_bytes());
        line.extend_from_slice(br#","logger":"#);
        line.extend_from_slice(quoted(&logger).as_bytes());
        for (name, mut value) in record {
            // As upstream's supervisor has it in its files, and its UI looks for it.
            let name = if name == "exception" {
                "error_detail".to_owned()
            } else {
                name
            };
            if self.tail_names.contains(&name) {
                continue;
            }
            mask_json(&mut value, &masker);
            let value = value.to_string();
            // The event is what counts; what would make the line too long is left out.
            if value.len() <= LOG_LINE_BYTES_MAX {
                line.push(b',');
                line.extend_from_slice(quoted(&name).as_bytes());
                line.push(b':');
                line.extend_from_slice(value.as_bytes());
            }
        }
        line.extend_from_slice(self.tail.as_bytes());
        if self.gathered.len() >= GATHER_BYTES {
            self.flush();
        }
    }

    fn tell_dropped(&mut self, now: Timestamp) {
        self.flush();
        self.at(now);
        let broken = self.broken.take();
        if self.dropped_lines > 0 {
            let (lines, bytes) = (self.dropped_lines, self.dropped_bytes);
            let why = match &broken {
                Some(error) => format!("it cannot be written: {error}"),
                None => format!("it has reached {} bytes", self.bytes_max),
            };
            let text = format!("Log cut: {lines} lines ({bytes} bytes) were dropped, since {why}");
            self.say(Level::Warning, &text);
        }
    }

    fn cut_back(&self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let whole = last_line_end(&self.file, length)?;
        if whole < length {
            self.file.set_len(whole)
        } else {
            Ok(())
        }
    }

    fn render(&self, out: &mut Vec<u8>, level: Level, logger: Logger, event: &str) {
        let level = match level {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        };
        let logger = match logger {
            Logger::Task => "task",
            Logger::Stdout => "task.stdout",
            Logger::Stderr => "task.stderr",
        };
        // Writing into memory does not fail.
        let _ = write!(
            out,
            r#"{{"timestamp":"{}","level":"{level}","event":"#,
            self.stamp
        );
        let _ = serde_json::to_writer(&mut *out, event);
        let _ = write!(out, r#","logger":"{logger}"{}"#, self.tail);
    }
}

fn mask_json(value: &mut Json, masker: &Masker) {
    match value {
        Json::String(text) => *text = masker.mask_text(text),
        Json::Array(items) => items.iter_mut().for_each(|item| mask_json(item, masker)),
        Json::Object(map) => map
            .iter_mut()
            .for_each(|(_, value)| mask_json(value, masker)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// Bytes as text; what is no UTF-8 is shown as `\xNN`, as upstream's `backslashreplace` does.
#[must_use]
pub fn readable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// Where the last whole line ends. Reads back from the end, in a file opened a second time since
/// the log's own is for appending only.
fn last_line_end(file: &File, length: u64) -> io::Result<u64> {
    use std::os::{fd::AsRawFd, unix::fs::FileExt};
    let again = File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
    let mut end = length;
    let mut block = [0; 4096];
    while end > 0 {
        let size = end.min(4096);
        let start = end - size;
        let part = block
            .get_mut(..usize::try_from(size).unwrap_or(0))
            .unwrap_or_default();
        again.read_exact_at(part, start)?;
        if let Some(at) = memchr::memrchr(b'\n', part) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
