//! What runtimes there are.

use std::fs;

use crate::{Error, Home, Manifest, error::io};

/// All of them, by name. Those whose manifest cannot be read are errors of their own.
///
/// # Errors
/// The file system's.
pub fn list(home: &Home) -> Result<Vec<Result<Manifest, Error>>, Error> {
    let read = names(home)?.into_iter().map(|name| {
        let path = home.manifest(&name)?;
        Manifest::read(&path, &name)
    });
    Ok(read.collect())
}

/// One of them, seen to be whole as far as that costs nothing: that its environment is there.
///
/// # Errors
/// [`Error::Missing`], [`Error::Damaged`].
pub fn show(home: &Home, name: &str) -> Result<Manifest, Error> {
    let path = home.manifest(name)?;
    if !path.exists() {
        let names = names(home)?;
        let there = match names.as_slice() {
            [] => "is none: orrery runtime create".to_owned(),
            _ => format!("are: {}", names.join(", ")),
        };
        let name = name.to_owned();
        return Err(Error::Missing { name, there });
    }
    let manifest = Manifest::read(&path, name)?;
    if home.is_whole(&manifest.hash) {
        return Ok(manifest);
    }
    let why = format!("its environment `{}` is gone", manifest.hash);
    let name = name.to_owned();
    Err(Error::Damaged { name, why })
}

fn names(home: &Home) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(home.path()) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(io("read", home.path())(cause)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let file = entry.map_err(io("read", home.path()))?.file_name();
        let name = file.to_str().and_then(|file| file.strip_suffix(".json"));
        names.extend(name.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
