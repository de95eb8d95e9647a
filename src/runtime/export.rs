//! A runtime becomes a file, for a machine without a network.

use std::{
    fs,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

use crate::{Error, Home, Manifest, Progress, archive::MANIFEST, error::io, list::show, tree};

/// Writes a runtime into an archive (tar, gzip): its manifest first, then all of its files.
///
/// # Errors
/// [`Error::Damaged`] where it is not what its manifest says.
pub fn export(
    home: &Home,
    name: &str,
    archive: &Path,
    progress: Progress<'_>,
) -> Result<Manifest, Error> {
    let _lock = home.lock()?;
    let manifest = show(home, name)?;
    let env = home.env(&manifest.hash);
    progress("comparing files");
    if tree::hash(&env)? != manifest.tree {
        let why = "files were changed, added or lost since it was made".to_owned();
        let name = name.to_owned();
        return Err(Error::Damaged { name, why });
    }
    let files = tree::files(&env)?;
    progress(&format!("packing {} files", files.len()));
    let new = PathBuf::from(format!("{}.new", archive.display()));
    pack(&manifest, &env, &files, &new).map_err(io("write", &new))?;
    fs::rename(&new, archive).map_err(io("write", archive))?;
    Ok(manifest)
}

fn pack(manifest: &Manifest, env: &Path, files: &[PathBuf], to: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(to)?;
    let mut tar = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    tar.mode(tar::HeaderMode::Deterministic);
    let text = format!("{:#}\n", manifest.to_json());
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.append_data(&mut header, MANIFEST, text.as_bytes())?;
    for name in files {
        tar.append_path_with_name(env.join(name), Path::new("env").join(name))?;
    }
    tar.into_inner()?.finish()?.sync_all()
}
