//! Our own Python, written below the data folder where interpreters can read it.

use crate::paths::make_dirs;
use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

const ZYGOTE: &str = include_str!("../../../assets/python/zygote.py");

/// The script; in tests one that needs no Airflow, unless they have a runtime.
fn zygote() -> &'static str {
    #[cfg(test)]
    if std::env::var_os("ORRERY_TEST_AIRFLOW").is_none() {
        return include_str!("../tests/zygote.py");
    }
    ZYGOTE
}

/// Writes the script, unless the same is there; gives its path. The folder is named by the content,
/// so another version of this binary does not touch it.
///
/// # Errors
/// When it cannot be written.
pub fn put(run: &Path) -> io::Result<PathBuf> {
    let text = zygote().as_bytes();
    let folder = run.join("python").join(format!("{:016x}", hash(text)));
    let path = folder.join("zygote.py");
    if fs::read(&path).is_ok_and(|bytes| bytes == text) {
        return Ok(path);
    }
    make_dirs(&folder)?;
    let next = folder.join(format!("zygote.{}", std::process::id()));
    let _ = fs::remove_file(&next);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&next)?;
    file.write_all(text)?;
    fs::rename(&next, &path)?;
    Ok(path)
}

/// FNV-1a: a name for our own text, no protection.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
