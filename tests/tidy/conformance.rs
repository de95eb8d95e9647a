//! The table of Airflow's numbered behaviours and what proves each, made from the sources.
//!
//! A Rust test proves item 34 when it is called `s034_...`, items 113 to 116 when it is called
//! `s113_to_s116_...`; so does a Python test of `tests/airflow` that is called `test_s034_...`. The live oracle proves the numbers that its features name.

use std::collections::{BTreeMap, BTreeSet};
use std::{fmt::Write, fs, ops::RangeInclusive};

use crate::tree::{File, files, root};

const ITEMS: &str = "tests/conformance/items.txt";
const TABLE: &str = "tests/conformance/SEMANTICS.md";
const ORACLE: &str = "tests/oracle/";
const AIRFLOW: &str = "tests/airflow/";
const N_ITEMS: usize = 155;

struct Item<'a> {
    chapter: &'a str,
    recorded: Option<&'a str>,
    title: &'a str,
}

/// The numbers that the name of a function claims.
fn numbers(name: &str) -> Option<RangeInclusive<usize>> {
    let number = |text: &str| -> Option<usize> {
        let digits = text.strip_prefix('s')?.get(..3)?;
        digits.parse().ok()
    };
    let (first, rest) = (number(name)?, name.get(4..)?);
    let last = rest.strip_prefix("_to_").and_then(number);
    rest.starts_with('_').then(|| first..=last.unwrap_or(first))
}

/// The tests of one Rust file: the function after each `#[test]`.
fn tests(text: &str) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    text.lines().filter_map(move |line| {
        let line = line.trim_start();
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
            return None;
        }
        let head = line.strip_prefix("async ").unwrap_or(line);
        let name = head.strip_prefix("fn ")?.split(['(', '<']).next()?;
        std::mem::take(&mut is_test).then_some(name)
    })
}

/// The tests of one Python file, without the `test_` that they begin with.
fn python_tests(text: &str) -> impl Iterator<Item = &str> {
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("def test_"));
    names.filter_map(|name| name.split('(').next())
}

/// The numbers that a Python test claims: several may follow each other, and some be ranges, as in
/// `s074_s113_to_s117_triggers`.
fn python_numbers(mut name: &str) -> Vec<usize> {
    let mut found = Vec::new();
    while let Some(range) = numbers(name) {
        let n_letters = if range.start() == range.end() { 5 } else { 13 };
        found.extend(range);
        name = name.get(n_letters..).unwrap_or("");
    }
    found
}

/// The layer or suite that a file belongs to.
fn place(file: &File) -> &str {
    file.path.split('/').nth(1).unwrap_or("")
}

fn items(text: &str) -> BTreeMap<usize, Item<'_>> {
    let mut items = BTreeMap::new();
    let mut chapter = "";
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("= ") {
            chapter = name;
        } else if let [number, recorded, title] = line.split(" | ").collect::<Vec<_>>()[..] {
            let item = Item {
                chapter,
                recorded: Some(recorded).filter(|recorded| *recorded != "-"),
                title,
            };
            let earlier = items.insert(number.parse().expect(line), item);
            assert!(earlier.is_none(), "{ITEMS} has {number} twice");
        } else {
            assert!(line.is_empty(), "{ITEMS}: `{line}`");
        }
    }
    let all: Vec<_> = items.keys().copied().collect();
    assert_eq!(all, (1..=N_ITEMS).collect::<Vec<_>>(), "{ITEMS}");
    items
}

/// Each number with the tests that claim it.
fn claims(files: &[File]) -> BTreeMap<usize, BTreeSet<String>> {
    let mut claims: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        for name in tests(file.text()) {
            for number in numbers(name).into_iter().flatten() {
                let claim = format!("{} `{name}`", place(file));
                claims.entry(number).or_default().insert(claim);
            }
        }
    }
    let python = |file: &&File| file.path.starts_with(AIRFLOW) && file.path.ends_with(".py");
    for file in files.iter().filter(python) {
        for name in python_tests(file.text()) {
            for number in python_numbers(name) {
                let claim = format!("{} `test_{name}`", place(file));
                claims.entry(number).or_default().insert(claim);
            }
        }
    }
    claims
}

/// Each number with the features of the oracle's generator that name it, as in
/// `@feature(49, 61)` above `def retries(`.
fn features(files: &[File]) -> BTreeMap<usize, BTreeSet<String>> {
    let mut found: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let python = |file: &&File| file.path.starts_with(ORACLE) && file.path.ends_with(".py");
    for file in files.iter().filter(python) {
        let mut named = Vec::new();
        for line in file.text().lines() {
            if let Some(list) = line.strip_prefix("@feature(") {
                let list = list.split(')').next().unwrap_or("").split(',');
                named.extend(list.filter_map(|number| number.trim().parse::<usize>().ok()));
            } else if let Some(name) = line.strip_prefix("def ") {
                let name = name.split('(').next().unwrap_or("");
                for number in named.drain(..) {
                    found.entry(number).or_default().insert(name.to_owned());
                }
            }
        }
    }
    found
}

fn table() -> String {
    let files = files();
    let text = fs::read_to_string(root().join(ITEMS)).unwrap();
    let items = items(&text);
    let (claims, features) = (claims(&files), features(&files));
    let unknown = |number: &&usize| !items.contains_key(number);
    let unknown: Vec<_> = claims
        .keys()
        .chain(features.keys())
        .filter(unknown)
        .collect();
    assert!(unknown.is_empty(), "no such items: {unknown:?}: {claims:?}");
    let mut rows = String::new();
    let (mut chapter, mut n_tested, mut n_recorded, mut n_oracle, mut n_bare) = ("", 0, 0, 0, 0);
    for (number, item) in &items {
        if item.chapter != chapter {
            chapter = item.chapter;
            write!(
                rows,
                "\n## {chapter}\n\n| | behaviour | tests | evidence |\n"
            )
            .unwrap();
            rows += "| ---: | --- | --- | --- |\n";
        }
        let tests = claims.get(number);
        let list = tests.map_or(String::new(), |tests| {
            Vec::from_iter(tests.iter().map(String::as_str)).join("<br>")
        });
        let mut evidence: Vec<String> = Vec::new();
        evidence.extend(item.recorded.map(|set| format!("vector ({set})")));
        evidence.extend(features.get(number).map(|names| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            format!("oracle ({})", names.join(", "))
        }));
        n_tested += usize::from(tests.is_some());
        n_recorded += usize::from(item.recorded.is_some());
        n_oracle += usize::from(features.contains_key(number));
        n_bare += usize::from(tests.is_none() && evidence.is_empty());
        if evidence.is_empty() {
            evidence.push(tests.map_or("nothing yet", |_| "source").to_owned());
        }
        let (title, evidence) = (item.title, evidence.join(", "));
        writeln!(rows, "| {number} | {title} | {list} | {evidence} |").unwrap();
    }
    format!(
        "# Airflow's scheduling behaviours, and what proves each\n\n\
         Made by `make conformance` from `items.txt` beside this file, the names of the tests and \
         the features of the live oracle.\n\
         Evidence says what the expectation was taken from: `vector` what a real Airflow 3.3.2 was \
         recorded to do, `oracle` what it does\nbeside us, `source` what its source says.\n\n\
         | items | with a test that names them | recorded | in the oracle | with none of these |\n\
         | ---: | ---: | ---: | ---: | ---: |\n\
         | {} | {n_tested} | {n_recorded} | {n_oracle} | {n_bare} |\n{rows}",
        items.len()
    )
}

#[test]
fn the_table_of_conformance_is_the_golden_one() {
    let table = table();
    let path = root().join(TABLE);
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let differs = table
        .lines()
        .zip(golden.lines())
        .find(|(new, old)| new != old);
    assert!(
        table == golden,
        "{TABLE} is stale: run `make conformance` and commit it. First difference: {differs:?}"
    );
}

#[test]
fn names_claim_numbers() {
    let of = |name| numbers(name).map(|range| (*range.start(), *range.end()));
    assert_eq!(of("s034_failures"), Some((34, 34)));
    assert_eq!(of("s113_to_s116_goes_on"), Some((113, 116)));
    assert_eq!(of("s1_short"), None);
    assert_eq!(of("skips"), None);
    let text = "#[test]\nfn s001_a() {\n#[test]\n#[ignore]\nfn s002_b()\nfn s003_c()";
    assert_eq!(Vec::from_iter(tests(text)), ["s001_a", "s002_b"]);
}
