//! What the imports of a runtime depend on beside its environment: Airflow's settings and plugins.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use model::{limits::PLUGIN_FILES_MAX, work::PythonRuntime};
use sha2::{Digest, Sha256};

use crate::logs::path::hex;

/// Folders below that of the plugins.
const DEPTH_MAX: usize = 16;

/// The runtime as it is now, by sizes and times of a few files; none when it does not say where
/// they are.
pub(super) fn current(runtime: &PythonRuntime) -> Option<PythonRuntime> {
    let named = |name: &str| {
        let found = runtime.env.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| PathBuf::from(value))
    };
    let home = named("AIRFLOW_HOME")?;
    let settings = named("AIRFLOW_CONFIG").unwrap_or_else(|| home.join("airflow.cfg"));
    let plugins = named("AIRFLOW__CORE__PLUGINS_FOLDER").unwrap_or_else(|| home.join("plugins"));
    let mut seen = Vec::new();
    note(&settings, &mut seen);
    walk(&plugins, 0, &mut seen);
    // Where `airflow_local_settings` is.
    walk(&home.join("config"), 0, &mut seen);
    seen.sort();
    let mut epoch = Sha256::new();
    epoch.update(runtime.epoch.as_bytes());
    seen.iter().for_each(|line| epoch.update(line.as_bytes()));
    Some(PythonRuntime {
        epoch: hex(&epoch.finalize()),
        ..runtime.clone()
    })
}

fn walk(folder: &Path, depth: usize, seen: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        // What the interpreter itself writes.
        let is_ours = name == "__pycache__" || name.as_encoded_bytes().starts_with(b".");
        if is_ours || seen.len() >= PLUGIN_FILES_MAX {
            continue;
        }
        match fs::metadata(entry.path()) {
            Ok(meta) if meta.is_dir() && depth < DEPTH_MAX => walk(&entry.path(), depth + 1, seen),
            Ok(_) | Err(_) => note(&entry.path(), seen),
        }
    }
}

fn note(path: &Path, seen: &mut Vec<String>) {
    if let Ok(meta) = fs::metadata(path) {
        let (path, bytes) = (path.display(), meta.len());
        let (s, ns) = (meta.mtime(), meta.mtime_nsec());
        seen.push(format!("{path} {bytes} {s}.{ns}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_plugin_is_another_epoch() {
        let home = std::env::temp_dir().join(format!("orrery-epoch-{}", std::process::id()));
        fs::create_dir_all(home.join("plugins/deep/__pycache__")).unwrap();
        let runtime = PythonRuntime {
            folder: "/runtime".to_owned(),
            env: vec![("AIRFLOW_HOME".to_owned(), home.display().to_string())],
            ..PythonRuntime::default()
        };
        let epoch = || current(&runtime).unwrap().epoch;
        let mut before = epoch();
        for (file, counts) in [
            ("airflow.cfg", true),
            ("other.cfg", false),
            ("plugins/mine.py", true),
            ("plugins/deep/mine.py", true),
            ("plugins/deep/__pycache__/mine.pyc", false),
            ("plugins/.mine.py.swp", false),
        ] {
            fs::write(home.join(file), "x").unwrap();
            let now = epoch();
            assert_eq!(now != before, counts, "{file}");
            assert_eq!(now, epoch());
            before = now;
        }
        fs::remove_dir_all(home).unwrap();
    }
}
