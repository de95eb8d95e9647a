//! The runtime of Python dags, by the name that the configuration has.

use std::path::Path;

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
        epoch: String::new(),
        idle_ms: config.zygote_idle_s.saturating_mul(1000),
        dag_age_ms: config.dag_age_s.saturating_mul(1000),
        task_bytes_max: config.task_memory_mib.saturating_mul(1024 * 1024),
    }))
}
