//! List endpoints at the size of a full store.

use std::time::Instant;

use serde_json::{Value, json};

use kit::Server;

use crate::stats::{median, quantile};

const LISTS: &[(&str, &str)] = &[
    ("dags", "dags?limit=50"),
    ("runs", "dags/~/dagRuns?limit=50&order_by=-run_after"),
    (
        "runs_of_dag",
        "dags/empties/dagRuns?limit=50&order_by=-run_after",
    ),
    (
        "runs_by_state",
        "dags/empties/dagRuns?limit=50&state=failed",
    ),
    ("task_instances", "dags/~/dagRuns/~/taskInstances?limit=50"),
    (
        "task_instances_by_state",
        "dags/~/dagRuns/~/taskInstances?limit=50&state=failed",
    ),
    ("runs_by_end", "dags/~/dagRuns?limit=50&order_by=-end_date"),
    ("runs_deep", "dags/~/dagRuns?limit=50&offset=20000"),
    (
        "task_instances_by_end",
        "dags/~/dagRuns/~/taskInstances?limit=50&order_by=-end_date",
    ),
    (
        "task_instances_deep",
        "dags/~/dagRuns/~/taskInstances?limit=50&offset=500000",
    ),
    (
        "task_instances_of_run",
        "dags/empties/dagRuns/RUN/taskInstances?limit=50",
    ),
    (
        "task_instances_of_run_deep",
        "dags/empties/dagRuns/RUN/taskInstances?limit=50&offset=9000",
    ),
    ("console_dags", "orrery/dags?limit=50"),
    ("grid", "orrery/dags/empties/grid?limit=1"),
    ("grid_of_ten", "orrery/dags/many_1/grid?limit=25"),
];

/// p50 and p99 of each list, in milliseconds.
pub fn measure(server: &Server) -> Value {
    let newest = server.get("dags/empties/dagRuns?limit=1&order_by=-run_after");
    let run_id = newest["dag_runs"][0]["dag_run_id"]
        .as_str()
        .unwrap()
        .replace('+', "%2B");
    let mut report = serde_json::Map::new();
    for (name, path) in LISTS {
        let path = path.replace("RUN", &run_id);
        let one = || {
            let begin = Instant::now();
            server.get(&path);
            begin.elapsed().as_secs_f64() * 1e3
        };
        let millis: Vec<_> = (0..300).map(|_| one()).collect();
        let (p50, p99) = (median(&millis), quantile(&millis, 0.99));
        report.insert(
            (*name).to_owned(),
            json!({ "p50_ms": p50, "p99_ms": p99, "must_p99_ms": 10 }),
        );
    }
    Value::Object(report)
}
