//! `orrery dags check`: reads dag files as the server would, and says what is wrong with them.

use std::{fs, path::PathBuf};

use super::{Trouble, output};

pub fn run(files: &[PathBuf]) -> Result<(), Trouble> {
    let mut n_bad = 0;
    for path in files {
        match one(path) {
            Ok(said) => output::line(&format!("{}: {said}", path.display()))?,
            Err(trouble) => {
                n_bad += 1;
                output::line(&format!("{}: {}", path.display(), trouble.0))?;
            }
        }
    }
    if n_bad == 0 {
        Ok(())
    } else {
        Err(Trouble(format!(
            "{n_bad} of {} files are broken",
            files.len()
        )))
    }
}

fn one(path: &PathBuf) -> Result<String, Trouble> {
    let text = fs::read_to_string(path)?;
    let folder = path.parent().map(PathBuf::from).unwrap_or_default();
    let read =
        |name: &str| fs::read_to_string(folder.join(name)).map_err(|cause| cause.to_string());
    match dagfile::import(&text, &path.display().to_string(), &read) {
        Ok(imported) => {
            let dag = imported.dag;
            Ok(format!(
                "ok, dag `{}` with {} tasks",
                dag.dag_id,
                dag.tasks.len()
            ))
        }
        Err(error) => {
            let place = match (error.line, error.column) {
                (Some(line), Some(column)) => format!("line {line}, column {column}: "),
                _ => String::new(),
            };
            Err(Trouble(format!("{place}{}: {}", error.code, error.message)))
        }
    }
}
