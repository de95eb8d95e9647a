//! The commands, as a person types them.

use std::process::Output;

use kit::{Options, Server};

const HELLO: &str = "
dag_id: hello
schedule: null
is_paused_upon_creation: false
params: {name: world}
tasks:
  - {id: greet, uses: bash, with: {bash_command: {$t: 'echo Hello {{ params.name }}'}}}
";

fn run(server: Option<&Server>, words: &[&str]) -> Output {
    let mut command = kit::command(&kit::binary());
    command.args(words);
    if let Some(server) = server {
        command.args(["--data"]).arg(server.folder.join("data"));
    }
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complained(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn lists_triggers_shows_and_prints_logs() {
    let broken = "dag_id: broken\ntasks: [{id: a, uses: nosuch}]\n";
    let dags = vec![
        ("hello.yaml".into(), HELLO.into()),
        ("broken.yaml".into(), broken.into()),
    ];
    let server = Server::start(
        &kit::binary(),
        &Options {
            dags,
            ..Options::default()
        },
    );
    server.wait_for_dag("hello");
    let list = run(Some(&server), &["dags", "list"]);
    assert!(said(&list).contains("hello"), "{list:?}");
    assert!(
        String::from_utf8_lossy(&list.stderr).contains("broken.yaml"),
        "{list:?}"
    );
    let run_id = said(&run(
        Some(&server),
        &["dags", "trigger", "hello", "--conf", r#"{"name": "you"}"#],
    ));
    server.wait_for_run("hello", run_id.trim());
    let shown = said(&run(Some(&server), &["runs", "show", "hello"]));
    assert!(
        shown.contains("greet") && shown.contains("success"),
        "{shown}"
    );
    let log = said(&run(
        Some(&server),
        &["runs", "logs", "hello", "latest", "greet"],
    ));
    assert!(log.contains("Hello you"), "{log}");
    assert!(said(&run(Some(&server), &["runs", "list", "hello"])).contains(run_id.trim()));
    assert!(said(&run(Some(&server), &["dags", "pause", "hello"])).contains("paused"));
    assert_eq!(server.get("dags/hello")["is_paused"], true);
    assert!(said(&run(Some(&server), &["dags", "unpause", "hello"])).contains("active"));
    let missing = complained(&run(Some(&server), &["dags", "trigger", "nosuch"]));
    assert!(
        missing.contains("nosuch") && missing.contains("explain"),
        "{missing}"
    );
    server.stop();
}

#[test]
fn explains_every_error_and_every_setting() {
    assert!(said(&run(None, &["explain"])).lines().count() > 20);
    assert!(said(&run(None, &["explain", "sec-002"])).contains("chmod 600"));
    assert!(complained(&run(None, &["explain", "ABC-999"])).contains("CLI-004"));
    let shown = said(&run(
        None,
        &[
            "config",
            "show",
            "--origin",
            "--set",
            "scheduler.parallelism=7",
        ],
    ));
    assert!(shown.contains("parallelism = 7"), "{shown}");
    assert!(said(&run(None, &["version"])).starts_with("orrery "));
}

#[test]
fn refuses_mistakes_with_the_nearest_name() {
    let folder = kit::scratch("config");
    let file = folder.join("orrery.toml");
    std::fs::write(&file, "[scheduler]\nparalelism = 3\n").unwrap();
    let mistake = complained(&run(None, &["serve", "--config", file.to_str().unwrap()]));
    assert!(mistake.contains("orrery.toml:2"), "{mistake}");
    assert!(
        mistake.contains("did you mean `scheduler.parallelism`"),
        "{mistake}"
    );
    let open = complained(&run(None, &["serve", "--listen", "0.0.0.0:8080"]));
    assert!(open.contains("loopback"), "{open}");
    let nobody = complained(&run(
        None,
        &["dags", "list", "--server", "http://127.0.0.1:1"],
    ));
    assert!(nobody.contains("CLI-001"), "{nobody}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn checks_files_without_a_server() {
    let folder = kit::scratch("check");
    let (good, bad) = (folder.join("good.yaml"), folder.join("bad.yaml"));
    std::fs::write(&good, HELLO).unwrap();
    std::fs::write(&bad, HELLO.replace("uses: bash", "uses: bahs")).unwrap();
    assert!(said(&run(None, &["dags", "check", good.to_str().unwrap()])).contains("ok"));
    let output = run(None, &["dags", "check", bad.to_str().unwrap()]);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        !output.status.success() && told.contains("line 7"),
        "{told}"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn connections_and_variables_go_in_and_secrets_stay() {
    let server = Server::start(&kit::binary(), &Options::default());
    let file = server.folder.join("connections.json");
    std::fs::write(
        &file,
        r#"{"db": {"conn_type": "postgres", "host": "h", "password": "hunter2"}}"#,
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let ask = |words: &[&str]| said(&run(Some(&server), words));
    let uri = "http://me:hunter2@shop.example:80/s";
    assert_eq!(
        ask(&["connections", "set", "shop", "--uri", uri]),
        "set shop\n"
    );
    assert_eq!(ask(&["connections", "import", file]), "set db\n");
    let list = ask(&["connections", "list"]);
    assert!(
        list.contains("shop.example") && !list.contains("hunter2"),
        "{list}"
    );
    let one = ask(&["connections", "get", "db"]);
    assert!(one.contains("postgres") && one.contains("***"), "{one}");
    assert_eq!(ask(&["connections", "delete", "db"]), "deleted db\n");
    let gone = run(Some(&server), &["connections", "delete", "db"]);
    assert!(
        complained(&gone).contains("there is no connection"),
        "{gone:?}"
    );
    let file = server.folder.join("variables.env");
    std::fs::write(&file, "# here\nregion=eu\nAIRFLOW_VAR_N=7\n").unwrap();
    ask(&["variables", "import", file.to_str().unwrap()]);
    assert_eq!(ask(&["variables", "get", "region"]), "eu\n");
    ask(&["variables", "set", "region", "us", "--description", "where"]);
    let list = ask(&["variables", "list"]);
    assert!(
        list.contains("us") && list.contains("where") && list.contains("n  "),
        "{list}"
    );
    let untyped = run(Some(&server), &["connections", "import", "/dev/null"]);
    assert!(
        untyped.status.success(),
        "nothing to do is no mistake: {untyped:?}"
    );
    server.stop();
}

#[test]
fn backfills_are_made_listed_and_cancelled() {
    let daily = "
dag_id: daily
schedule: '@daily'
start_date: '2030-01-01'
is_paused_upon_creation: true
tasks:
  - {id: a, uses: empty}
";
    let server = Server::start(
        &kit::binary(),
        &Options {
            dags: vec![("daily.yaml".into(), daily.into())],
            ..Options::default()
        },
    );
    server.wait_for_dag("daily");
    let create = [
        "backfill",
        "create",
        "daily",
        "--from",
        "2025-11-01",
        "--to",
        "2025-11-03",
    ];
    let dry: Vec<&str> = create.iter().copied().chain(["--dry-run"]).collect();
    assert_eq!(said(&run(Some(&server), &dry)).lines().count(), 4);
    assert!(said(&run(Some(&server), &create)).contains("running"));
    assert!(complained(&run(Some(&server), &create)).contains("RUN-080"));
    for (act, state) in [
        ("pause", "paused"),
        ("unpause", "running"),
        ("cancel", "completed"),
    ] {
        let told = said(&run(Some(&server), &["backfill", act, "1"]));
        assert!(told.contains(state), "{told}");
    }
    let list = said(&run(Some(&server), &["backfill", "list", "daily"]));
    assert!(list.contains("completed"), "{list}");
}
