//! All files of an environment as one hash.

use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{Error, error::io};

/// What differs from machine to machine and is made anew: links to Python and its scripts.
const MADE_ANEW: &[&str] = &[
    "bin",
    "pyvenv.cfg",
    "lib64",
    ".lock",
    ".gitignore",
    "CACHEDIR.TAG",
];

/// All files of an environment that are the same wherever it is, sorted; byte code is not.
///
/// # Errors
/// The file system's.
pub fn files(env: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    let mut waiting = vec![env.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(io("read", &folder))? {
            let entry = entry.map_err(io("read", &folder))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(io("read", &path))?;
            if path.strip_prefix(env).is_ok_and(|below| !is_hashed(below)) {
                continue;
            }
            if kind.is_dir() {
                waiting.push(path);
            } else {
                found.extend(path.strip_prefix(env).map(Path::to_owned));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a path below an environment is part of its hash.
pub fn is_hashed(below: &Path) -> bool {
    let anew = MADE_ANEW.iter().any(|each| below.starts_with(each));
    !anew
        && below
            .components()
            .all(|part| part.as_os_str() != "__pycache__")
}

/// The hash of them, their names and whether they are executable.
///
/// # Errors
/// The file system's.
pub fn hash(env: &Path) -> Result<String, Error> {
    let mut whole = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    for name in files(env)? {
        let path = env.join(&name);
        let mut file = fs::File::open(&path).map_err(io("read", &path))?;
        let mut one = Sha256::new();
        loop {
            let n_bytes = file.read(&mut buffer).map_err(io("read", &path))?;
            match buffer.get(..n_bytes) {
                None | Some([]) => break,
                Some(bytes) => one.update(bytes),
            }
        }
        let mode = file.metadata().map_err(io("read", &path))?.permissions();
        let runs = if mode.mode() & 0o100 == 0 { '-' } else { 'x' };
        let hash = hex(&one.finalize());
        whole.update(format!("{hash} {runs} {}\n", name.display()).as_bytes());
    }
    Ok(hex(&whole.finalize()))
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
