//! The native operators, by what they leave behind.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
};

use kit::{Options, Server, escaped};
use serde_json::Value;

const MIX: &str = r#"
dag_id: mix
schedule: null
is_paused_upon_creation: false
params: {place: Kiel}
tasks:
  - id: make
    uses: airflow.providers.standard.operators.bash.BashOperator
    with: {bash_command: "echo first; echo 7"}
  - id: flaky
    uses: bash
    with: {bash_command: {$t: "test {{ ti.try_number }} -ge 2"}}
    retries: 3
    retry_delay: 0.1
  - id: choose
    uses: branch
    with: {expression: "'big' if ti.xcom_pull('make') | int > 5 else 'small'"}
    needs: [make, flaky]
  - {id: big, uses: bash, with: {bash_command: {$t: "echo {{ params.place }} {{ run_id }}"}}, needs: [choose]}
  - {id: small, uses: empty, needs: [choose]}
  - id: join
    uses: empty
    trigger_rule: none_failed_min_one_success
    needs: [big, small]
  - id: skip
    uses: bash
    with: {bash_command: "exit 99"}
  - {id: after_skip, uses: empty, needs: [skip]}
  - {id: soon, uses: time-delta-sensor, with: {delta: 0.2}}
  - id: file
    uses: file-sensor
    with: {filepath: FILE, poke_interval: 0.2}
  - {id: handed, uses: bash, with: {bash_command: "echo \"got $X\"", env: {X: {$x: make}}}}
  - id: other
    uses: trigger-dag
    with: {trigger_dag_id: child, conf: {from: mix}, wait_for_completion: true, poke_interval: 1}
  - id: fetch
    uses: http
    with: {endpoint: /hello, method: GET, http_conn_id: test}
"#;

const CHILD: &str = "
dag_id: child
schedule: null
is_paused_upon_creation: false
tasks: [{id: say, uses: bash, with: {bash_command: {$t: 'echo {{ dag_run.conf.from }}'}}}]
";

/// Answers every request with `pong`, for as long as the test lasts.
fn web() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(&stream);
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
                line.clear();
            }
            let _ = (&stream).write_all(
                b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\npong",
            );
        }
    });
    port
}

#[test]
fn all_of_them_in_one_dag() {
    let wanted = kit::scratch("operators").join("wanted");
    let mix = MIX.replace("FILE", wanted.to_str().unwrap());
    let dags = vec![
        ("mix.yaml".into(), mix),
        ("child.yaml".into(), CHILD.into()),
    ];
    let env = vec![(
        "AIRFLOW_CONN_TEST".into(),
        format!("http://127.0.0.1:{}", web()),
    )];
    let server = Server::start(
        &kit::binary(),
        &Options {
            dags,
            env,
            ..Options::default()
        },
    );
    server.wait_for_dag("child");
    server.wait_for_dag("mix");
    let run_id = server.trigger("mix");
    server.wait_for_state("mix", &run_id, "file", "deferred");
    fs::write(&wanted, "here").unwrap();
    server.wait_for_run("mix", &run_id);

    let path = format!("dags/mix/dagRuns/{}/taskInstances", escaped(&run_id));
    let page = server.get(&format!("{path}?limit=100"));
    let state = |task_id: &str| -> Value {
        let tasks = page["task_instances"].as_array().unwrap();
        tasks
            .iter()
            .find(|task| task["task_id"] == task_id)
            .unwrap()["state"]
            .clone()
    };
    for (task_id, expected) in [
        ("make", "success"),
        ("flaky", "success"),
        ("choose", "success"),
        ("big", "success"),
        ("small", "skipped"),
        ("join", "success"),
        ("skip", "skipped"),
        ("after_skip", "skipped"),
        ("soon", "success"),
        ("file", "success"),
        ("handed", "success"),
        ("other", "success"),
        ("fetch", "success"),
    ] {
        assert_eq!(state(task_id), expected, "{task_id}");
    }
    let xcom = |task_id: &str| {
        server.get(&format!("{path}/{task_id}/xcomEntries/return_value"))["value"].clone()
    };
    assert_eq!(xcom("make"), "7");
    assert_eq!(xcom("big"), format!("Kiel {run_id}"));
    assert_eq!(xcom("handed"), "got 7");
    assert_eq!(xcom("fetch"), "pong");
    let tries = server.get(&format!("{path}/flaky/tries"));
    assert_eq!(tries["total_entries"], 2, "{tries}");
    let children = server.get("dags/child/dagRuns");
    assert_eq!(
        children["dag_runs"][0]["run_type"], "operator_triggered",
        "{children}"
    );
    assert_eq!(children["dag_runs"][0]["conf"]["from"], "mix");
    server.stop();
    fs::remove_dir_all(wanted.parent().unwrap()).unwrap();
}

#[test]
fn the_examples_run_to_their_end() {
    let arguments = ["--set", "scheduler.dags_are_paused_at_creation=false"].map(str::to_owned);
    let work = kit::scratch("demo");
    let env = vec![("ORRERY_DEMO_DIR".into(), work.display().to_string())];
    let options = Options {
        dags: kit::examples(),
        arguments: arguments.to_vec(),
        env,
        ..Options::default()
    };
    let server = Server::start(&kit::binary(), &options);
    let names: Vec<_> = kit::examples()
        .iter()
        .map(|(_, text)| kit::dag_id_of(text))
        .collect();
    assert!(names.len() >= 3);
    for dag_id in &names {
        server.wait_for_dag(dag_id);
    }
    let runs: Vec<_> = names
        .iter()
        .map(|dag_id| (dag_id, server.trigger(dag_id)))
        .collect();
    let mut most = 0;
    for (dag_id, run_id) in runs {
        server.wait_for_run(dag_id, &run_id);
        let path = format!(
            "dags/{dag_id}/dagRuns/{}/taskInstances?limit=1",
            escaped(&run_id)
        );
        most = most.max(server.get(&path)["total_entries"].as_u64().unwrap_or(0));
    }
    assert!(most >= 200, "the largest example has {most} tasks");
    server.stop();
    fs::remove_dir_all(work).unwrap();
}
