//! The Python that an environment is made with.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::Error;

const ASK: &str = "import json, os, sys, sysconfig
base = os.path.realpath(getattr(sys, '_base_executable', sys.executable))
print(json.dumps([sys.version.split()[0], sysconfig.get_platform(), sys.implementation.cache_tag, base]))";

/// A Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// The executable itself, not that of an environment.
    pub path: PathBuf,
    /// Such as `3.11.7`.
    pub version: String,
    /// Such as `linux-x86_64`.
    pub platform: String,
    /// What its extension modules are made for, such as `cpython-311`.
    pub tag: String,
}

/// Asks a Python what it is; without one, `python3` of the path.
///
/// # Errors
/// [`Error::Python`].
pub fn find(python: Option<&Path>) -> Result<Interpreter, Error> {
    let python = python.unwrap_or(Path::new("python3"));
    let wrong = |why: String| Error::Python {
        python: python.display().to_string(),
        why,
    };
    let output = Command::new(python)
        .args(["-I", "-c", ASK])
        .output()
        .map_err(|cause| wrong(cause.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(wrong(format!("{}: {said}", output.status)));
    }
    let said: Option<Vec<String>> = serde_json::from_slice::<Value>(&output.stdout)
        .ok()
        .and_then(|value| {
            let texts = value.as_array()?.iter();
            texts.map(|each| Some(each.as_str()?.to_owned())).collect()
        });
    match said.and_then(|said| <[String; 4]>::try_from(said).ok()) {
        Some([version, platform, tag, path]) => Ok(Interpreter {
            path: path.into(),
            version,
            platform,
            tag,
        }),
        None => Err(wrong("it does not answer as Python 3 does".to_owned())),
    }
}
