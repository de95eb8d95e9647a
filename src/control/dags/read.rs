//! Reads one dag file: its bytes become a command that publishes its dags, or its error.

use std::{
    cell::RefCell,
    fs::{self, File},
    io::{self, Read},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use model::{
    Timestamp,
    change::{DagFile, ImportError},
    command::{PublishDag, PublishFile},
    limits::DAG_FILE_BYTES_MAX,
};
use sha2::{Digest, Sha256};

use super::walk::{Stamp, stamp};
use crate::logs::path::hex;

/// A file that was read.
pub(super) struct ReadFile {
    pub(super) publish: PublishFile,
    /// The files that it takes in, with their stamps; none for one that is missing.
    pub(super) includes: Vec<(PathBuf, Option<Stamp>)>,
}

/// Marks a row whose file takes in others: its own stamp does not tell whether they changed, so it
/// is read again at each start.
pub(super) const INODE_WITH_INCLUDES: u64 = u64::MAX;

/// Reads and imports a file. Nothing here fails: what is wrong becomes the file's import error.
pub(super) fn read(root: &Path, path: &str, at: Timestamp) -> ReadFile {
    let since = Instant::now();
    let file = root.join(path);
    let mut on_disk = (0, 0, 0);
    let mut hash = Sha256::new();
    let taken_in = RefCell::new(Vec::new());
    let result = read_text(&file, &mut on_disk).and_then(|text| {
        hash.update(text.as_bytes());
        let take_in = |name: &str| {
            let (place, text) = include(root, &file, name);
            taken_in
                .borrow_mut()
                .push((name.to_owned(), place, text.clone()));
            text
        };
        import(&text, path, &take_in)
    });
    let mut includes = Vec::new();
    for (name, place, text) in taken_in.into_inner() {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(text.unwrap_or_default().as_bytes());
        includes.push(place);
    }
    if !includes.is_empty() {
        on_disk.2 = INODE_WITH_INCLUDES;
    }
    let parse_us = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (dags, error) = match result {
        Ok(dagfile::Imported {
            dag,
            source,
            hash,
            warnings,
        }) => {
            for warning in warnings {
                tracing::warn!(target: "control", path, line = warning.line, "{warning}");
            }
            let dag = Arc::new(dag);
            (
                vec![PublishDag {
                    dag,
                    source,
                    hash,
                    parse_us,
                }],
                None,
            )
        }
        Err(error) => (Vec::new(), Some(ImportError { at, ..error })),
    };
    let hash = hex(&hash.finalize());
    let row = DagFile {
        path: path.to_owned(),
        hash,
        stamp: on_disk,
        dags: Vec::new(),
        warnings: Vec::new(),
        error,
    };
    ReadFile {
        publish: PublishFile { file: row, dags },
        includes,
    }
}

fn import(
    text: &str,
    path: &str,
    files: &dyn Fn(&str) -> Result<String, String>,
) -> Result<dagfile::Imported, ImportError> {
    let import = || dagfile::import(text, path, files);
    match catch_unwind(AssertUnwindSafe(import)) {
        Ok(result) => result.map_err(|e| {
            let dagfile::ImportError {
                code,
                message,
                line,
                column,
            } = e;
            let at = Timestamp::default();
            ImportError {
                at,
                code: code.to_owned(),
                message,
                line,
                column,
            }
        }),
        Err(_) => Err(plain(
            "CTL-010",
            "the importer broke on this file".to_owned(),
        )),
    }
}

fn plain(code: &str, message: String) -> ImportError {
    let at = Timestamp::default();
    ImportError {
        at,
        code: code.to_owned(),
        message,
        line: None,
        column: None,
    }
}

fn read_text(file: &Path, on_disk: &mut Stamp) -> Result<String, ImportError> {
    let unreadable = |e: io::Error| plain("CTL-009", format!("the file cannot be read: {e}"));
    let mut open = File::open(file).map_err(unreadable)?;
    // The stamp is older than the content or as old: a change in between is read again.
    *on_disk = stamp(&open.metadata().map_err(unreadable)?);
    let mut bytes = Vec::new();
    open.by_ref()
        .take(DAG_FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > DAG_FILE_BYTES_MAX {
        let limit = DAG_FILE_BYTES_MAX >> 20;
        let message = format!("the file has more than {limit} MiB: split it");
        return Err(plain("CTL-007", message));
    }
    let text = String::from_utf8(bytes).map_err(|e| not_text(e.utf8_error().valid_up_to()))?;
    match text.bytes().position(|byte| byte == 0) {
        Some(at) => Err(not_text(at)),
        None => Ok(text),
    }
}

fn not_text(at: usize) -> ImportError {
    plain(
        "CTL-008",
        format!("the file is not text in UTF-8: byte {at} is none of it"),
    )
}

type Place = (PathBuf, Option<Stamp>);

/// The text of a file beside the dag, which must be in the dag folder.
fn include(root: &Path, dag_file: &Path, name: &str) -> (Place, Result<String, String>) {
    let folder = dag_file.parent().unwrap_or(root);
    let mut place = PathBuf::new();
    for part in folder.join(name).components() {
        match part {
            Component::ParentDir => {
                place.pop();
            }
            Component::CurDir => {}
            Component::RootDir | Component::Normal(_) | Component::Prefix(_) => place.push(part),
        }
    }
    if !place.starts_with(root) {
        return (
            (place, None),
            Err(format!("`{name}` is outside of the dag folder")),
        );
    }
    match contained(root, &place) {
        Ok((text, stamp)) => ((place, Some(stamp)), Ok(text)),
        Err(message) => ((place, None), Err(format!("`{name}` {message}"))),
    }
}

fn contained(root: &Path, place: &Path) -> Result<(String, Stamp), String> {
    let words = |e: io::Error| format!("cannot be read: {e}");
    let real = fs::canonicalize(place).map_err(words)?;
    if !real.starts_with(fs::canonicalize(root).map_err(words)?) {
        return Err("is a link that leads out of the dag folder".to_owned());
    }
    let mut on_disk = (0, 0, 0);
    match read_text(&real, &mut on_disk) {
        Ok(text) => Ok((text, on_disk)),
        Err(e) => Err(e.message),
    }
}
