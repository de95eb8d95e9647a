//! kill -9 at random moments: nothing that was acknowledged is lost, nothing starts twice.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use kit::{Options, Server, escaped};

/// Kills of the server in one test.
const KILLS: usize = 200;
const RUNS_AT_ONCE: usize = 4;

/// Each task writes down that it began, with its try, and takes a moment.
const DAG: &str = r#"
dag_id: witness
schedule: null
is_paused_upon_creation: false
max_active_runs: 100
tasks:
  - {id: a, uses: bash, with: {bash_command: {$t: "echo {{ run_id }} a {{ ti.try_number }} >> BOOK; sleep 0.05; echo 1"}}, retries: 50, retry_delay: 0.05}
  - {id: b, uses: bash, with: {bash_command: {$t: "echo {{ run_id }} b {{ ti.try_number }} >> BOOK; sleep 0.1; echo {{ ti.xcom_pull('a') }}"}}, retries: 50, retry_delay: 0.05, needs: [a]}
  - {id: c, uses: empty, needs: [a]}
  - {id: d, uses: bash, with: {bash_command: {$t: "echo {{ run_id }} d {{ ti.try_number }} >> BOOK; test {{ ti.xcom_pull('b') }} = 1"}}, retries: 50, retry_delay: 0.05, needs: [b, c]}
"#;

/// The same numbers in the same order on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn two_hundred_kills_lose_nothing_and_start_nothing_twice() {
    let folder = kit::scratch("kills");
    let book = folder.join("witness.txt");
    fs::write(&book, "").unwrap();
    let dags = vec![(
        "witness.yaml".into(),
        DAG.replace("BOOK", book.to_str().unwrap()),
    )];
    let options = Options {
        dags,
        ..Options::default()
    };
    let mut chance = Chance(7);
    let mut acknowledged: Vec<String> = Vec::new();
    let mut finished: BTreeMap<String, String> = BTreeMap::new();
    let mut folder_of_server = folder.clone();
    for kill in 0..KILLS {
        let server = Server::start_in(&kit::binary(), folder_of_server, &options);
        server.wait_for_dag("witness");
        // What was acknowledged before the kill is there after it.
        for run_id in acknowledged.iter().rev().take(3) {
            let (status, run) = server.ask(
                "GET",
                &format!("dags/witness/dagRuns/{}", escaped(run_id)),
                None,
            );
            assert_eq!(status, 200, "kill {kill}: {run_id} is lost: {run}");
            if let Some(state) = finished.get(run_id) {
                assert_eq!(&run["state"], state, "kill {kill}: {run_id} changed");
            }
            if run["state"] == "success" {
                finished.insert(run_id.clone(), "success".into());
            }
        }
        for _ in 0..RUNS_AT_ONCE
            .saturating_sub(acknowledged.len() - finished.len())
            .min(1)
        {
            acknowledged.push(server.trigger("witness"));
        }
        std::thread::sleep(Duration::from_millis(chance.below(120)));
        // Now and then the worker process is killed as well.
        if chance.below(10) == 0 {
            server.workers().iter().for_each(|pid| kit::kill(*pid));
        }
        folder_of_server = server.kill_keeping();
    }
    let server = Server::start_in(&kit::binary(), folder_of_server, &options);
    let begin = Instant::now();
    for run_id in &acknowledged {
        let run = server.wait_for_end("witness", run_id);
        assert_eq!(run["state"], "success", "{run}");
        assert!(begin.elapsed() < Duration::from_secs(120));
    }
    // A request and its entry in the audit log are one commit, and the answer waits for it.
    let asked = server.get("eventLogs?event=trigger_dag_run&dag_id=witness&limit=1");
    let n_asked = asked["total_entries"].as_u64().unwrap();
    assert!(n_asked >= acknowledged.len() as u64, "{n_asked} entries");
    let text = fs::read_to_string(&book).unwrap();
    let mut seen = BTreeMap::new();
    for line in text.lines() {
        *seen.entry(line).or_insert(0) += 1;
    }
    let twice: Vec<_> = seen.iter().filter(|(_, n)| **n > 1).collect();
    assert!(twice.is_empty(), "tries started twice: {twice:?}");
    assert!(
        seen.len() >= acknowledged.len() * 3,
        "{} tries for {} runs",
        seen.len(),
        acknowledged.len()
    );
    eprintln!(
        "{KILLS} kills, {} runs, {} tries",
        acknowledged.len(),
        seen.len()
    );
    server.stop();
}

#[test]
fn s105_a_try_whose_worker_dies_is_in_the_audit_log() {
    let text = "dag_id: long\nschedule: null\nis_paused_upon_creation: false\ntasks:\n  \
        - {id: a, uses: bash, with: {bash_command: 'sleep 60'}}\n";
    let options = Options {
        dags: vec![("long.yaml".into(), text.into())],
        ..Options::default()
    };
    let server = Server::start(&kit::binary(), &options);
    server.wait_for_dag("long");
    let run_id = server.trigger("long");
    server.wait_for_state("long", &run_id, "a", "running");
    server.workers().iter().for_each(|pid| kit::kill(*pid));
    assert_eq!(server.wait_for_end("long", &run_id)["state"], "failed");
    let log = server.get("eventLogs?dag_id=long&event=heartbeat%20timeout");
    assert_eq!(log["total_entries"], 1, "{log}");
    let entry = &log["event_logs"][0];
    assert_eq!(
        (&entry["run_id"], &entry["task_id"], &entry["try_number"]),
        (&run_id.as_str().into(), &"a".into(), &1.into())
    );
    server.stop();
}
