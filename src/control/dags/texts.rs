//! The text of a Python file, kept with the versions of its dags so that people can read what ran.

use std::path::Path;

use model::limits::DAG_FILE_BYTES_MAX;
use sha2::{Digest, Sha256};

use super::scripts::read_bytes;
use crate::logs::path::hex;

/// What a file's dags were written as.
pub(super) struct Texts<'a> {
    root: &'a Path,
    file: std::path::PathBuf,
    text: Option<String>,
}

impl<'a> Texts<'a> {
    /// Of the file at `path` while its bytes have the hash `content`; one that has changed since is
    /// read again anyway.
    pub(super) fn new(root: &'a Path, path: &str, content: Option<&str>) -> Self {
        let file = root.join(path);
        let text = content.and_then(|content| {
            let bytes = bytes(&file)?;
            (hex(&Sha256::digest(&bytes)) == content).then_some(bytes)
        });
        Self {
            root,
            text: text.and_then(into_text),
            file,
        }
    }

    /// The text of the file that a dag says it is in: mostly the one that was read, else one of the
    /// dag folder that was imported by it.
    pub(super) fn of(&self, place: &str) -> Option<String> {
        let place = Path::new(place);
        if place == self.file || !place.starts_with(self.root) {
            return self.text.clone();
        }
        match bytes(place) {
            Some(bytes) => into_text(bytes),
            None => self.text.clone(),
        }
    }
}

fn bytes(file: &Path) -> Option<Vec<u8>> {
    let (_, bytes) = read_bytes(file, DAG_FILE_BYTES_MAX).ok()?;
    u64::try_from(bytes.len())
        .is_ok_and(|n_bytes| n_bytes <= DAG_FILE_BYTES_MAX)
        .then_some(bytes)
}

/// An archive is no text.
fn into_text(bytes: Vec<u8>) -> Option<String> {
    if dagfile::is_zip(&bytes) {
        return None;
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}
