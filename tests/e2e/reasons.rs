//! Why a task does not run: the same words in API and command line.

use kit::{Options, Server, escaped};
use serde_json::json;

const WAITS: &str = "
dag_id: waits
schedule: null
is_paused_upon_creation: false
tasks:
  - {id: first, uses: bash, with: {bash_command: sleep 60}, pool: one}
  - {id: second, uses: bash, with: {bash_command: 'true'}, pool: one, priority_weight: 0}
  - {id: third, uses: empty, needs: [first]}
  - {id: again, uses: bash, with: {bash_command: exit 1}, retries: 1, retry_delay: PT4M}
  - {id: nowhere, uses: bash, with: {bash_command: 'true'}, pool: missing}
";

#[test]
fn every_waiting_task_says_why() {
    let dags = vec![("waits.yaml".into(), WAITS.into())];
    let server = Server::start(
        &kit::binary(),
        &Options {
            dags,
            ..Options::default()
        },
    );
    let (status, said) = server.ask("POST", "pools", Some(&json!({ "name": "one", "slots": 1 })));
    assert_eq!(status, 201, "{said}");
    server.wait_for_dag("waits");
    let run_id = server.trigger("waits");
    server.wait_for_state("waits", &run_id, "first", "running");
    server.wait_for_state("waits", &run_id, "again", "up_for_retry");
    let run = format!("dags/waits/dagRuns/{}", escaped(&run_id));
    let why = |task_id: &str| {
        let reasons = server.get(&format!("orrery/{run}/taskInstances/{task_id}/-1/reasons"));
        reasons["reasons"][0]["text"]
            .as_str()
            .unwrap_or_else(|| panic!("{reasons}"))
            .to_owned()
    };
    assert_eq!(why("second"), "pool `one` 1/1");
    assert_eq!(why("third"), "waits for `first`");
    assert!(
        why("again").starts_with("try 2 of 2 at "),
        "{}",
        why("again")
    );
    assert_eq!(why("nowhere"), "there is no pool `missing`: create it");
    let data = server.folder.join("data");
    let shown = kit::command(&kit::binary())
        .args(["runs", "show", "waits", "--data"])
        .arg(data)
        .output();
    let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
    assert!(
        shown.contains("pool `one` 1/1") && shown.contains("waits for `first`"),
        "{shown}"
    );
    server.ask("PATCH", &run, Some(&json!({ "state": "failed" })));
    server.stop();
}
