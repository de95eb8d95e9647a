//! Folders and files of tests.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::DagFile;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A new folder for files of this run, on the disk of the build folder and not in memory.
pub fn scratch(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/servers");
    let no = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = root.join(format!("{name}-{}-{no}", std::process::id()));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    folder.canonicalize().unwrap()
}

/// The product's own examples.
pub fn examples() -> Vec<DagFile> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/dags");
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (
            entry.file_name().into_string().unwrap(),
            fs::read_to_string(entry.path()).unwrap(),
        )
    };
    fs::read_dir(folder)
        .unwrap()
        .map(read)
        .filter(|(name, _)| name.ends_with(".yaml"))
        .collect()
}

/// The dag id that a file states.
pub fn dag_id_of(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("dag_id:"));
    line.unwrap().trim().to_owned()
}

/// Bytes of a file or of all files in a folder.
pub fn size(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return 0;
    };
    if !metadata.is_dir() {
        return metadata.len();
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path())).sum()
}

/// Whether a file, or one in a folder, has these bytes in it.
pub fn contains(path: &Path, bytes: &[u8]) -> bool {
    if path.is_dir() {
        let mut entries = fs::read_dir(path).unwrap().flatten();
        return entries.any(|entry| contains(&entry.path(), bytes));
    }
    fs::read(path).is_ok_and(|text| text.windows(bytes.len()).any(|part| part == bytes))
}
