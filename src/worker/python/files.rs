//! Our own Python, written below the data folder where interpreters can read it.

use crate::paths::make_dirs;
use model::python::{SCRIPTS, ZYGOTE};
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// In tests one that needs no Airflow, unless they have a runtime.
fn scripts() -> &'static [(&'static str, &'static str)] {
    #[cfg(test)]
    if std::env::var_os("ORRERY_TEST_AIRFLOW").is_none() {
        return &[(ZYGOTE, include_str!("../tests/zygote.py"))];
    }
    &SCRIPTS
}

/// Writes the scripts, unless the same are there; gives the path of the one to start. The folder is
/// named by their content, so another version of this binary does not touch it.
///
/// # Errors
/// When one cannot be written.
pub fn put(run: &Path) -> io::Result<PathBuf> {
    let scripts = scripts();
    let name = scripts.iter().fold(FNV, |sum, (_, text)| hash(sum, text));
    let folder = run.join("python").join(format!("{name:016x}"));
    make_dirs(&folder)?;
    for (name, text) in scripts {
        put_one(&folder, name, text.as_bytes())?;
    }
    Ok(folder.join(ZYGOTE))
}

fn put_one(folder: &Path, name: &str, text: &[u8]) -> io::Result<()> {
    let path = folder.join(name);
    if fs::read(&path).is_ok_and(|bytes| bytes == text) {
        return Ok(());
    }
    let next = folder.join(format!("{name}.{}", std::process::id()));
    let _ = fs::remove_file(&next);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&next)?;
    file.write_all(text)?;
    fs::rename(&next, &path)
}

const FNV: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a: a name for our own text, no protection.
fn hash(sum: u64, text: &str) -> u64 {
    text.bytes().fold(sum, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
