//! A backfill of many runs: how long until all are there, and what they weigh in memory.

use std::{path::Path, time::Instant};

use kit::{Options, Server};
use serde_json::{Value, json};

/// Tasks of the dag.
const TASKS: usize = 3;

/// A backfill of `n` runs of an hourly dag that is paused, so that all of them stay queued.
pub fn measure(binary: &Path, n: usize) -> Value {
    let tasks: String = (0..TASKS)
        .map(|at| format!("  - {{id: t{at}, uses: empty}}\n"))
        .collect();
    let text = format!(
        "dag_id: hourly\nschedule: '@hourly'\nstart_date: '2030-01-01'\n\
         is_paused_upon_creation: true\ntasks:\n{tasks}"
    );
    let server = Server::start(
        binary,
        &Options {
            dags: vec![("hourly.yaml".to_owned(), text)],
            ..Options::default()
        },
    );
    server.wait_for_dag("hourly");
    let before_mib = server.pss_mib();
    let since = Instant::now();
    let to = format!("{:02}:00:00Z", (n - 1) % 24);
    let days = (n - 1) / 24;
    let body = json!({
        "dag_id": "hourly", "from_date": "2024-01-01T00:00:00Z", "to_date": date(days, &to),
    });
    let (status, made) = server.ask("POST", "backfills", Some(&body));
    let created_s = since.elapsed().as_secs_f64();
    assert_eq!(status, 200, "{made}");
    let runs = server.get("dags/hourly/dagRuns?limit=1&state=queued");
    assert_eq!(runs["total_entries"], n, "{runs}");
    let pss_mib = server.pss_mib();
    let since = Instant::now();
    let (status, _) = server.ask("PUT", "backfills/1/cancel", None);
    assert_eq!(status, 200);
    let cancelled_s = since.elapsed().as_secs_f64();
    server.stop();
    json!({
        "runs": n, "tasks_of_each": TASKS, "created_s": created_s, "must_s": 2,
        "cancelled_s": cancelled_s, "pss_mib_before": before_mib, "pss_mib": pss_mib,
    })
}

/// So many days after the start of 2024.
fn date(mut days: usize, time: &str) -> String {
    let lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut year = 2024;
    loop {
        for (month, length) in lengths.iter().enumerate() {
            let length = if year != 2024 && month == 1 {
                28
            } else {
                *length
            };
            if days < length {
                return format!("{year}-{:02}-{:02}T{time}", month + 1, days + 1);
            }
            days -= length;
        }
        year += 1;
    }
}
