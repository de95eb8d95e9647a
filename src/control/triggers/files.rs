//! Whether a file that is waited for is there: a path, a folder with a file in it, or a glob.

use std::{
    fs,
    path::{Path, PathBuf},
};

use globset::{GlobBuilder, GlobMatcher};
use model::TimeDelta;

/// Entries that one look goes through before it gives up until the next.
const LOOK_ENTRIES_MAX: usize = 100_000;

/// What is looked for.
pub(super) struct Sought {
    pub(super) path: String,
    /// Whether `**` goes through all folders below.
    pub(super) recursive: bool,
    pub(super) every: TimeDelta,
}

impl Sought {
    /// A file that matches, or a folder that has a file somewhere in it (upstream's rule).
    pub(super) fn is_there(&self) -> bool {
        let mut budget = LOOK_ENTRIES_MAX;
        let mut parts: Vec<&str> = self
            .path
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        parts.reverse();
        let root = if self.path.starts_with('/') { "/" } else { "." };
        self.walk(PathBuf::from(root), &parts, &mut budget)
    }

    /// `parts` are what is left of the pattern, the next one last.
    fn walk(&self, at: PathBuf, parts: &[&str], budget: &mut usize) -> bool {
        let Some((part, rest)) = parts.split_last() else {
            return at.is_file() || has_file(&at, budget);
        };
        if *part == "**" && self.recursive {
            return self.walk(at.clone(), rest, budget)
                || entries(&at, budget).into_iter().any(|(name, path)| {
                    !name.starts_with('.') && path.is_dir() && self.walk(path, parts, budget)
                });
        }
        let Some(glob) = glob(part) else {
            return self.walk(at.join(part), rest, budget);
        };
        let hidden = part.starts_with('.');
        let matching = entries(&at, budget)
            .into_iter()
            .filter(|(name, _)| (hidden || !name.starts_with('.')) && glob.is_match(name));
        let matching: Vec<PathBuf> = matching.map(|(_, path)| path).collect();
        matching
            .into_iter()
            .any(|path| self.walk(path, rest, budget))
    }
}

/// A pattern for one part of a path; none for a plain name.
fn glob(part: &str) -> Option<GlobMatcher> {
    if !part.contains(['*', '?', '[']) {
        return None;
    }
    let glob = GlobBuilder::new(part)
        .literal_separator(true)
        .backslash_escape(false)
        .build();
    glob.ok().map(|glob| glob.compile_matcher())
}

fn has_file(folder: &Path, budget: &mut usize) -> bool {
    entries(folder, budget).into_iter().any(|(_, path)| {
        // Folders behind links are not entered, as `os.walk` does not.
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => has_file(&path, budget),
            Ok(_) => true,
            Err(_) => false,
        }
    })
}

fn entries(folder: &Path, budget: &mut usize) -> Vec<(String, PathBuf)> {
    let Ok(read) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for entry in read.flatten() {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        out.push((
            entry.file_name().to_string_lossy().into_owned(),
            entry.path(),
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn paths_folders_and_globs() {
        let folder = Folder::new();
        folder.write("in/a.csv", "");
        folder.write("deep/x/y/b.txt", "");
        folder.write("hidden/.c", "");
        std::fs::create_dir_all(folder.path().join("empty/inner")).unwrap();
        for (pattern, recursive, expected) in [
            ("in/a.csv", false, true),
            ("in/b.csv", false, false),
            ("in/*.csv", false, true),
            ("*/a.csv", false, true),
            ("in/?.[ct]sv", false, true),
            ("in", false, true),
            ("empty", false, false),
            ("deep", false, true),
            ("hidden/*", false, false),
            ("hidden/.*", false, true),
            ("**/b.txt", true, true),
            ("**/b.txt", false, false),
            ("**/c.txt", true, false),
        ] {
            let path = folder.path().join(pattern).to_string_lossy().into_owned();
            let sought = Sought {
                path,
                recursive,
                every: TimeDelta::ZERO,
            };
            assert_eq!(
                sought.is_there(),
                expected,
                "{pattern} recursive={recursive}"
            );
        }
    }
}
