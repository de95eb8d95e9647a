//! Old runs go, with their logs, and space goes back to the system.

use kit::{Options, Server};

#[test]
fn a_disk_budget_is_kept() {
    let tasks: String = (0..1_000)
        .map(|at| format!("  - {{id: t{at}, uses: empty}}\n"))
        .collect();
    // What is said is random, since logs of ended runs are compressed.
    let dag = format!(
        "dag_id: many\nschedule: null\nis_paused_upon_creation: false\ntasks:\n{tasks}  - id: say\n    uses: bash\n    \
         with: {{bash_command: 'head -c 2000000 /dev/urandom | base64'}}\n"
    );
    let arguments = [
        "retention.disk_budget_mib=8",
        "retention.runs_per_dag_min=2",
    ];
    let arguments = arguments
        .iter()
        .flat_map(|set| ["--set".to_owned(), (*set).to_owned()])
        .collect();
    let options = Options {
        dags: vec![("many.yaml".into(), dag)],
        arguments,
        ..Options::default()
    };
    let server = Server::start(&kit::binary(), &options);
    let runs: Vec<_> = (0..12).map(|_| server.run_to_end("many")).collect();
    let total = || {
        server.get("dags/many/dagRuns?limit=1")["total_entries"]
            .as_u64()
            .unwrap()
    };
    server.wait_until("old runs to go", || total() < 12);
    server.wait_until("the budget to be kept", || {
        kit::size(&server.folder.join("data")) < 9 << 20
    });
    assert!(total() >= 2, "{} runs are left", total());
    // The newest is whole.
    let newest = runs.last().unwrap()["dag_run_id"].as_str().unwrap();
    let path = format!(
        "dags/many/dagRuns/{}/taskInstances?limit=1",
        kit::escaped(newest)
    );
    assert_eq!(server.get(&path)["total_entries"], 1_001);
    server.stop();
}
