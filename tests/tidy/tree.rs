//! The files of the repository, as git tracks them.

use std::{fs, path::PathBuf, process::Command};

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// One tracked file.
pub struct File {
    /// Relative to the root.
    pub path: String,
    /// Its bytes; empty for a file deleted in the work tree.
    pub bytes: Vec<u8>,
}

impl File {
    /// Its text, empty when it is none.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or("")
    }
    /// Whether it is Rust source of the product.
    pub fn is_product(&self) -> bool {
        self.path.starts_with("src/") && self.path.ends_with(".rs")
    }
    /// Whether it holds nothing but tests.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.starts_with("tests/")
            || self.path.contains("/tests/")
    }
    /// The lines before the inline test module.
    pub fn product_lines(&self) -> Vec<&str> {
        let lines: Vec<_> = self.text().lines().collect();
        let end = lines
            .iter()
            .position(|line| *line == "#[cfg(test)]")
            .unwrap_or(lines.len());
        let inline = lines.get(end + 1).is_some_and(|next| next.ends_with('{'));
        if inline { lines[..end].to_vec() } else { lines }
    }
}

/// All tracked files, and the new ones that git does not ignore.
pub fn files() -> Vec<File> {
    let root = root();
    let listing = Command::new("git")
        .args(["ls-files", "-co", "--exclude-standard", "-z"])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(listing.status.success(), "git ls-files failed");
    let names = String::from_utf8(listing.stdout).unwrap();
    let read = |path: &str| File {
        path: path.to_owned(),
        bytes: fs::read(root.join(path)).unwrap_or_default(),
    };
    let files: Vec<_> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(read)
        .collect();
    assert!(files.len() > 50, "the listing is too short to be true");
    files
}

/// Fails with all complaints at once.
pub fn none(complaints: &[String], rule: &str) {
    assert!(
        complaints.is_empty(),
        "{rule}\n  {}",
        complaints.join("\n  ")
    );
}
