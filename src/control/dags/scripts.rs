//! Python files: which of them could say dags, and which of those have to be read (again).
//!
//! A file is read again when its content changes, or the runtime, or any Python file of the folder
//! that says no dags itself: it may be imported. All of that is in the hash that the file's row
//! has, so that what is unchanged costs nothing over a restart either.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use model::{
    Timestamp,
    change::{DagFile, ImportError},
    command::PublishFile,
    limits::{DAG_FILE_BYTES_MAX, DAG_PARSES_MAX, DAG_ZIP_BYTES_MAX},
    work::PythonRuntime,
};
use sha2::{Digest, Sha256};

use super::{
    Scanner,
    read::ReadFile,
    walk::{Found, Stamp, stamp},
};
use crate::logs::path::hex;

/// What is known of the Python files beside their rows.
#[derive(Default)]
pub(crate) struct Scripts {
    seen: BTreeMap<String, Script>,
    waiting: VecDeque<String>,
    /// Those that are being read, with the hash that they had.
    reading: HashMap<String, String>,
    has_looked: bool,
    /// Something was published or is gone: a file that another one kept out may be taken now.
    recheck: bool,
}

struct Script {
    stamp: Stamp,
    /// Of its bytes.
    content: String,
    kind: Kind,
    /// Of all that its dags depend on; empty where it says none.
    hash: String,
}

/// A file as it was when it was read.
pub(super) struct WasRead {
    pub(super) stamp: Stamp,
    pub(super) hash: String,
    /// Of its bytes, unless it has changed since.
    pub(super) content: Option<String>,
}

enum Kind {
    /// It could say dags.
    Dags,
    /// It says none; others may import it.
    Helper,
    /// Nobody can tell.
    Unreadable(ImportError),
}

impl Scripts {
    pub(super) fn n_open(&self) -> usize {
        self.waiting.len() + self.reading.len()
    }

    pub(super) fn n_dag_files(&self) -> usize {
        let all = self.seen.values();
        all.filter(|script| matches!(script.kind, Kind::Dags))
            .count()
    }

    /// The next file to read, with its stamp; none while enough are being read.
    pub(super) fn next(&mut self) -> Option<String> {
        while self.reading.len() < DAG_PARSES_MAX {
            let path = self.waiting.pop_front()?;
            if let Some(script) = self.seen.get(&path) {
                self.reading.insert(path.clone(), script.hash.clone());
                return Some(path);
            }
        }
        None
    }

    /// A file was read: what it was then; none when nobody wants it any more.
    pub(super) fn end(&mut self, path: &str) -> Option<WasRead> {
        let hash = self.reading.remove(path)?;
        let script = self.seen.get(path)?;
        let is_same = script.hash == hash;
        if !is_same {
            self.waiting.push_back(path.to_owned());
        }
        Some(WasRead {
            stamp: script.stamp,
            hash,
            content: is_same.then(|| script.content.clone()),
        })
    }

    /// Has files that another one kept out read again, when the others are done.
    pub(super) fn recheck(&mut self) {
        self.recheck = true;
    }

    fn want(&mut self, path: &str) {
        // One that is being read is looked at again when that ends.
        if !self.reading.contains_key(path) && !self.waiting.iter().any(|other| other == path) {
            self.waiting.push_back(path.to_owned());
        }
    }

    /// Works out what each file's dags depend on.
    fn hash(&mut self, runtime: &PythonRuntime) {
        let mut helpers = Sha256::new();
        let is_helper = |(_, script): &(&String, &Script)| matches!(script.kind, Kind::Helper);
        for (path, script) in self.seen.iter().filter(is_helper) {
            helpers.update(path.as_bytes());
            helpers.update([0]);
            helpers.update(script.content.as_bytes());
        }
        let helpers = helpers.finalize();
        for script in self.seen.values_mut() {
            let mut hash = Sha256::new();
            for part in [&script.content, &runtime.folder, &runtime.epoch] {
                hash.update(part.as_bytes());
                hash.update([0]);
            }
            hash.update(helpers);
            script.hash = hex(&hash.finalize());
        }
    }
}

impl Scanner {
    /// Looks at the Python files, and has those read whose dags may have changed.
    pub(super) fn look_at_scripts(&mut self, found: &Found, written: &HashSet<PathBuf>) {
        let Some((runtime, _)) = self.reads_python() else {
            return;
        };
        self.scripts
            .seen
            .retain(|path, _| found.python.contains_key(path));
        for (path, stamp) in &found.python {
            let is_closed = written.contains(&self.root.join(path));
            let seen = self.scripts.seen.get(path);
            if !is_closed && seen.is_some_and(|script| script.stamp == *stamp) {
                continue;
            }
            if !is_closed && self.is_young(*stamp) {
                self.known.soon = true;
                continue;
            }
            let script = read(&self.root.join(path), *stamp, self.clock.now());
            self.scripts.seen.insert(path.clone(), script);
        }
        self.scripts.hash(&runtime);
        self.sort_scripts(written);
        self.scripts.has_looked = true;
        self.want_refused();
        self.start_parses();
    }

    /// Has those read again that another file kept out: that one may have let go of their dags.
    pub(super) fn want_refused(&mut self) {
        if self.scripts.n_open() > 0 || !std::mem::take(&mut self.scripts.recheck) {
            return;
        }
        let known = self
            .known
            .by_path
            .iter()
            .filter(|(_, known)| known.is_refused);
        for (path, _) in known {
            if self.scripts.seen.contains_key(path) {
                self.scripts.want(path);
            }
        }
    }

    fn sort_scripts(&mut self, written: &HashSet<PathBuf>) {
        let (mut wanted, mut gone, mut broken) = (Vec::new(), Vec::new(), Vec::new());
        for (path, script) in &self.scripts.seen {
            let known = self.known.by_path.get(path);
            let is_same = known.is_some_and(|known| known.hash == script.hash);
            // What was wrong may have been outside of the file.
            let is_tried = self.scripts.has_looked && !written.contains(&self.root.join(path));
            let try_again = known.is_some_and(|known| known.has_error) && !is_tried;
            match &script.kind {
                Kind::Dags if !is_same || try_again => wanted.push(path.clone()),
                Kind::Helper if known.is_some() => gone.push(path.clone()),
                Kind::Unreadable(error) if !is_same => {
                    broken.push(unreadable(path, script, error.clone()));
                }
                Kind::Dags | Kind::Helper | Kind::Unreadable(_) => {}
            }
        }
        for path in wanted {
            self.scripts.want(&path);
        }
        self.remove(gone);
        self.publish(broken);
    }
}

fn unreadable(path: &str, script: &Script, error: ImportError) -> ReadFile {
    let file = DagFile {
        path: path.to_owned(),
        hash: script.hash.clone(),
        stamp: script.stamp,
        dags: Vec::new(),
        warnings: Vec::new(),
        error: Some(error),
    };
    ReadFile {
        publish: PublishFile {
            file,
            dags: Vec::new(),
        },
        includes: Vec::new(),
    }
}

fn read(file: &Path, seen: Stamp, at: Timestamp) -> Script {
    let wrong = |code: &str, message: String| {
        Kind::Unreadable(ImportError {
            at,
            code: code.to_owned(),
            message,
            line: None,
            column: None,
        })
    };
    let is_zip = file.extension().is_some_and(|ending| ending == "zip");
    let limit = if is_zip {
        DAG_ZIP_BYTES_MAX
    } else {
        DAG_FILE_BYTES_MAX
    };
    let (stamp, content, kind) = match read_bytes(file, limit) {
        Err(e) => {
            let kind = wrong("CTL-009", format!("the file cannot be read: {e}"));
            (seen, e.to_string(), kind)
        }
        Ok((stamp, bytes)) if bytes.len() as u64 > limit => {
            let message = format!("the file has more than {} MiB: split it", limit >> 20);
            (stamp, stamp.0.to_string(), wrong("CTL-007", message))
        }
        Ok((stamp, bytes)) => {
            let says_dags = if dagfile::is_zip(&bytes) {
                // What is wrong with an archive is for Python to tell.
                dagfile::zip_dag_files(&bytes).map_or(true, |files| !files.is_empty())
            } else {
                !is_zip && dagfile::might_contain_dag(&bytes)
            };
            let kind = if says_dags { Kind::Dags } else { Kind::Helper };
            (stamp, hex(&Sha256::digest(&bytes)), kind)
        }
    };
    Script {
        stamp,
        content,
        kind,
        hash: String::new(),
    }
}

/// The stamp is older than the content or as old: a change in between is read again.
pub(super) fn read_bytes(file: &Path, limit: u64) -> io::Result<(Stamp, Vec<u8>)> {
    let open = File::open(file)?;
    let stamp = stamp(&open.metadata()?);
    let mut bytes = Vec::new();
    open.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((stamp, bytes))
}
