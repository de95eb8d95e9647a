//! `make bench`: measures the release binary on this machine, beside the machine's own floors in
//! the same run, and prints one JSON object.
//!
//! Usage: `bench BINARY [--quick] [--only NAME,NAME]`. Everything is on loopback and below a
//! temporary folder, bounded in work, and stops by itself.

mod dags;
mod floors;
mod lists;
mod stats;
mod tasks;

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use kit::{Options, Server};
use stats::{median, spread};

/// What is measured, in order. The last ones need the full store that `history` makes.
const ALL: &[&str] = &[
    "floors", "start", "idle", "chain", "spawn", "empty", "dags", "history",
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
    let floors = floors::measure();
    for name in ALL.iter().filter(|name| wanted(name)) {
        eprintln!("bench: {name}");
        let figures = match *name {
            "floors" => floors.to_json(),
            "start" => start(&binary),
            "idle" => idle(&binary, if quick { 5 } else { 30 }),
            "chain" => tasks::chain(&binary, 100 / scale, &floors),
            "spawn" => tasks::independent(&binary, &[1_000 / scale, 10_000 / scale], &floors),
            "empty" => tasks::empty(&binary, &[10_000 / scale, 100_000 / scale]),
            "dags" => tasks::many_dags(&binary, &[1_000 / scale, 10_000 / scale]),
            _ => history(&binary, 1_000_000 / scale),
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
    for _ in 0..9 {
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
    std::thread::sleep(std::time::Duration::from_secs(3));
    let before = server.cpu_seconds();
    std::thread::sleep(std::time::Duration::from_secs(seconds));
    let cpu = (server.cpu_seconds() - before) / seconds as f64 * 100.0;
    let pss = server.pss_mib();
    server.stop();
    json!({ "pss_mib": pss, "must_mib": 40, "cpu_percent_of_a_core": cpu, "must_percent": 0.1 })
}

/// A store with `n` finished task instances: throughput, start, memory and lists beside the empty
/// one.
fn history(binary: &std::path::Path, n: usize) -> Value {
    let (dag_tasks, empty_store) = (10_000, tasks::empty_rate(binary, 10_000, 3));
    let server = Server::start(
        binary,
        &Options {
            dags: dags::empties(dag_tasks),
            ..Options::default()
        },
    );
    let mut runs = 0;
    while runs * dag_tasks < n {
        server.run_to_end("empties");
        runs += 1;
    }
    let rates: Vec<_> = (0..5)
        .map(|_| tasks::one_empty_run(&server, dag_tasks))
        .collect();
    let lists = lists::measure(&server);
    let (pss, bytes) = (server.pss_mib(), server.store_bytes());
    let folder = server.stop_keeping();
    let again = |kill: bool| {
        let mut millis = Vec::new();
        for _ in 0..5 {
            let server = Server::start_in(binary, folder.clone(), &Options::default());
            millis.push(server.ready_ms);
            if kill {
                server.kill_keeping()
            } else {
                server.stop_keeping()
            };
        }
        millis
    };
    // The first start after a kill is what counts, so each of the second round follows one.
    let (clean, killed) = (again(false), again(true));
    std::fs::remove_dir_all(&folder).ok();
    let full = median(&rates);
    json!({
        "finished_task_instances": runs * dag_tasks, "store_mib": bytes >> 20, "pss_mib": pss,
        "empty_tasks_per_s": full, "spread": spread(&rates),
        "empty_tasks_per_s_empty_store": empty_store,
        "slower_than_empty_store_x": empty_store / full, "must_x": 1.2,
        "ready_ms_p50": median(&clean), "must_ms": 300, "ready_ms_after_kill_p50": median(&killed[1..]),
        "lists": lists,
    })
}
