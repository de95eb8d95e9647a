//! The recorded documents.

use std::path::{Path, PathBuf};

use model::Json;

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("serialized/testdata")
}

/// Name and document of each sample in a folder, by name.
pub(super) fn of(folder: &Path) -> Vec<(String, Json)> {
    let mut found: Vec<(String, Json)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The committed ones.
pub(super) fn committed() -> Vec<(String, Json)> {
    of(&folder().join("dags"))
}
