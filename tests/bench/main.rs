//! `make bench`: measures the release binary on this machine, beside the machine's own floors in
//! the same run, and prints one JSON object.
//!
//! Usage: `bench BINARY [--quick] [--only NAME,NAME]`. Everything is on loopback and below a
//! temporary folder, bounded in work, and stops by itself.

mod backfills;
mod dags;
mod due;
mod floors;
mod history;
mod inner;
mod inside;
mod lists;
mod stats;
mod tasks;

use std::{path::PathBuf, time::Duration};

use serde_json::{Map, Value, json};

use kit::{Options, Server};
use stats::{median, spread};

/// What is measured, in order. The last ones need the full store that `history` makes.
const ALL: &[&str] = &[
    "floors",
    "start",
    "idle",
    "finish",
    "expand",
    "consumers",
    "timetables",
    "chain",
    "spawn",
    "empty",
    "dags",
    "due",
    "backfill",
    "history",
];

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let binary = PathBuf::from(
        arguments
            .first()
            .expect("usage: bench BINARY [--quick] [--only A,B]"),
    );
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let only = arguments
        .iter()
        .position(|a| a == "--only")
        .and_then(|at| arguments.get(at + 1));
    let wanted = |name: &str| only.is_none_or(|only| only.split(',').any(|one| one == name));
    let scale = if quick { 10 } else { 1 };
    let mut report = Map::new();
    for name in ALL.iter().filter(|name| wanted(name)) {
        eprintln!("bench: {name}");
        let figures = match *name {
            "floors" => floors::measure().to_json(),
            "start" => start(&binary),
            "idle" => idle(&binary, if quick { 10 } else { 60 }),
            "finish" => inner::finish(&[10, 1_000, 50_000 / scale]),
            "expand" => inner::expand(10_000 / scale),
            "consumers" => inner::consumers(1_000 / scale),
            "timetables" => inner::timetables(10_000 / scale),
            "due" => due::measure(&binary, 10_000 / scale, if quick { 10 } else { 60 }),
            "chain" => tasks::chain(&binary, &[100 / scale, 1_000 / scale]),
            "spawn" => tasks::independent(&binary, &[1_000 / scale, 10_000 / scale]),
            "empty" => tasks::empty(&binary, &[10_000 / scale, 100_000 / scale]),
            "dags" => tasks::many_dags(&binary, &[1_000 / scale, 10_000 / scale]),
            "backfill" => backfills::measure(&binary, 10_000 / scale),
            _ => history::measure(&binary, 1_000_000 / scale, 1_000 / scale),
        };
        report.insert((*name).to_owned(), figures);
    }
    println!(
        "{}",
        serde_json::to_string_pretty(&Value::Object(report)).unwrap()
    );
}

/// Start to ready with an empty store: from the spawn to the first answer of the health endpoint.
fn start(binary: &std::path::Path) -> Value {
    let mut millis = Vec::new();
    for _ in 0..15 {
        let server = Server::start(binary, &Options::default());
        millis.push(server.ready_ms);
        server.stop();
    }
    json!({ "ready_ms_p50": median(&millis), "spread": spread(&millis), "must_ms": 150 })
}

/// Memory (PSS of server and worker process) and CPU of an idle server, after it has settled.
fn idle(binary: &std::path::Path, seconds: u64) -> Value {
    let server = Server::start(
        binary,
        &Options {
            dags: kit::examples(),
            ..Options::default()
        },
    );
    let cpu = cpu_percent(&server, seconds);
    let pss = server.pss_mib();
    server.stop();
    json!({ "pss_mib": pss, "must_mib": 40, "cpu_percent_of_a_core": cpu, "must_percent": 0.1 })
}

/// CPU of server and worker process while nothing is to be done, once it has settled.
fn cpu_percent(server: &Server, seconds: u64) -> f64 {
    std::thread::sleep(Duration::from_secs(3));
    let before = server.cpu_seconds();
    std::thread::sleep(Duration::from_secs(seconds));
    (server.cpu_seconds() - before) / seconds as f64 * 100.0
}
