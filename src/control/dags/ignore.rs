//! `.airflowignore` in glob syntax: what `.gitignore` files mean, for the folder they are in.

use globset::{GlobBuilder, GlobMatcher};

/// The rules of one `.airflowignore`.
pub(super) struct Ignore {
    /// The folder that it is in, relative to the dag folder with `/` at the end; empty for the top.
    base: String,
    rules: Vec<Rule>,
}

struct Rule {
    glob: GlobMatcher,
    negated: bool,
    only_folders: bool,
}

impl Ignore {
    pub(super) fn parse(base: String, text: &str) -> Self {
        let rules = text.lines().filter_map(rule).collect();
        Self { base, rules }
    }

    /// What the last rule that matches says; none when none does.
    fn verdict(&self, path: &str, is_folder: bool) -> Option<bool> {
        let path = path.strip_prefix(&self.base)?;
        let matching = self
            .rules
            .iter()
            .rev()
            .find(|rule| (is_folder || !rule.only_folders) && rule.glob.is_match(path));
        matching.map(|rule| !rule.negated)
    }
}

/// Whether a path is left out by the files from the top down to its folder.
pub(super) fn is_ignored(ignores: &[Ignore], path: &str, is_folder: bool) -> bool {
    let verdict = ignores
        .iter()
        .rev()
        .find_map(|ignore| ignore.verdict(path, is_folder));
    verdict.unwrap_or(false)
}

fn rule(line: &str) -> Option<Rule> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let (negated, line) = line
        .strip_prefix('!')
        .map_or((false, line), |rest| (true, rest));
    let (only_folders, line) = line
        .strip_suffix('/')
        .map_or((false, line), |rest| (true, rest));
    // A slash at the start or in the middle ties the pattern to the folder of the file.
    let pattern = match line.strip_prefix('/') {
        Some(tied) => tied.to_owned(),
        None if line.contains('/') => line.to_owned(),
        None => format!("**/{line}"),
    };
    let glob = GlobBuilder::new(&pattern)
        .literal_separator(true)
        .build()
        .ok()?;
    Some(Rule {
        glob: glob.compile_matcher(),
        negated,
        only_folders,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_git_means() {
        let top = Ignore::parse(
            String::new(),
            "# old things\narchive/\n*_test.yaml\n/top.yaml\na/*/c.yaml\n!keep_test.yaml\n",
        );
        let inner = Ignore::parse("sub/".to_owned(), "here.yaml\n");
        let ignores = [top, inner];
        for (path, is_folder, expected) in [
            ("archive", true, true),
            ("archive", false, false),
            ("x/archive", true, true),
            ("x/a_test.yaml", false, true),
            ("keep_test.yaml", false, false),
            ("top.yaml", false, true),
            ("x/top.yaml", false, false),
            ("a/b/c.yaml", false, true),
            ("a/b/d/c.yaml", false, false),
            ("sub/here.yaml", false, true),
            ("here.yaml", false, false),
            ("sub/x_test.yaml", false, true),
        ] {
            assert_eq!(is_ignored(&ignores, path, is_folder), expected, "{path}");
        }
    }
}
