//! Writes the log of tries that need no process: the same JSON lines as the worker's.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use model::{Json, Timestamp};
use serde_json::json;

/// One line to write.
pub(crate) struct Line<'a> {
    /// When.
    pub(crate) at: Timestamp,
    /// `info`, `warning` or `error`.
    pub(crate) level: &'a str,
    /// The text.
    pub(crate) event: String,
}

/// Adds lines to a log, making its folders where they are missing.
pub(crate) fn append(file: &Path, fields: &[(String, Json)], lines: &[Line<'_>]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let mut text = String::new();
    for Line { at, level, event } in lines {
        let mut line = json!({
            "timestamp": at.to_string(),
            "level": level,
            "event": event,
            "logger": "task",
        });
        if let Some(object) = line.as_object_mut() {
            object.extend(fields.iter().cloned());
        }
        text.push_str(&line.to_string());
        text.push('\n');
    }
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(file)?
        .write_all(text.as_bytes())
}

/// A new empty file that only the owner may read.
pub(crate) fn create(file: &Path) -> io::Result<File> {
    match fs::remove_file(file) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(file)
}
