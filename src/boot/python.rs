//! The runtime of Python dags, by the name that the configuration has.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use model::work::PythonRuntime;

use crate::{cli::Trouble, config::Config};

/// The interpreter and what its warm process depends on; none when none is named.
pub fn runtime(config: &Config, data: &Path) -> Result<Option<PythonRuntime>, Trouble> {
    let name = config.runtime.as_str();
    if name.is_empty() {
        return Ok(None);
    }
    let home = runtime::Home::of(data);
    let manifest = runtime::show(&home, name)?;
    Ok(Some(PythonRuntime {
        folder: home.env(&manifest.hash).display().to_string(),
        env: Vec::new(),
        epoch: epoch(&data.join("airflow")),
        task_bytes_max: config.task_memory_mib.saturating_mul(1024 * 1024),
    }))
}

/// What the imports of a runtime depend on beside its environment: the settings and the plugins,
/// by size and time.
fn epoch(airflow: &Path) -> String {
    let mut parts = Vec::new();
    let mut note = |path: &Path| {
        if let Ok(meta) = fs::metadata(path) {
            let path = path.display();
            parts.push(format!("{path} {} {}", meta.len(), meta.mtime()));
        }
    };
    note(&airflow.join("airflow.cfg"));
    note(&airflow.join("webserver_config.py"));
    let plugins = fs::read_dir(airflow.join("plugins"));
    for entry in plugins.into_iter().flatten().flatten() {
        note(&entry.path());
    }
    parts.sort();
    parts.join("\n")
}
