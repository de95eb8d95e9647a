//! Many dags with schedules: what they cost while nothing is due, and when many are due at once.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use kit::{Options, Server};
use serde_json::{Value, json};

use crate::cpu_percent;

/// Seconds that a server may take to read all the files before the moment at which some are due.
const LEAD_S: u64 = 60;

/// Between two looks whether all runs are there: as exact as the answer is.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Half a minute of looks, if they took no time.
const LOOKS_MAX: u32 = 15_000;

/// `n` dags of which a tenth is due at the start of the same minute. `seen_s` is when a client of the
/// API saw all of their runs, `queued_s` the last one's `queued_at`.
pub fn measure(binary: &Path, n: usize, seconds: u64) -> Value {
    let n_due = n / 10;
    let lead_s = LEAD_S.max(n as u64 / 40);
    let now = since_epoch();
    let due_s = (now.as_secs() + lead_s).div_ceil(60) * 60;
    let (minute, hour) = (due_s / 60 % 60, due_s / 3_600 % 24);
    let dags = (0..n).map(|at| {
        let cron = if at < n_due {
            format!("{minute} {hour} * * *")
        } else {
            // Never while this runs: half a day later.
            format!("{} {} * * *", at % 60, (hour + 12) % 24)
        };
        let text = format!(
            "dag_id: due_{at}\nschedule: '{cron}'\nstart_date: '2020-01-01'\ncatchup: false\n\
             is_paused_upon_creation: false\ntasks:\n  - {{id: t, uses: empty}}\n"
        );
        (format!("due_{at}.yaml"), text)
    });
    let options = Options {
        dags: dags.collect(),
        ..Options::default()
    };
    let server = Server::start(binary, &options);
    for at in [0, n / 2, n - 1] {
        server.wait_for_dag(&format!("due_{at}"));
    }
    while server.get("dags?limit=1")["total_entries"] != n {
        std::thread::sleep(Duration::from_millis(100));
    }
    let before = runs(&server);
    let left = Duration::from_secs(due_s).saturating_sub(since_epoch());
    assert!(
        left > Duration::from_secs(2),
        "the server is not ready in time"
    );
    std::thread::sleep(left);
    let mut last = before;
    for _ in 0..LOOKS_MAX {
        last = runs(&server);
        if last >= before + n_due {
            break;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    let seen_s = since_epoch().as_secs_f64() - due_s as f64;
    assert!(last >= before + n_due, "{last} runs, {before} before");
    let queued_s = last_queued(&server, n_due, due_s);
    let idle = cpu_percent(&server, seconds);
    server.stop();
    json!({
        "dags": n, "due": n_due, "seen_s": seen_s, "must_s": 1, "queued_s": queued_s,
        "idle_percent_of_a_core": idle, "must_percent": 0.5,
    })
}

#[allow(clippy::disallowed_methods)] // Crons go by the clock on the wall.
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

fn runs(server: &Server) -> usize {
    let answer = server.get("dags/~/dagRuns?limit=1");
    answer["total_entries"].as_u64().unwrap() as usize
}

/// How long after the moment the last of the runs was queued, in seconds.
fn last_queued(server: &Server, n_due: usize, due_s: u64) -> f64 {
    let of_day = (due_s % 86_400) as f64;
    let queued = (0..n_due).step_by((n_due / 200).max(1)).map(|at| {
        let page = server.get(&format!(
            "dags/due_{at}/dagRuns?order_by=-run_after&limit=1"
        ));
        let at = page["dag_runs"][0]["queued_at"]
            .as_str()
            .unwrap()
            .to_owned();
        let time = at
            .split('T')
            .nth(1)
            .unwrap()
            .trim_end_matches('Z')
            .to_owned();
        time.split(':')
            .fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap())
    });
    queued.map(|at| at - of_day).fold(0.0, f64::max)
}
