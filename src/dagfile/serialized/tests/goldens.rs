//! Every sample as text, and its hash as upstream computes it.

use std::{collections::BTreeMap, path::Path};

use super::super::{decode, version_hash};
use super::{mutations::holds_together, samples, text};

#[test]
fn samples_are_as_recorded() {
    let samples = samples::committed();
    assert!(samples.len() >= 20, "{}", samples.len());
    for (name, document) in samples {
        let dag = decode(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
        holds_together(&dag);
        let golden = samples::folder()
            .join("goldens")
            .join(format!("{name}.txt"));
        expect_test::expect_file![golden].assert_eq(&text::dag(&dag));
    }
}

#[test]
fn hashes_are_upstreams() {
    let hashes = std::fs::read_to_string(samples::folder().join("hashes.txt")).unwrap();
    let hashes: BTreeMap<&str, &str> = hashes
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    for (name, document) in samples::committed() {
        assert_eq!(version_hash(&document), hashes[name.as_str()], "{name}");
    }
}

#[test]
fn a_hash_is_of_what_is_said_not_of_how() {
    let hash = |text: &str| version_hash(&serde_json::from_str(text).unwrap());
    let one = hash(r#"{"dag": {"dag_id": "é", "fileloc": "/a", "tags": ["x", "y"]}}"#);
    let two = hash(r#"{"dag": {"tags": ["y", "x"], "fileloc": "/b", "dag_id": "\u00e9"}}"#);
    assert_eq!(one, two);
    assert_ne!(one, hash(r#"{"dag": {"dag_id": "e", "tags": ["x", "y"]}}"#));
}

/// A folder with many more samples, where there is one.
#[test]
fn samples_elsewhere_can_be_read() {
    let Some(folder) = std::env::var_os("AIRFLOW_SERIALIZED") else {
        return;
    };
    let folder = Path::new(&folder);
    if !folder.is_dir() {
        return;
    }
    for (name, document) in samples::of(folder) {
        let dag = decode(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
        holds_together(&dag);
    }
}

/// Not a test of anything: prints how fast the largest sample is read.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let samples = samples::committed();
    let size = |document: &model::Json| document.to_string().len();
    let (name, document) = samples.iter().max_by_key(|(_, d)| size(d)).unwrap();
    let start = std::time::Instant::now();
    let mut n = 0_u32;
    while start.elapsed().as_millis() < 1_000 {
        assert!(decode(document).is_ok());
        n += 1;
    }
    println!("{name}: {} bytes, {n} decodes/s", size(document));
    let start = std::time::Instant::now();
    let mut n = 0_u32;
    while start.elapsed().as_millis() < 1_000 {
        assert_eq!(version_hash(document).len(), 32);
        n += 1;
    }
    println!("{n} hashes/s");
}
