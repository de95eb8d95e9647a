//! How large things may grow.

use crate::tree::{files, none};

const FILE_LINES_MAX: usize = 600;
const FILE_LINES_MEDIAN_MAX: usize = 160;
const FILE_LINES_P95_MAX: usize = 450;
const LINE_COLUMNS_MAX: usize = 100;
const USE_LINES_MAX: usize = 25;
const COMPONENT_LINES_MAX: usize = 250;
const BLOB_BYTES_MAX: usize = 256 * 1024;
/// What tools make and nobody reads: no limit.
const GENERATED: &[&str] = &[
    "Cargo.lock",
    "ui/package-lock.json",
    "tests/e2e/package-lock.json",
];

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for file in files() {
        let lines = file.text().lines().count();
        let limit = if file.path.ends_with(".tsx") {
            COMPONENT_LINES_MAX
        } else {
            FILE_LINES_MAX
        };
        let code = [".rs", ".ts", ".tsx", ".py", ".sh", ".css"]
            .iter()
            .any(|end| file.path.ends_with(end));
        let generated = file.path.ends_with(".d.ts") || file.path.contains("/generated/");
        let test = file.path.ends_with(".test.tsx");
        if code && !generated && lines > if test { FILE_LINES_MAX } else { limit } {
            long.push(format!("{}: {lines} lines, {limit} at most", file.path));
        }
    }
    none(
        &long,
        "A file this long is two files that have not been introduced.",
    );
}

#[test]
fn most_files_are_small() {
    let files = files();
    let product = files
        .iter()
        .filter(|file| file.is_product() && !file.is_test());
    let mut lines: Vec<_> = product.map(|file| file.text().lines().count()).collect();
    lines.sort_unstable();
    let (median, p95) = (lines[lines.len() / 2], lines[lines.len() * 95 / 100]);
    assert!(
        median <= FILE_LINES_MEDIAN_MAX,
        "median {median} lines, {FILE_LINES_MEDIAN_MAX} at most"
    );
    assert!(
        p95 <= FILE_LINES_P95_MAX,
        "95th percentile {p95} lines, {FILE_LINES_P95_MAX} at most"
    );
}

#[test]
fn no_line_is_too_long_and_none_ends_in_space() {
    let mut bad = Vec::new();
    for file in files().iter().filter(|file| file.path.ends_with(".rs")) {
        for (at, line) in file.text().lines().enumerate() {
            let columns = line.chars().count();
            // Text in quotes is left alone by rustfmt, and expectations are as wide as what they
            // show.
            let quoted = line.contains('"') || file.is_test() || line.trim_start().starts_with('|');
            let in_tests = at >= file.product_lines().len();
            if columns > LINE_COLUMNS_MAX && !quoted && !in_tests {
                bad.push(format!("{}:{}: {columns} columns", file.path, at + 1));
            }
            if line.ends_with([' ', '\t']) && !in_tests && !file.is_test() {
                bad.push(format!("{}:{}: trailing space", file.path, at + 1));
            }
        }
    }
    none(
        &bad,
        "Lines have 100 columns at most and no trailing space.",
    );
}

#[test]
fn every_product_file_says_what_it_is_for() {
    let mut bad = Vec::new();
    for file in files()
        .iter()
        .filter(|file| file.is_product() && !file.is_test())
    {
        if !file.text().starts_with("//! ") {
            bad.push(format!("{}: does not open with `//! `", file.path));
        }
        let uses = file
            .product_lines()
            .iter()
            .filter(|line| line.starts_with("use "))
            .count();
        if uses > USE_LINES_MAX {
            bad.push(format!(
                "{}: {uses} lines of `use`, {USE_LINES_MAX} at most",
                file.path
            ));
        }
        let layer = file.path.matches('/').count() == 2 && file.path.ends_with("/lib.rs");
        if layer && !file.text().contains("//! Invariant: ") {
            bad.push(format!("{}: a layer states its invariants", file.path));
        }
    }
    none(
        &bad,
        "A reader learns from the first line what a file is for.",
    );
}

#[test]
fn no_blob_is_too_large() {
    let mut large = Vec::new();
    for file in files() {
        if file.bytes.len() > BLOB_BYTES_MAX && !GENERATED.contains(&file.path.as_str()) {
            large.push(format!("{}: {} bytes", file.path, file.bytes.len()));
        }
    }
    none(
        &large,
        "Large files make every clone slow: generate them, or keep a smaller sample.",
    );
}
