//! The runtime of Python dags, by the name that the configuration has, and who may use it.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

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
        forks_max: config.zygote_forks,
        growth_bytes_max: config.zygote_growth_mib.saturating_mul(1024 * 1024),
    }))
}

/// Lets the users that tasks run as pass to the interpreter and Airflow's settings, or no longer:
/// through these folders, not into them. What lies there has rights of its own.
///
/// # Errors
/// When the rights of a folder cannot be changed.
pub fn let_others_through(data: &Path, may_pass: bool) -> io::Result<()> {
    const PRIVATE: u32 = 0o700;
    const PASSABLE: u32 = 0o711;
    for folder in ["", "runtimes", "runtimes/envs", "airflow"] {
        let folder = data.join(folder);
        if may_pass {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true).mode(PRIVATE).create(&folder)?;
        } else if !folder.exists() {
            continue;
        }
        let (from, to) = if may_pass {
            (PRIVATE, PASSABLE)
        } else {
            (PASSABLE, PRIVATE)
        };
        // One that the operator has given other rights keeps them.
        if fs::metadata(&folder)?.permissions().mode() & 0o777 == from {
            fs::set_permissions(&folder, fs::Permissions::from_mode(to))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_pass_where_they_may_and_see_nothing() {
        let data = std::env::temp_dir().join(format!("orrery-through-{}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&data).unwrap();
        let mode = |name: &str| {
            let found = fs::metadata(data.join(name)).unwrap();
            found.permissions().mode() & 0o777
        };
        for (may_pass, want) in [(true, 0o711), (false, 0o700), (true, 0o711)] {
            let_others_through(&data, may_pass).unwrap();
            for folder in ["", "runtimes", "runtimes/envs", "airflow"] {
                assert_eq!(mode(folder), want, "{folder} {may_pass}");
            }
        }
        fs::set_permissions(data.join("airflow"), fs::Permissions::from_mode(0o755)).unwrap();
        let_others_through(&data, false).unwrap();
        assert_eq!((mode(""), mode("airflow")), (0o700, 0o755));
        fs::remove_dir_all(data).unwrap();
    }
}
