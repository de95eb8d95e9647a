//! Brings the book in line with the folder: what is new or changed is read and published, what is
//! gone is removed. Done twice, the second time changes nothing.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use model::change::DagFile;

use super::{
    Files, Scanner, Status,
    read::{INODE_WITH_INCLUDES, ReadFile, read},
    walk::{Found, Stamp, is_dag_file, is_python, stamp, walk},
    watch::{Watch, YOUNG},
};

/// Files that are read before they are published.
const CHUNK_FILES: usize = 512;
/// Threads that read.
const READERS: usize = 2;

/// The engine's code for a dag that another file says already.
const TWICE: &str = "RUN-021";

/// What is known of one file.
pub(super) struct Known {
    pub(super) stamp: Stamp,
    pub(super) hash: String,
    pub(super) includes: Vec<(PathBuf, Option<Stamp>)>,
    pub(super) has_error: bool,
    /// Another file says its dag: it is read again when any other changes.
    pub(super) is_refused: bool,
}

impl Known {
    pub(super) fn from_row(row: &DagFile) -> Self {
        Self {
            stamp: row.stamp,
            hash: row.hash.clone(),
            includes: Vec::new(),
            has_error: row.error.is_some(),
            is_refused: row.error.as_ref().is_some_and(|error| error.code == TWICE),
        }
    }

    fn takes_in(&self, path: &Path) -> bool {
        self.includes.iter().any(|(include, _)| include == path)
    }

    fn includes_changed(&self) -> bool {
        self.includes.iter().any(|(path, was)| {
            let now = fs::metadata(path).ok().map(|meta| stamp(&meta));
            now != *was
        })
    }
}

impl Files {
    fn is_same(&self, path: &str, stamp: Stamp) -> bool {
        let Some(known) = self.by_path.get(path) else {
            return false;
        };
        if known.stamp.2 == INODE_WITH_INCLUDES && !known.includes.is_empty() {
            (known.stamp.0, known.stamp.1) == (stamp.0, stamp.1) && !known.includes_changed()
        } else {
            known.stamp == stamp
        }
    }
}

impl Scanner {
    /// Looks at all names and stamps, and reads what changed.
    pub(super) fn look(&mut self, watch: &mut Watch, written: &HashSet<PathBuf>) {
        watch.begin();
        self.known.owes = false;
        let mut folders = HashSet::new();
        let found = walk(&self.root, &mut |folder| {
            watch.add(folder);
            folders.insert(folder.to_owned());
        });
        let found = match found {
            Ok(found) => found,
            Err(e) => {
                // A folder that cannot be read says nothing about its dags: all stays as it was.
                let problem = format!("dag folder {}: {e}", self.root.display());
                tracing::warn!(target: "control", "{problem}");
                // Nothing may tell when it is back.
                watch.look_again();
                let status = self.shared.status();
                self.shared.set(Status {
                    problem: Some(problem),
                    scanned: true,
                    ..status
                });
                return;
            }
        };
        let any_gone = self.remove_gone(&found);
        let mut changed = self.changed(&found, written);
        if any_gone || !changed.is_empty() {
            self.add_refused(&found, &mut changed);
            self.scripts.recheck();
        }
        for chunk in changed.chunks(CHUNK_FILES) {
            let files = self.read_all(chunk);
            self.publish(files);
        }
        self.look_at_scripts(&found, written);
        for known in self.known.by_path.values() {
            for (path, _) in &known.includes {
                if let Some(folder) = path.parent() {
                    if !folders.contains(folder) {
                        watch.add(folder);
                    }
                    folders.insert(folder.to_owned());
                }
            }
        }
        watch.keep(&folders);
        if self.known.owes {
            watch.look_again();
        }
        self.tell(&found, changed.len());
    }

    /// Whether an event at this path may mean that a dag changed.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        name == ".airflowignore"
            || (!name.starts_with('.') && (is_dag_file(name) || is_python(name)))
            // A folder made of a link shows as a plain entry.
            || (!name.starts_with('.') && path.is_dir())
            || self.known.by_path.values().any(|known| known.takes_in(path))
    }

    fn changed(&mut self, found: &Found, written: &HashSet<PathBuf>) -> Vec<String> {
        let mut changed = Vec::new();
        self.known.soon = false;
        for (path, stamp) in &found.files {
            let is_closed = written.contains(&self.root.join(path));
            if !is_closed && self.known.is_same(path, *stamp) {
                continue;
            }
            if !is_closed && self.is_young(*stamp) {
                self.known.soon = true;
            } else {
                changed.push(path.clone());
            }
        }
        changed
    }

    /// Those that another file kept out come last: that one may have let go of their dags.
    fn add_refused(&self, found: &Found, changed: &mut Vec<String>) {
        let is_due = |path: &&String| {
            let known = self.known.by_path.get(*path);
            known.is_some_and(|known| known.is_refused) && !changed.contains(path)
        };
        let refused: Vec<String> = found.files.keys().filter(is_due).cloned().collect();
        changed.extend(refused);
    }

    /// Whether a file may still be being written.
    pub(super) fn is_young(&self, stamp: Stamp) -> bool {
        let young_us = i64::try_from(YOUNG.as_micros()).unwrap_or(0);
        // The start waits for nobody; a file caught half written is read again when it is closed.
        let is_start = !self.shared.status().scanned;
        // A time in the future is a clock of its own, and says nothing about writing.
        let age_us = self.clock.now().as_micros().saturating_sub(stamp.1 / 1_000);
        !is_start && (0..young_us).contains(&age_us)
    }

    /// Whether any was gone.
    fn remove_gone(&mut self, found: &Found) -> bool {
        let gone = self.known.by_path.keys().filter(|path| {
            let unreadable = found
                .unreadable
                .iter()
                .any(|prefix| path.starts_with(prefix));
            let is_there = found.files.contains_key(*path) || found.python.contains_key(*path);
            !is_there && !unreadable
        });
        let gone: Vec<String> = gone.cloned().collect();
        let any = !gone.is_empty();
        self.remove(gone);
        any
    }

    fn read_all(&self, paths: &[String]) -> Vec<ReadFile> {
        let next = AtomicUsize::new(0);
        let out = Mutex::new(Vec::with_capacity(paths.len()));
        let at = self.clock.now();
        let work = || {
            while let Some(path) = paths.get(next.fetch_add(1, Relaxed)) {
                let file = read(&self.root, path, at);
                self.metrics.files_read.fetch_add(1, Relaxed);
                out.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(file);
            }
        };
        thread::scope(|scope| {
            for _ in 1..READERS.min(paths.len().div_ceil(8)) {
                scope.spawn(work);
            }
            work();
        });
        let mut files = out.into_inner().unwrap_or_else(PoisonError::into_inner);
        files.sort_by(|a, b| a.publish.file.path.cmp(&b.publish.file.path));
        files
    }

    /// Tells what a parse has changed.
    pub(super) fn tell_parsed(&self) {
        let (n_errors, n_parsing) = (self.count_errors(), self.scripts.n_open());
        let status = self.shared.status();
        self.shared.set(Status {
            n_errors,
            n_parsing,
            ..status
        });
    }

    fn count_errors(&self) -> usize {
        let known = self.known.by_path.values();
        let n_errors = known.filter(|known| known.has_error).count();
        self.metrics.import_errors.store(n_errors as u64, Relaxed);
        n_errors
    }

    fn tell(&self, found: &Found, n_read: usize) {
        let n_errors = self.count_errors();
        if found.n_too_many > 0 {
            let n = found.n_too_many;
            tracing::warn!(target: "control", n, "files beyond the limit are left alone");
        }
        let problem = found.unreadable.first();
        let problem = problem.map(|prefix| format!("`{prefix}` cannot be read"));
        self.shared.set(Status {
            scanned: true,
            n_files: found.files.len() + self.scripts.n_dag_files(),
            n_python: match self.reads_python() {
                Some(_) => 0,
                None => found.python.len(),
            },
            n_parsing: self.scripts.n_open(),
            n_errors,
            n_read,
            problem,
        });
    }
}
