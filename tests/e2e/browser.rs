//! The UI in a real browser: the steps of a newcomer, by `ui/e2e/smoke.mjs`.

use std::{path::Path, process::Command};

use kit::{Options, Server};

const BROKEN: &str = "dag_id: broken\ntasks:\n  - {id: a, uses: bsh}\n";

/// Its first task goes on after its first line when the gate is there: the browser opens it, once
/// it has seen the line, however slow it is. The scheduled run does not wait.
fn tour(gate: &Path) -> String {
    let gate = gate.display();
    format!(
        "dag_id: tour\ndescription: For the browser\nschedule: '@daily'\nstart_date: 2026-01-01\n\
        is_paused_upon_creation: false\nparams: {{name: world}}\ntasks:\n\
        \x20 - {{id: slow, uses: bash, with: {{bash_command: {{$t: \"echo line 1 for \
        {{{{ params.name }}}}; while [ {{{{ params.name }}}} = browser -a ! -e {gate} ]; do sleep \
        0.1; done; for i in $(seq 2 12); do echo line $i for {{{{ params.name }}}}; sleep 0.1; \
        done\"}}}}}}\n\
        \x20 - {{id: after, uses: empty, needs: [slow]}}\n"
    )
}

#[test]
fn a_newcomer_finds_the_way() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui");
    assert!(
        ui.join("dist/index.html").exists(),
        "build the UI first: make ui"
    );
    let gate = std::env::temp_dir().join(format!("orrery-gate-{}", std::process::id()));
    let dags = vec![
        ("tour.yaml".into(), tour(&gate)),
        ("broken.yaml".into(), BROKEN.into()),
    ];
    let server = Server::start(
        &kit::binary(),
        &Options {
            dags,
            ..Options::default()
        },
    );
    server.wait_for_dag("tour");
    let output = Command::new("node")
        .arg("e2e/smoke.mjs")
        .arg(&server.base)
        .arg(&gate)
        .current_dir(&ui)
        .output()
        .unwrap();
    drop(std::fs::remove_file(&gate));
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    eprintln!("{said}");
    server.stop();
}
