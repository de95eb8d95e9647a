//! What is in the dag folder now: names and stamps, no contents.

use std::{
    collections::{BTreeMap, HashSet},
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use model::limits::DAG_FILES_MAX;

use super::ignore::{Ignore, is_ignored};

/// Size in bytes, modification time in nanoseconds, inode.
pub(super) type Stamp = (u64, i64, u64);

/// Folders within folders that are entered.
const DEPTH_MAX: usize = 64;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    /// Dag files by their path relative to the dag folder, with `/`.
    pub(super) files: BTreeMap<String, Stamp>,
    /// Folders that could not be read, as prefixes: what is in them stays as it was.
    pub(super) unreadable: Vec<String>,
    /// Python files and archives likewise. Which of them say dags is for others to tell.
    pub(super) python: BTreeMap<String, Stamp>,
    /// Files beyond [`DAG_FILES_MAX`]: left alone.
    pub(super) n_too_many: usize,
}

/// Goes through the folder. `on_folder` is told of each folder before its entries are read, so that
/// a watch placed there misses nothing.
///
/// # Errors
/// When the dag folder itself cannot be read.
pub(super) fn walk(root: &Path, on_folder: &mut dyn FnMut(&Path)) -> io::Result<Found> {
    let mut walk = Walk {
        found: Found::default(),
        seen: HashSet::new(),
        on_folder,
    };
    let mut ignores = Vec::new();
    walk.folder(root, "", &mut ignores)?;
    Ok(walk.found)
}

pub(super) fn stamp(meta: &fs::Metadata) -> Stamp {
    let ns = meta
        .mtime()
        .saturating_mul(1_000_000_000)
        .saturating_add(meta.mtime_nsec());
    (meta.len(), ns, meta.ino())
}

struct Walk<'a> {
    found: Found,
    /// Each folder is entered once, however many links lead there.
    seen: HashSet<(u64, u64)>,
    on_folder: &'a mut dyn FnMut(&Path),
}

impl Walk<'_> {
    fn folder(&mut self, at: &Path, base: &str, ignores: &mut Vec<Ignore>) -> io::Result<()> {
        let meta = fs::metadata(at)?;
        if !self.seen.insert((meta.dev(), meta.ino())) || ignores.len() > DEPTH_MAX {
            return Ok(());
        }
        (self.on_folder)(at);
        let mut entries: Vec<(String, PathBuf)> = Vec::new();
        for entry in fs::read_dir(at)? {
            let entry = entry?;
            // A name that is not UTF-8 cannot be shown nor sent; it is passed over.
            if let Ok(name) = entry.file_name().into_string() {
                entries.push((name, entry.path()));
            }
        }
        entries.sort();
        let rules = fs::read_to_string(at.join(".airflowignore")).unwrap_or_default();
        ignores.push(Ignore::parse(base.to_owned(), &rules));
        for (name, path) in entries {
            self.entry(&name, &path, base, ignores);
        }
        ignores.pop();
        Ok(())
    }

    fn entry(&mut self, name: &str, path: &Path, base: &str, ignores: &mut Vec<Ignore>) {
        if name.starts_with('.') {
            return;
        }
        let relative = format!("{base}{name}");
        // Follows links; one that leads nowhere is passed over.
        let Ok(meta) = fs::metadata(path) else { return };
        if is_ignored(ignores, &relative, meta.is_dir()) {
            return;
        }
        if meta.is_dir() {
            let base = format!("{relative}/");
            if self.folder(path, &base, ignores).is_err() {
                self.found.unreadable.push(base);
            }
            return;
        }
        let files = if is_python(name) {
            &mut self.found.python
        } else if is_dag_file(name) {
            &mut self.found.files
        } else {
            return;
        };
        if !meta.is_file() {
            return;
        }
        if files.len() < DAG_FILES_MAX {
            files.insert(relative, stamp(&meta));
        } else {
            self.found.n_too_many += 1;
        }
    }
}

pub(super) fn is_python(name: &str) -> bool {
    name.ends_with(".py") || name.ends_with(".zip")
}

pub(super) fn is_dag_file(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::testing::Folder;

    #[test]
    fn hidden_ignored_and_looping_things_are_passed_over() {
        let folder = Folder::new();
        for name in [
            "a.yaml",
            "b.yml",
            "c.py",
            "d.txt",
            ".hidden.yaml",
            ".git/e.yaml",
            "sub/f.yaml",
            "old/g.yaml",
            "sub/deep/h.yaml",
        ] {
            folder.write(name, "");
        }
        folder.write(".airflowignore", "old/\n");
        folder.write("sub/.airflowignore", "deep\n");
        symlink(folder.path(), folder.path().join("sub/loop")).unwrap();
        symlink("nowhere", folder.path().join("dangling.yaml")).unwrap();
        symlink(folder.path().join("d.txt"), folder.path().join("link.yaml")).unwrap();
        let mut folders = 0;
        let found = walk(folder.path(), &mut |_| folders += 1).unwrap();
        let names: Vec<&str> = found.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["a.yaml", "b.yml", "link.yaml", "sub/f.yaml"]);
        assert_eq!((found.python.len(), folders), (1, 2));
        assert!(walk(&folder.path().join("none"), &mut |_| ()).is_err());
    }
}
