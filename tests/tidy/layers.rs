//! Who may know whom: the golden table of layers, and the heavy packages at home.

use std::{collections::BTreeMap, fmt::Write, fs, process::Command};

use serde_json::Value;

use crate::tree::root;

/// Packages that may appear in one manifest alone.
const HEAVY: &[(&str, &[&str])] = &[
    ("redb", &["store"]),
    ("axum", &["api"]),
    ("rust-embed", &["api"]),
    ("utoipa", &["api"]),
    ("utoipa-axum", &["api"]),
    ("minijinja", &["dagfile"]),
    ("reqwest", &["worker"]),
    ("rustls", &["worker"]),
    ("wasmtime", &["worker"]),
    ("rcgen", &["security"]),
    ("openidconnect", &["security"]),
    ("aes-gcm", &["security"]),
    ("clap", &["orrery"]),
    ("tracing-subscriber", &["orrery"]),
];

/// Each member of the workspace with the packages in its manifest (those for tests left out).
pub fn members() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut members = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let normal = |d: &&Value| d["kind"].is_null();
        let names = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(normal);
        let mut names: Vec<_> = names
            .map(|d| d["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        members.insert(package["name"].as_str().unwrap().to_owned(), names);
    }
    members
}

#[test]
fn the_layer_table_is_the_golden_one() {
    let members = members();
    let mut table = String::from("# layer: the layers that it may know\n");
    for (name, names) in &members {
        let ours: Vec<_> = names
            .iter()
            .filter(|n| members.contains_key(*n))
            .cloned()
            .collect();
        writeln!(table, "{name}: {}", ours.join(" ")).unwrap();
    }
    let path = root().join("tests/golden/layers.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        table, golden,
        "A new edge between layers is a decision: write it into DECISIONS.md, then run the tests with \
         UPDATE_EXPECT=1."
    );
}

#[test]
fn heavy_packages_stay_at_home() {
    let members = members();
    for (heavy, homes) in HEAVY {
        for (name, names) in &members {
            let here = names.iter().any(|n| n == heavy);
            assert!(
                !here || homes.contains(&name.as_str()),
                "{heavy} lives in {homes:?}, not in {name}"
            );
        }
    }
}

#[test]
fn every_outside_package_has_a_reason() {
    let decisions = fs::read_to_string(root().join("DECISIONS.md")).unwrap();
    let members = members();
    let mut missing = Vec::new();
    for (member, names) in &members {
        for name in names.iter().filter(|name| !members.contains_key(*name)) {
            if !decisions.contains(&format!("`{name}`")) {
                missing.push(format!("{name} (in {member})"));
            }
        }
    }
    missing.sort();
    missing.dedup();
    assert!(
        missing.is_empty(),
        "DECISIONS.md gives no reason for: {}",
        missing.join(", ")
    );
}

#[test]
fn versions_stand_in_one_place() {
    for file in crate::tree::files() {
        let manifest = file.path.ends_with("Cargo.toml") && file.path != "Cargo.toml";
        if manifest {
            let text = file.text();
            let pinned = text
                .lines()
                .find(|line| line.contains("version = \"") || line.contains("= \"0."));
            assert!(
                pinned.is_none(),
                "{}: `{}` belongs into the root",
                file.path,
                pinned.unwrap()
            );
        }
    }
}
