//! Workloads of tasks.

use std::{path::Path, time::Instant};

use kit::{Options, Server, escaped};
use serde_json::{Value, json};

use crate::{
    dags,
    floors::Floors,
    stats::{median, quantile, spread},
};

/// The gap between the end of a task and the start of the next, by the times in the API.
pub fn chain(binary: &Path, n: usize, floors: &Floors) -> Value {
    let server = Server::start(
        binary,
        &Options {
            dags: dags::chain(n),
            ..Options::default()
        },
    );
    let mut gaps = Vec::new();
    for _ in 0..3 {
        let run = server.run_to_end("chain");
        let mut times = task_times(&server, "chain", run["dag_run_id"].as_str().unwrap());
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        gaps.extend(times.windows(2).map(|pair| (pair[1].0 - pair[0].1) * 1e3));
    }
    server.stop();
    let floor = floors.fdatasync_ms + floors.spawn_ms;
    let (p50, p99) = (median(&gaps), quantile(&gaps, 0.99));
    json!({
        "gap_ms_p50": p50, "gap_ms_p99": p99, "floor_ms": floor,
        "p50_x_floor": p50 / floor, "must_p50_x": 2, "p99_x_floor": p99 / floor, "must_p99_x": 5,
    })
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
pub fn independent(binary: &Path, sizes: &[usize], floors: &Floors) -> Value {
    let mut report = serde_json::Map::new();
    let mut first = None;
    for &n in sizes {
        let options = Options {
            dags: dags::independent(n),
            arguments: vec!["--set".to_owned(), "scheduler.parallelism=16".to_owned()],
            ..Options::default()
        };
        let server = Server::start(binary, &options);
        let rounds = if n > 1_000 { 1 } else { 3 };
        let rates: Vec<_> = (0..rounds)
            .map(|_| run_rate(&server, "independent", n))
            .collect();
        server.stop();
        let rate = median(&rates);
        let first = *first.get_or_insert(rate);
        report.insert(
            n.to_string(),
            json!({
                "tasks_per_s": rate, "spread": spread(&rates),
                "of_spawn_rate": rate / floors.spawns_per_s, "must_of_spawn_rate": 0.5,
                "of_smallest_size": rate / first,
            }),
        );
    }
    Value::Object(report)
}

/// Empty tasks in one run.
pub fn empty(binary: &Path, sizes: &[usize]) -> Value {
    let mut report = serde_json::Map::new();
    let mut first = None;
    for &n in sizes {
        let server = Server::start(
            binary,
            &Options {
                dags: dags::empties(n),
                ..Options::default()
            },
        );
        let rates: Vec<_> = (0..5).map(|_| run_rate(&server, "empties", n)).collect();
        server.stop();
        let rate = median(&rates);
        let first = *first.get_or_insert(rate);
        report.insert(
            n.to_string(),
            json!({
                "tasks_per_s": rate, "spread": spread(&rates), "must_per_s": 25_000,
                "of_smallest_size": rate / first,
            }),
        );
    }
    Value::Object(report)
}

/// The rate of `rounds` runs of `n` empty tasks on an empty store.
pub fn empty_rate(binary: &Path, n: usize, rounds: usize) -> f64 {
    let server = Server::start(
        binary,
        &Options {
            dags: dags::empties(n),
            ..Options::default()
        },
    );
    let rates: Vec<_> = (0..rounds)
        .map(|_| run_rate(&server, "empties", n))
        .collect();
    server.stop();
    median(&rates)
}

/// The rate of one run of `n` empty tasks.
pub fn one_empty_run(server: &Server, n: usize) -> f64 {
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

/// Many dags of ten empty tasks, all triggered by eight clients at once.
pub fn many_dags(binary: &Path, sizes: &[usize]) -> Value {
    let mut report = serde_json::Map::new();
    let mut first = None;
    for &n in sizes {
        let server = Server::start(
            binary,
            &Options {
                dags: dags::many(n),
                ..Options::default()
            },
        );
        (0..n).for_each(|at| server.wait_for_dag(&format!("many_{at}")));
        let rates: Vec<_> = (0..3).map(|_| many_rate(&server, n)).collect();
        server.stop();
        let rate = median(&rates);
        let first = *first.get_or_insert(rate);
        report.insert(
            format!("{n}x10"),
            json!({
                "tasks_per_s": rate, "spread": spread(&rates), "must_per_s": 25_000,
                "of_smallest_size": rate / first,
            }),
        );
    }
    Value::Object(report)
}

fn many_rate(server: &Server, n: usize) -> f64 {
    const CLIENTS: usize = 8;
    let begin = Instant::now();
    let runs: Vec<(String, String)> = std::thread::scope(|scope| {
        let one = |client: usize| {
            scope.spawn(move || {
                let mine = (client..n).step_by(CLIENTS).map(|at| format!("many_{at}"));
                mine.map(|dag_id| (dag_id.clone(), server.trigger(&dag_id)))
                    .collect::<Vec<_>>()
            })
        };
        let clients: Vec<_> = (0..CLIENTS).map(one).collect();
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    });
    for (dag_id, run_id) in runs.iter().rev().take(CLIENTS) {
        server.wait_for_run(dag_id, run_id);
    }
    (n * 10) as f64 / begin.elapsed().as_secs_f64()
}
