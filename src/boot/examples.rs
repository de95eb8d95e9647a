//! Upstream's own example dags, from the runtime that was made: those that need nothing else.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Their names; what a version of Airflow does not have is left out.
const NAMES: &[&str] = &[
    "example_bash_operator",
    "example_branch_labels",
    "example_branch_operator",
    "example_complex",
    "example_display_name",
    "example_dynamic_task_mapping",
    "example_latest_only_with_trigger",
    "example_nested_branch_dag",
    "example_params_trigger_ui",
    "example_params_ui_tutorial",
    "example_setup_teardown_taskflow",
    "example_short_circuit_operator",
    "example_simplest_dag",
    "example_skip_dag",
    "example_task_group",
    "example_task_group_decorator",
    "example_time_delta_sensor_async",
    "example_trigger_controller_dag",
    "example_trigger_target_dag",
    "example_xcom",
    "tutorial",
    "tutorial_dag",
    "tutorial_taskflow_api",
];

/// Where in an installation they are.
const PLACES: [&str; 2] = [
    "airflow/example_dags",
    "airflow/providers/standard/example_dags",
];

/// Their folder within the dag folder.
pub fn folder(dags: &Path) -> PathBuf {
    dags.join("airflow")
}

/// Copies them once: a folder that is there stays as it is. Gives how many there are.
///
/// # Errors
/// When files cannot be written.
pub fn copy(env: &Path, dags: &Path) -> io::Result<usize> {
    let target = folder(dags);
    if !target.exists() {
        // Whole or not at all, and read by nobody before.
        let unfinished = dags.join(".airflow.new");
        let _ = fs::remove_dir_all(&unfinished);
        fs::create_dir_all(&unfinished)?;
        for name in NAMES {
            let file = format!("{name}.py");
            if let Some(from) = find(env, &file) {
                fs::copy(from, unfinished.join(&file))?;
            }
        }
        fs::rename(&unfinished, &target)?;
    }
    let files = fs::read_dir(&target)?.flatten();
    Ok(files
        .filter(|file| file.path().extension().is_some_and(|end| end == "py"))
        .count())
}

fn find(env: &Path, file: &str) -> Option<PathBuf> {
    let pythons = fs::read_dir(env.join("lib")).ok()?.flatten();
    let packages = pythons.map(|python| python.path().join("site-packages"));
    packages
        .flat_map(|packages| PLACES.map(|place| packages.join(place).join(file)))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_copied_once() {
        let place = std::env::temp_dir().join(format!("orrery-examples-{}", std::process::id()));
        let packages = place.join("env/lib/python3.11/site-packages/airflow/example_dags");
        let dags = place.join("dags");
        fs::create_dir_all(&packages).unwrap();
        fs::create_dir_all(&dags).unwrap();
        fs::write(packages.join("tutorial.py"), "one").unwrap();
        fs::write(packages.join("not_ours.py"), "two").unwrap();
        assert_eq!(copy(&place.join("env"), &dags).unwrap(), 1);
        let copied = folder(&dags).join("tutorial.py");
        fs::write(&copied, "changed").unwrap();
        assert_eq!(copy(&place.join("env"), &dags).unwrap(), 1);
        assert_eq!(fs::read_to_string(copied).unwrap(), "changed");
        fs::remove_dir_all(place).unwrap();
    }
}
