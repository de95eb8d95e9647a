//! Tasks that misbehave: each gets a clear end, and nothing else suffers.

use std::time::{Duration, Instant};

use kit::{Options, Server, escaped};

const BAD: &str = r#"
dag_id: bad
schedule: null
is_paused_upon_creation: false
tasks:
  - {id: loud, uses: bash, with: {bash_command: "yes $(printf 'x%.0s' $(seq 200)) | head -c 1000000000; echo end"}}
  - {id: stubborn, uses: bash, with: {bash_command: "trap '' TERM; sleep SECONDS & sleep SECONDS; sleep SECONDS"}, execution_timeout: 1}
  - {id: fork, uses: bash, with: {bash_command: "sleep SECONDS & echo forked"}}
  - {id: daemon, uses: bash, with: {bash_command: "setsid sleep SECONDS & echo away"}}
  - {id: killed, uses: bash, with: {bash_command: "kill -9 $$"}}
  - {id: code, uses: bash, with: {bash_command: "exit 3"}}
  - {id: binary, uses: bash, with: {bash_command: "head -c 100000 /dev/urandom; echo; echo fine"}}
  - {id: template, uses: bash, with: {bash_command: {$t: "echo {{ nosuch.attribute.deeper }}"}}}
  - {id: nowhere, uses: bash, with: {bash_command: "true", cwd: /no/such/folder}}
  - {id: secret, uses: bash, with: {bash_command: {$t: "echo it is {{ var.value.api_password }}"}}}
"#;

const GOOD: &str = "dag_id: good\nschedule: null\nis_paused_upon_creation: false\n\
    tasks: [{id: a, uses: bash, with: {bash_command: 'true'}}]\n";

#[test]
fn each_ends_and_nothing_else_suffers() {
    // Nobody else sleeps for just as long.
    let seconds = (100_000 + std::process::id()).to_string();
    let dags = vec![
        ("bad.yaml".into(), BAD.replace("SECONDS", &seconds)),
        ("good.yaml".into(), GOOD.into()),
    ];
    let server = Server::start(
        &kit::binary(),
        &Options {
            dags,
            ..Options::default()
        },
    );
    let body = serde_json::json!({ "key": "api_password", "value": "hunter2hunter2" });
    assert_eq!(server.ask("POST", "variables", Some(&body)).0, 201);
    server.wait_for_dag("good");
    server.wait_for_dag("bad");
    let begin = Instant::now();
    let run_id = server.trigger("bad");
    server.run_to_end("good");
    assert_eq!(server.wait_for_end("bad", &run_id)["state"], "failed");
    assert!(
        begin.elapsed() < Duration::from_secs(120),
        "it took {:?}",
        begin.elapsed()
    );

    let path = format!("dags/bad/dagRuns/{}/taskInstances", escaped(&run_id));
    let page = server.get(&format!("{path}?limit=100"));
    let log = |task_id: &str| {
        server
            .get(&format!("{path}/{task_id}/logs/1?full_content=false"))
            .to_string()
    };
    for (task_id, state) in [
        ("loud", "success"),
        ("stubborn", "failed"),
        ("fork", "success"),
        ("daemon", "success"),
        ("killed", "failed"),
        ("code", "failed"),
        ("binary", "success"),
        ("template", "failed"),
        ("nowhere", "failed"),
        ("secret", "success"),
    ] {
        let tasks = page["task_instances"].as_array().unwrap();
        let found = tasks
            .iter()
            .find(|task| task["task_id"] == task_id)
            .unwrap();
        assert_eq!(found["state"], state, "{task_id}: {}", log(task_id));
    }
    assert!(log("code").contains("exit code 3"), "{}", log("code"));
    assert!(log("template").contains("nosuch"), "{}", log("template"));
    assert!(
        log("nowhere").contains("/no/such/folder"),
        "{}",
        log("nowhere")
    );
    assert!(log("secret").contains("it is ***"), "{}", log("secret"));
    let logs = server.folder.join("data/logs");
    assert!(
        !kit::contains(&logs, b"hunter2hunter2"),
        "a secret is in the logs"
    );
    assert!(
        !kit::contains(&server.folder.join("data/book.redb"), b"hunter2hunter2"),
        "a secret is in the book"
    );
    assert!(
        kit::size(&logs) < 100 << 20,
        "the logs have {} bytes",
        kit::size(&logs)
    );
    let left = kit::with_words(&["sleep", &seconds]);
    // The daemon that left its group is not ours to hunt; all others are gone.
    assert!(left.len() <= 1, "left behind: {left:?}");
    left.iter().for_each(|pid| kit::kill(*pid));
    server.stop();
}
