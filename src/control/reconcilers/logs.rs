//! Logs of finished runs are compressed, logs of runs that are gone are deleted.

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    path::{Path, PathBuf},
};

use model::{DagNo, RunNo};
use store::{ReadError, Snapshot};

use super::Keeper;
use crate::logs::{compress, path};

/// Smaller files take a block of the disk either way.
const COMPRESS_BYTES_MIN: u64 = 4 * 1024;
/// Runs that one part of a sweep looks at.
const SWEEP_RUNS_MAX: usize = 200;

/// Where a sweep goes on.
#[derive(Default)]
pub(super) struct Sweep {
    /// Folders of runs that are left, the next one last: of a dag, and of the run within it.
    left: Vec<(String, String)>,
    begun: bool,
}

impl Keeper {
    /// Compresses the logs of a run that has ended.
    pub(super) fn compress(&self, run: RunNo) {
        let Ok(Some(folder)) = self.folder_of(run) else {
            return;
        };
        if let Err(e) = compress_all(&folder) {
            let folder = folder.display();
            tracing::warn!(target: "control", %folder, "logs cannot be compressed: {e}");
        }
    }

    /// Deletes the logs of a run that is gone.
    pub(super) fn delete_logs(&self, dag: DagNo, run_id: &str) {
        let Ok(book) = self.reader.snapshot() else {
            return;
        };
        // Without its row the dag is gone as well, and the sweep takes its whole folder.
        let Ok(Some(row)) = book.dag(dag) else { return };
        if matches!(book.run_no(dag, run_id), Ok(None)) {
            remove(&self.logs.join(path::run_folder(&row.dag_id, run_id)));
        }
    }

    /// A part of a sweep through all log folders; true when there is more.
    pub(super) fn sweep(&self, sweep: &mut Sweep) -> bool {
        if !sweep.begun {
            sweep.left = self.run_folders();
            sweep.begun = true;
        }
        let at = sweep.left.len().saturating_sub(SWEEP_RUNS_MAX);
        let part = sweep.left.split_off(at);
        if let Err(e) = self.sweep_part(&part) {
            tracing::warn!(target: "control", "the log folder cannot be swept: {e}");
        }
        sweep.begun = !sweep.left.is_empty();
        sweep.begun
    }

    fn sweep_part(&self, part: &[(String, String)]) -> Result<(), ReadError> {
        // Taken after the folders were listed: a run is in the book before its folder is made.
        let book = self.reader.snapshot()?;
        let dags: HashMap<String, DagNo> = book
            .dags(None, usize::MAX)?
            .into_iter()
            .map(|row| (path::part(&row.dag_id), row.no))
            .collect();
        for (dag, run) in part {
            let folder = self.logs.join(dag).join(run);
            let Some(no) = dags.get(dag) else {
                remove(&folder);
                let _ = fs::remove_dir(self.logs.join(dag));
                continue;
            };
            let Some(run_id) = path::unpart(run) else {
                continue;
            };
            match find(&book, *no, &run_id)? {
                None => remove(&folder),
                Some(true) => {
                    let _ = compress_all(&folder);
                }
                Some(false) => {}
            }
        }
        Ok(())
    }

    fn folder_of(&self, run: RunNo) -> Result<Option<PathBuf>, ReadError> {
        let book = self.reader.snapshot()?;
        let Some(run) = book.run(run)?.filter(|run| run.state.is_finished()) else {
            return Ok(None);
        };
        let row = book.dag(run.dag)?;
        Ok(row.map(|row| self.logs.join(path::run_folder(&row.dag_id, &run.run_id))))
    }

    fn run_folders(&self) -> Vec<(String, String)> {
        let dags = folders(&self.logs);
        let runs = |dag: &String| {
            let dag = dag.clone();
            let runs = folders(&self.logs.join(&dag));
            runs.into_iter().map(move |run| (dag.clone(), run))
        };
        dags.iter().flat_map(runs).collect()
    }
}

/// Whether a run has ended; none when there is no such run.
fn find(book: &Snapshot, dag: DagNo, run_id: &str) -> Result<Option<bool>, ReadError> {
    let Some(no) = book.run_no(dag, run_id)? else {
        return Ok(None);
    };
    Ok(book.run(no)?.map(|run| run.state.is_finished()))
}

fn compress_all(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let kind = entry.file_type()?;
        if kind.is_dir() {
            compress_all(&path)?;
        } else if kind.is_file()
            && path.extension().is_some_and(|extension| extension == "log")
            && entry.metadata()?.len() >= COMPRESS_BYTES_MIN
        {
            compress(&path)?;
        }
    }
    Ok(())
}

fn folders(of: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(of).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

fn remove(folder: &Path) {
    match fs::remove_dir_all(folder) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => {
            let folder = folder.display();
            tracing::warn!(target: "control", %folder, "logs cannot be deleted: {e}");
        }
    }
}
