//! Workloads of tasks.

use std::{path::Path, time::Instant};

use kit::{Options, Server, escaped};
use serde_json::{Value, json};

use crate::{
    dags, floors,
    stats::{median, quantile, spread},
};

/// The gap between the end of a task and the start of the next, by the times in the API.
pub fn chain(binary: &Path, sizes: &[usize]) -> Value {
    let mut report = serde_json::Map::new();
    for &n in sizes {
        let before = floors::measure();
        let server = start(binary, dags::chain(n));
        let mut gaps = Vec::new();
        let mut medians = Vec::new();
        for _ in 0..(500 / n).clamp(1, 5) {
            let of_run = gaps_of_run(&server, n);
            medians.push(median(&of_run));
            gaps.extend(of_run);
        }
        server.stop();
        // The machine has other work: what it can do is measured before and after.
        let after = floors::measure();
        let floor =
            (before.fdatasync_ms + before.spawn_ms + after.fdatasync_ms + after.spawn_ms) / 2.0;
        let (p50, p99) = (median(&gaps), quantile(&gaps, 0.99));
        let figures = json!({
            "gap_ms_p50": p50, "gap_ms_p50_of_runs": spread(&medians), "gap_ms_p99": p99,
            "floor_ms": floor, "p50_x_floor": p50 / floor, "must_p50_x": 2,
            "p99_x_floor": p99 / floor, "must_p99_x": 5,
        });
        report.insert(n.to_string(), figures);
    }
    Value::Object(report)
}

fn gaps_of_run(server: &Server, n: usize) -> Vec<f64> {
    let run = server.run_to_end("chain");
    let mut times = task_times(server, "chain", run["dag_run_id"].as_str().unwrap());
    assert_eq!(times.len(), n);
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let gap = |pair: &[(f64, f64)]| (pair[1].0 - pair[0].1) * 1e3;
    times.windows(2).map(gap).collect()
}

/// Start and end of each task instance, in seconds.
fn task_times(server: &Server, dag_id: &str, run_id: &str) -> Vec<(f64, f64)> {
    let mut times = Vec::new();
    loop {
        let run_id = escaped(run_id);
        let offset = times.len();
        let page = server.get(&format!(
            "dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=100&offset={offset}"
        ));
        let tasks = page["task_instances"].as_array().unwrap();
        let of = |task: &Value| (seconds(&task["start_date"]), seconds(&task["end_date"]));
        times.extend(tasks.iter().map(of));
        if tasks.len() < 100 {
            return times;
        }
    }
}

/// Seconds within the day of an ISO time; workloads do not run over midnight, or are wrong once a
/// day.
fn seconds(at: &Value) -> f64 {
    let text = at.as_str().unwrap_or_else(|| panic!("no time: {at}"));
    let time = text.split('T').nth(1).unwrap().trim_end_matches('Z');
    time.split(':')
        .fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap())
}

/// Independent `bash: true` tasks, beside the machine's rate of spawning the same.
pub fn independent(binary: &Path, sizes: &[usize]) -> Value {
    let mut report = serde_json::Map::new();
    let mut first = None;
    for &n in sizes {
        let options = Options {
            dags: dags::independent(n),
            arguments: vec!["--set".to_owned(), "scheduler.parallelism=16".to_owned()],
            ..Options::default()
        };
        let server = Server::start(binary, &options);
        let rounds = if n > 1_000 { 1 } else { 5 };
        let mut floors = vec![floors::measure().spawns_per_s];
        let mut rates = Vec::new();
        for _ in 0..rounds {
            rates.push(run_rate(&server, "independent", n));
            floors.push(floors::measure().spawns_per_s);
        }
        server.stop();
        let (rate, floor) = (median(&rates), median(&floors));
        let first = *first.get_or_insert(rate);
        report.insert(
            n.to_string(),
            json!({
                "tasks_per_s": rate, "spread": spread(&rates), "spawns_per_s": floor,
                "spawns_spread": spread(&floors), "of_spawn_rate": rate / floor,
                "must_of_spawn_rate": 0.5, "of_smallest_size": rate / first,
            }),
        );
    }
    Value::Object(report)
}

/// Empty tasks in one run.
pub fn empty(binary: &Path, sizes: &[usize]) -> Value {
    by_size(sizes, |n| {
        let server = start(binary, dags::empties(n));
        let rates = (0..5).map(|_| one_run(&server, n)).collect();
        server.stop();
        (n.to_string(), rates)
    })
}

/// Many dags of ten empty tasks, all triggered by eight clients at once.
pub fn many_dags(binary: &Path, sizes: &[usize]) -> Value {
    by_size(sizes, |n| {
        let server = start(binary, dags::many(n));
        wait_for_many(&server, n);
        let rates = (0..5).map(|_| one_round(&server, n)).collect();
        server.stop();
        (format!("{n}x10"), rates)
    })
}

fn by_size(sizes: &[usize], rates: impl Fn(usize) -> (String, Vec<f64>)) -> Value {
    let mut report = serde_json::Map::new();
    let mut first = None;
    for &n in sizes {
        let (name, rates) = rates(n);
        let rate = median(&rates);
        let first = *first.get_or_insert(rate);
        let figures = json!({
            "tasks_per_s": rate, "spread": spread(&rates), "must_per_s": 25_000,
            "of_smallest_size": rate / first,
        });
        report.insert(name, figures);
    }
    Value::Object(report)
}

/// A server with these dags.
pub fn start(binary: &Path, dags: Vec<kit::DagFile>) -> Server {
    let options = Options {
        dags,
        ..Options::default()
    };
    Server::start(binary, &options)
}

/// The rate of one run of `n` empty tasks.
pub fn one_run(server: &Server, n: usize) -> f64 {
    run_rate(server, "empties", n)
}

/// Tasks per second from the request to the end of the run, as the client sees it.
fn run_rate(server: &Server, dag_id: &str, n: usize) -> f64 {
    server.wait_for_dag(dag_id);
    let begin = Instant::now();
    let run_id = server.trigger(dag_id);
    server.wait_for_run(dag_id, &run_id);
    n as f64 / begin.elapsed().as_secs_f64()
}

/// Waits until all dags of the workload can be triggered.
pub fn wait_for_many(server: &Server, n: usize) {
    (0..n).for_each(|at| server.wait_for_dag(&format!("many_{at}")));
}

/// The rate of one run of each of `n` dags, from the first request until the last run of each
/// client has ended; after that all are looked at.
pub fn one_round(server: &Server, n: usize) -> f64 {
    const CLIENTS: usize = 8;
    let client = |client: usize| {
        let mine = (client..n).step_by(CLIENTS).map(|at| format!("many_{at}"));
        let runs: Vec<_> = mine
            .map(|dag_id| (server.trigger(&dag_id), dag_id))
            .collect();
        if let Some((run_id, dag_id)) = runs.last() {
            server.wait_for_run(dag_id, run_id);
        }
        runs
    };
    let begin = Instant::now();
    let runs: Vec<_> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|no| scope.spawn(move || client(no)))
            .collect();
        let ended = clients.into_iter();
        ended.flat_map(|client| client.join().unwrap()).collect()
    });
    let took = begin.elapsed().as_secs_f64();
    for (run_id, dag_id) in &runs {
        server.wait_for_run(dag_id, run_id);
    }
    (n * 10) as f64 / took
}
