//! The demo: native dags at once, and an Airflow beside, here made of tiny wheels: no network.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use kit::{Options, Server};
use serde_json::Value;

const WAIT: Duration = Duration::from_secs(240);

fn demo(words: &[&str]) -> Options {
    Options {
        is_demo: true,
        arguments: words.iter().map(|word| (*word).to_owned()).collect(),
        ..Options::default()
    }
}

fn setup(server: &Server) -> Value {
    server.get("orrery/setup")
}

fn wait_for(server: &Server, state: &str) -> Value {
    let begin = Instant::now();
    loop {
        let now = setup(server);
        if now["state"] == state {
            return now;
        }
        assert!(begin.elapsed() < WAIT, "{state} does not come: {now:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn wheels(folder: &Path) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../python/wheels.py");
    let made = Command::new("python3").arg(script).arg(folder).status();
    assert!(made.unwrap().success());
    folder.display().to_string()
}

#[test]
fn without_airflow_nothing_is_prepared() {
    let server = Server::start(&kit::binary(), &demo(&["--no-airflow"]));
    server.wait_for_dag("hello");
    assert_eq!(setup(&server)["state"], "off");
    let (status, _) = server.ask("POST", "orrery/setup/retry", None);
    assert_eq!(status, 409);
    assert!(!server.banner().contains("Airflow"), "{}", server.banner());
    server.stop();
}

#[test]
fn an_airflow_is_prepared_once_and_used_from_then_on() {
    let place = kit::scratch("demo-wheels");
    let wheelhouse = wheels(&place);
    let options = demo(&["--wheelhouse", &wheelhouse]);
    let server = Server::start(&kit::binary(), &options);
    // Native dags are there before.
    server.wait_for_dag("hello");
    // Killed in the middle, it begins anew, or waits for what is still at work.
    wait_for(&server, "preparing");
    let server = Server::start_in(&kit::binary(), server.kill_keeping(), &options);
    assert!(
        server.banner().contains("is being prepared"),
        "{}",
        server.banner()
    );
    let done = wait_for(&server, "ready");
    assert_eq!(
        (&done["percent"], &done["n_examples"]),
        (&100.into(), &1.into())
    );
    let example = server.folder.join("dags/airflow/tutorial.py");
    assert!(example.exists(), "{}", example.display());
    assert!(server.banner().contains("is ready; 1 of its example files"));
    let folder = server.stop_keeping();

    // The second start has it at once, and needs no wheels any more.
    std::fs::remove_dir_all(&place).unwrap();
    let server = Server::start_in(&kit::binary(), folder, &options);
    assert_eq!(setup(&server)["state"], "off");
    assert!(
        !server.banner().contains("is being prepared"),
        "{}",
        server.banner()
    );
    server.stop();
}

#[test]
fn what_goes_wrong_is_said_once_and_tried_again_when_asked() {
    let place = kit::scratch("demo-none");
    std::fs::create_dir_all(&place).unwrap();
    let wheelhouse = place.display().to_string();
    let server = Server::start(&kit::binary(), &demo(&["--wheelhouse", &wheelhouse]));
    let failed = wait_for(&server, "failed");
    assert_eq!(failed["code"], "RTM-004", "{failed:#}");
    let problem = failed["problem"].as_str().unwrap();
    assert!(problem.contains("apache-airflow-core"), "{problem}");
    server.wait_for_dag("hello");
    let times = server.banner().matches("could not be prepared").count();
    assert_eq!(times, 1, "{}", server.banner());

    // Now there is something to install; stopped in the middle it leaves nothing in the way.
    wheels(&place);
    server.ask("POST", "orrery/setup/retry", None);
    wait_for(&server, "preparing");
    let (status, stopped) = server.ask("POST", "orrery/setup/cancel", None);
    assert_eq!((status, &stopped["state"]), (200, &"cancelled".into()));
    let (_, again) = server.ask("POST", "orrery/setup/retry", None);
    assert_eq!(again["state"], "preparing");
    let done = wait_for(&server, "ready");
    let said = done["lines"].to_string();
    assert!(said.contains("resolving for Python 3."), "{said}");
    assert!(said.contains("trying it out"), "{said}");
    server.stop();
}

#[test]
fn a_machine_without_python_is_told_so() {
    let server = Server::start(&kit::binary(), &demo(&["--python", "/nowhere/python3"]));
    let failed = wait_for(&server, "failed");
    assert_eq!(failed["code"], "RTM-003", "{failed:#}");
    server.stop();
}
