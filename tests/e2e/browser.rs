//! The UI in a real browser: the steps of a newcomer, by `ui/e2e/smoke.mjs`.

use std::{path::Path, process::Command};

use kit::{Options, Server};

const DAGS: &[(&str, &str)] = &[
    (
        "tour.yaml",
        "dag_id: tour\ndescription: For the browser\nschedule: '@daily'\nstart_date: 2026-01-01\n\
        is_paused_upon_creation: false\nparams: {name: world}\ntasks:\n\
        \x20 - {id: slow, uses: bash, with: {bash_command: {$t: \"for i in $(seq 12); do echo line $i for \
        {{ params.name }}; sleep 0.5; done\"}}}\n\
        \x20 - {id: after, uses: empty, needs: [slow]}\n",
    ),
    (
        "broken.yaml",
        "dag_id: broken\ntasks:\n  - {id: a, uses: bsh}\n",
    ),
];

#[test]
fn a_newcomer_finds_the_way() {
    let ui = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui");
    assert!(
        ui.join("dist/index.html").exists(),
        "build the UI first: make ui"
    );
    let dags = DAGS
        .iter()
        .map(|(name, text)| ((*name).into(), (*text).into()))
        .collect();
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
        .current_dir(&ui)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    eprintln!("{said}");
    server.stop();
}
