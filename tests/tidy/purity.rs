//! What stays pure: no clock, no files, no network, no environment, no chance, no log, no async.

use crate::tree::{files, none};

/// Layers that only think.
const PURE: &[&str] = &[
    "src/model/",
    "src/engine/",
    "src/dagfile/",
    "src/platform/",
    "src/observe/",
];
/// What they must not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Timestamp::now(",
    "Zoned::now(",
    "tokio",
    "tracing::",
    "println!",
    "eprintln!",
    "getrandom",
    "async fn",
    ".await",
    "std::os",
];
/// Where the product may read a clock. The worker measures what happens outside, so it has one.
const CLOCKS: &[&str] = &["src/boot/clock.rs", "src/worker/clock.rs"];

#[test]
fn pure_layers_stay_pure() {
    let mut bad = Vec::new();
    for file in files()
        .iter()
        .filter(|file| file.is_product() && !file.is_test())
    {
        if !PURE.iter().any(|layer| file.path.starts_with(layer)) {
            continue;
        }
        for (at, line) in file.product_lines().iter().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            for word in IMPURE.iter().filter(|word| code.contains(**word)) {
                bad.push(format!("{}:{}: `{word}`", file.path, at + 1));
            }
        }
    }
    none(&bad, "Time, chance and the outside come in as arguments.");
}

#[test]
fn the_clock_has_one_owner() {
    let mut bad = Vec::new();
    for file in files()
        .iter()
        .filter(|file| file.is_product() && !file.is_test())
    {
        if CLOCKS.contains(&file.path.as_str()) {
            continue;
        }
        for (at, line) in file.product_lines().iter().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            if code.contains("SystemTime::now") || code.contains("Timestamp::now(") {
                bad.push(format!("{}:{}: reads the clock", file.path, at + 1));
            }
        }
    }
    none(&bad, "Take `now: Timestamp` or a `Clock`.");
}

#[test]
fn only_the_edges_serialise() {
    let mut bad = Vec::new();
    for file in files()
        .iter()
        .filter(|file| file.path.starts_with("src/model/"))
    {
        if ["serde::", "Serialize,", "Serialize)", "Deserialize"]
            .iter()
            .any(|word| file.text().contains(word))
        {
            bad.push(file.path.clone());
        }
    }
    none(
        &bad,
        "Model types are not serialised: wire types and records are, by hand.",
    );
}
