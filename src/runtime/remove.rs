//! A runtime goes, and its environment with its last name.

use std::fs;

use crate::{Error, Home, Manifest, error::io, home::remove_tree, list::list};

/// Removes a runtime, also a damaged one.
///
/// # Errors
/// [`Error::Missing`], or the file system's.
pub fn remove(home: &Home, name: &str) -> Result<(), Error> {
    let _lock = home.lock()?;
    let path = home.manifest(name)?;
    if !path.exists() {
        return crate::show(home, name).map(|_| ());
    }
    let manifest = Manifest::read(&path, name).ok();
    fs::remove_file(&path).map_err(io("remove", &path))?;
    let Some(Manifest { hash, .. }) = manifest else {
        return Ok(());
    };
    let used = list(home)?
        .into_iter()
        .any(|other| other.is_ok_and(|other| other.hash == hash));
    if used {
        return Ok(());
    }
    // Marked first: if this is interrupted the next command goes on with it.
    let mark = home.mark(&hash);
    fs::write(&mark, "").map_err(io("write", &mark))?;
    remove_tree(&home.env(&hash))?;
    fs::remove_file(&mark).map_err(io("remove", &mark))
}
