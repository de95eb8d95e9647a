//! Reading archives that may have been made to do harm.

use std::{
    fs,
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Component, Path, PathBuf},
};

use flate2::read::GzDecoder;

use crate::{Manifest, tree};

/// The first entry.
pub const MANIFEST: &str = "runtime.json";

const MANIFEST_BYTES_MAX: u64 = 4 << 20;
const FILES_MAX: usize = 1_000_000;
const BYTES_MAX: u64 = 64 << 30;

/// An archive whose manifest was read.
pub struct Archive {
    tar: tar::Archive<GzDecoder<fs::File>>,
    path: PathBuf,
}

/// Opens an archive.
///
/// # Errors
/// What is wrong with it, in words.
pub fn open(path: &Path) -> Result<(Manifest, Archive), String> {
    let file = fs::File::open(path).map_err(|cause| cause.to_string())?;
    let mut tar = tar::Archive::new(GzDecoder::new(file));
    let text = first(&mut tar).map_err(|cause| cause.to_string())?;
    let manifest = serde_json::from_str(&text).ok();
    let manifest = manifest.as_ref().and_then(Manifest::from_json);
    let path = path.to_owned();
    // A second reading, from the start: the entries of one reading cannot be kept beside it.
    let file = fs::File::open(&path).map_err(|cause| cause.to_string())?;
    let tar = tar::Archive::new(GzDecoder::new(file));
    match manifest {
        Some(manifest) => Ok((manifest, Archive { tar, path })),
        None => Err("it does not begin with the manifest of a runtime".to_owned()),
    }
}

fn first(tar: &mut tar::Archive<GzDecoder<fs::File>>) -> io::Result<String> {
    let mut text = String::new();
    if let Some(entry) = tar.entries()?.next() {
        let entry = entry?;
        if entry.path()? == Path::new(MANIFEST) {
            entry.take(MANIFEST_BYTES_MAX).read_to_string(&mut text)?;
        }
    }
    Ok(text)
}

impl Archive {
    /// Unpacks plain files into a folder, and nothing anywhere else.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn unpack(&mut self, env: &Path) -> Result<(), String> {
        let path = self.path.display().to_string();
        let entries = self.tar.entries().map_err(|cause| cause.to_string())?;
        let (mut n_files, mut n_bytes) = (0, 0_u64);
        for entry in entries.skip(1) {
            let mut entry = entry.map_err(|cause| format!("{path}: {cause}"))?;
            let name = entry
                .path()
                .map_err(|cause| cause.to_string())?
                .into_owned();
            let shown = name.display();
            let kind = entry.header().entry_type();
            if !kind.is_file() {
                return Err(format!("`{shown}` is no plain file"));
            }
            let inner = inside(&name).ok_or_else(|| format!("`{shown}` leads out of it"))?;
            // What the hash does not cover nobody would verify.
            if !tree::is_hashed(&inner) {
                return Err(format!("`{shown}` does not belong into an archive"));
            }
            n_files += 1;
            n_bytes = n_bytes.saturating_add(entry.size());
            if n_files > FILES_MAX || n_bytes > BYTES_MAX {
                return Err(format!(
                    "it has more than {FILES_MAX} files or {BYTES_MAX} bytes"
                ));
            }
            let runs = entry.header().mode().unwrap_or(0) & 0o100 != 0;
            let mode = if runs { 0o755 } else { 0o644 };
            write(&mut entry, &env.join(inner), mode).map_err(|e| format!("`{shown}`: {e}"))?;
        }
        Ok(())
    }
}

/// The path below the environment, for names that cannot lead anywhere else.
fn inside(name: &Path) -> Option<PathBuf> {
    let below = name.strip_prefix("env").ok()?;
    let plain = below
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (plain && below.components().next().is_some()).then(|| below.to_owned())
}

fn write(from: &mut impl Read, to: &Path, mode: u32) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    // New, so that nothing that is there is written through.
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(to)?;
    io::copy(from, &mut file).map(|_| ())
}
