//! Every error code has its page, and every page its code.

use std::collections::BTreeSet;

use crate::tree::{File, files, none};

const PAGES: &str = "assets/errors/";

fn codes(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices('-') {
        let (Some(head), Some(tail)) = (text.get(at.wrapping_sub(3)..at), text.get(at + 1..at + 4))
        else {
            continue;
        };
        let before = text.get(..at - 3).and_then(|rest| rest.chars().last());
        let after = text.get(at + 4..).and_then(|rest| rest.chars().next());
        let bounded =
            |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let shape = head.bytes().all(|b| b.is_ascii_uppercase())
            && tail.bytes().all(|b| b.is_ascii_digit());
        if shape && bounded(before) && bounded(after) {
            found.insert(format!("{head}-{tail}"));
        }
    }
    found
}

fn is_ours(code: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "CFG", "NET", "CLI", "STO", "DAG", "RUN", "TSK", "CTL", "API", "SEC", "RTM",
    ];
    code.get(..3)
        .is_some_and(|prefix| PREFIXES.contains(&prefix))
}

fn pages(files: &[File]) -> BTreeSet<String> {
    let name = |file: &File| {
        Some(
            file.path
                .strip_prefix(PAGES)?
                .strip_suffix(".md")?
                .to_owned(),
        )
    };
    files.iter().filter_map(name).collect()
}

#[test]
fn codes_and_pages_pair() {
    let files = files();
    let mut used = BTreeSet::new();
    for file in files
        .iter()
        .filter(|file| file.is_product() && !file.is_test())
    {
        used.extend(
            file.product_lines()
                .iter()
                .flat_map(|line| codes(line))
                .filter(|code| is_ours(code)),
        );
    }
    assert!(used.len() > 5, "found too few codes to believe: {used:?}");
    let pages = pages(&files);
    let mut bad: Vec<_> = used
        .difference(&pages)
        .map(|code| format!("{code} has no page"))
        .collect();
    bad.extend(
        pages
            .difference(&used)
            .map(|code| format!("{code} has a page and no use")),
    );
    none(
        &bad,
        "Each public error has a page in assets/errors, compiled into the binary.",
    );
}

#[test]
fn pages_say_cause_and_cure() {
    let mut bad = Vec::new();
    for file in files().iter().filter(|file| file.path.starts_with(PAGES)) {
        let code = file.path.trim_start_matches(PAGES).trim_end_matches(".md");
        if !file.text().starts_with(&format!("# {code}: ")) {
            bad.push(format!(
                "{}: the title is `# {code}: what happened`",
                file.path
            ));
        }
        for part in ["\n## Cause\n", "\n## What to do\n"] {
            if !file.text().contains(part) {
                bad.push(format!("{}: lacks `{}`", file.path, part.trim()));
            }
        }
    }
    none(&bad, "An error says what to do.");
}

#[test]
fn finds_codes_in_text() {
    let found = codes("`SEC-001: x` XSEC-002 SEC-0034 (DAG-010) UTF-8 A-CTL-009");
    assert_eq!(
        found.into_iter().collect::<Vec<_>>(),
        ["DAG-010", "SEC-001"]
    );
}
