//! Python tasks against a stand-in for the zygote: real processes, no Airflow.

use super::kit::*;
use model::{
    DagId, Fence, RunId, TaskId, Timestamp,
    execution::{
        Answer, Ask, Asker, Bundle, DagRun, ErrorKind, StartupDetails, TaskInstance, TiRunContext,
        TriggerFailure, TriggerFired,
    },
    ports::{Answerer, Execution, Executor, ParseRequest, Parsed, Parser},
    report::{Happened, Outcome},
    state::{DagRunState, DagRunType},
    work::{Job, PythonRuntime, PythonTask, Work},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    os::unix::fs::symlink,
    sync::{Arc, Mutex, mpsc::channel},
    time::Duration,
};

/// Answers variables by name; keeps what it was asked.
#[derive(Default)]
pub struct Book {
    pub asked: Mutex<Vec<String>>,
    held: Mutex<Vec<Answerer>>,
    pub fired: Mutex<Vec<TriggerFired>>,
    pub failed: Mutex<Vec<TriggerFailure>>,
}

impl Execution for Book {
    fn ask(&self, who: Asker, ask: Ask, answer: Answerer) {
        let n = match who {
            Asker::Try { n, .. } => n,
            Asker::Parse { .. } | Asker::Callback { .. } | Asker::Triggerer | Asker::Evaluator => 0,
        };
        self.asked.lock().unwrap().push(format!("{n} {ask:?}"));
        match ask {
            Ask::GetVariable { key } if key == "never" => self.held.lock().unwrap().push(answer),
            Ask::GetVariable { key } if key == "drop" => drop(answer),
            Ask::GetVariable { key } if key == "none" => answer(Answer::Error {
                kind: ErrorKind::VariableNotFound,
                detail: model::JsonMap::new(),
            }),
            Ask::GetVariable { key } => answer(Answer::VariableResult {
                value: Some(format!("value of {key}")),
                key,
            }),
            _ => answer(Answer::Nothing),
        }
    }
    fn trigger_fired(&self, fired: TriggerFired) {
        self.fired.lock().unwrap().push(fired);
    }
    fn trigger_failed(&self, failure: TriggerFailure) {
        self.failed.lock().unwrap().push(failure);
    }
}

pub fn runtime(kit: &Kit, env: &[(&str, &str)]) -> PythonRuntime {
    let folder = kit.dir.join("venv");
    fs::create_dir_all(folder.join("bin")).unwrap();
    let found = std::process::Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()
        .unwrap();
    let python = String::from_utf8(found.stdout).unwrap();
    let _ = symlink(python.trim(), folder.join("bin/python"));
    let mut all = vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())];
    all.extend(env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    PythonRuntime {
        folder: folder.display().to_string(),
        env: all,
        epoch: "1".to_owned(),
        ..PythonRuntime::default()
    }
}

pub fn startup() -> StartupDetails {
    let at = Timestamp::from_secs(1_700_000_000);
    StartupDetails {
        ti: TaskInstance {
            id: "0190a0b0-0000-7000-8000-000000000000".to_owned(),
            task_id: TaskId::from("t"),
            dag_id: DagId::from("d"),
            run_id: RunId::from("r"),
            try_number: 1,
            dag_version_id: "0190a0b0-0000-7000-8000-000000000001".to_owned(),
            map_index: -1,
            hostname: None,
            context_carrier: None,
            queue: "default".to_owned(),
        },
        dag_rel_path: "d.py".to_owned(),
        bundle_info: Bundle {
            name: "dags-folder".to_owned(),
            version: None,
        },
        ti_context: TiRunContext {
            dag_run: DagRun {
                dag_id: DagId::from("d"),
                run_id: RunId::from("r"),
                logical_date: Some(at),
                data_interval_start: None,
                data_interval_end: None,
                run_after: at,
                start_date: Some(at),
                end_date: None,
                clear_number: 0,
                run_type: DagRunType::Manual,
                state: DagRunState::Running,
                conf: None,
                triggering_user_name: None,
                consumed_asset_events: Vec::new(),
                partition_key: None,
                partition_date: None,
                note: None,
                team_name: None,
            },
            task_reschedule_count: 0,
            max_tries: 0,
            variables: Vec::new(),
            connections: Vec::new(),
            next_method: None,
            next_kwargs: None,
            event: None,
            xcom_keys_to_clear: Vec::new(),
            should_retry: false,
            start_date: None,
            upstream_map_indexes: Vec::new(),
        },
        sentry_integration: String::new(),
    }
}

pub fn python(kit: &Kit, fence: u64, script: &str) -> Work {
    let mut work = bash(fence, "");
    work.job = Job::Python(Box::new(PythonTask {
        runtime: runtime(kit, &[]),
        env: vec![("SCRIPT".to_owned(), script.to_owned())],
        startup: startup(),
    }));
    work
}

fn set_env(work: &mut Work, name: &str, value: &str) {
    let Job::Python(task) = &mut work.job else {
        panic!("no Python task");
    };
    task.env.push((name.to_owned(), value.to_owned()));
}

pub fn kill_hard(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

pub fn parent_of(pid: u32) -> u32 {
    crate::process::procfs::stat(pid).unwrap().parent
}

pub fn kit(name: &str) -> (Kit, Arc<Book>) {
    let book = Arc::new(Book::default());
    let mut kit = Kit::new(name);
    let execution: Arc<dyn Execution> = Arc::clone(&book) as _;
    kit.execution = Some(execution);
    (kit, book)
}

pub fn is_well(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Success { .. })
}

#[test]
fn a_task_asks_logs_and_succeeds() {
    let (kit, book) = kit("ask");
    let server = kit.serve();
    let script = r#"
assert first["type"] == "StartupDetails" and first["ti"]["task_id"] == "t", first
assert first["start_date"][0] == "ext" and first["ti_context"]["dag_run"]["conf"] is None
print("out", os.environ["PATH"])
print("err", file=sys.stderr)
task.log(timestamp="2026-01-01T00:00:00Z", level="debug", event="hello", logger="x.y", extra=[1])
answer = task.ask("GetVariable", key="v")
assert answer == [{"type": "VariableResult", "key": "v", "value": "value of v"}], answer
answer = task.ask("GetVariable", key="none")
assert answer[0]["error"] == "VARIABLE_NOT_FOUND", answer
answer = task.ask("GetVariable", key="drop")
assert answer[0] is None and answer[1]["error"] == "API_SERVER_ERROR", answer
answer = task.ask("GetNonsense")
assert answer[0] is None and answer[1]["detail"]["status_code"] == 400, answer
task.ask("GetVariable", key="my_password")
print("hidden: value of my_password")
task.ask("MaskSecret", value="squeamish", name=None)
task.log(level="info", event="squeamish ossifrage", fields={"a": "squeamish"})
answer = task.ask("ResendLoggingFD")
assert answer[0]["type"] == "SentFDs" and len(task.fds) == 1, answer
os.write(task.fds[0], b'{"event": "on the new stream"}\n')
assert task.succeed() == [None]
print("after")
"#;
    let outcome = server.run(python(&kit, 1, script));
    assert!(is_well(&outcome), "{outcome:?}\n{}", kit.log(1));
    eventually("it is forgotten", || kit.claims() == 0);
    let mut events: Vec<String> = kit.events(1).lines().map(ToOwned::to_owned).collect();
    events.sort();
    let expected = [
        "task.stderr: err",
        "task.stdout: after",
        "task.stdout: hidden: ***",
        "task.stdout: out /usr/bin:/bin",
        "task: *** ossifrage",
        "task: Process exited with return code 0",
        "task: on the new stream",
        "x.y: hello",
    ];
    assert_eq!(events, expected);
    let log = kit.log(1);
    assert!(
        log.contains(r#""level":"debug","event":"hello","logger":"x.y","extra":[1],"task_id""#)
    );
    assert!(log.contains(r#""fields":{"a":"***"}"#), "{log}");
    let asked = book.asked.lock().unwrap();
    assert_eq!(asked[0], "1 GetVariable { key: \"v\" }");
}

#[test]
fn s008_last_words_and_exits() {
    let (kit, _) = kit("ends");
    let server = kit.serve();
    let end = r#"end_date="2026-01-02T03:04:05Z""#;
    let check = |fence: u64, script: &str, expected: &str| {
        let outcome = format!("{:?}", server.run(python(&kit, fence, script)));
        assert!(
            outcome.starts_with(expected),
            "{script}: {outcome}\n{}",
            kit.log(fence)
        );
    };
    check(1, "pass", "Success");
    check(
        2,
        "sys.exit(7)",
        "Failed { message: \"the process ended with code 7\", may_retry: true",
    );
    check(
        3,
        "os.kill(os.getpid(), 9)",
        "Failed { message: \"the process was ended by signal 9",
    );
    check(
        4,
        &format!("task.ask('TaskState', state='failed', {end})"),
        "Failed { message: \"the task failed\", may_retry: false",
    );
    check(
        5,
        &format!("task.ask('TaskState', state='skipped', {end})"),
        "Skipped",
    );
    check(
        6,
        &format!("task.ask('TaskState', state='removed', {end})"),
        "Removed",
    );
    check(
        7,
        &format!("task.ask('TaskState', state='skipped', {end}); sys.exit(1)"),
        "Failed { message: \"the process ended with code 1\", may_retry: true",
    );
    check(
        8,
        &format!("task.ask('RetryTask', {end}, retry_delay_seconds=2.5, retry_reason='x')"),
        "Failed { message: \"x\", may_retry: true, retry_delay: Some(PT2.5S) }",
    );
    check(
        9,
        &format!(
            "task.ask('SucceedTask', {end}, task_outlets=[{{'name': 'a', 'uri': 'u', \
        'type': 'Asset'}}], outlet_events=[{{'x': 1}}], rendered_map_index=None); sys.exit(4)"
        ),
        "Success { xcoms: [], skip: [], outlets: Outlets { assets: [AssetRef { name: Some(\"a\")",
    );
    eventually("all are forgotten", || kit.claims() == 0);
}

#[test]
fn deferrals_and_reschedules() {
    let (kit, _) = kit("defer");
    let server = kit.serve();
    server.client.start(python(
        &kit,
        1,
        "task.ask('DeferTask', classpath='a.B', \
        trigger_kwargs={'x': 1}, trigger_timeout='PT60S', next_method='go', next_kwargs={}, \
        rendered_map_index='label')",
    ));
    server.pid_of_start();
    let label = server.next().what;
    assert!(matches!(label, Happened::Labelled { .. }), "{label:?}");
    let Happened::Deferred(deferral) = server.next().what else {
        panic!("no deferral");
    };
    assert!(deferral.timeout.is_some());
    assert_eq!(
        deferral.resume,
        Some(("go".to_owned(), serde_json::json!({})))
    );
    server.client.ack(Fence(1));
    server.client.start(python(
        &kit,
        2,
        "task.ask('RescheduleTask', \
        reschedule_date='2026-01-02T03:04:05Z', end_date='2026-01-02T03:04:05Z')",
    ));
    server.pid_of_start();
    let at = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
    assert_eq!(server.next().what, Happened::Rescheduled { at });
    server.client.ack(Fence(2));
    eventually("both are forgotten", || kit.claims() == 0);
}

#[test]
fn what_goes_wrong_is_contained() {
    let (kit, _) = kit("wrong");
    let server = kit.serve();
    let run = |work: Work| message(server.run(work));
    let giant = run(python(
        &kit,
        1,
        "task.raw(b'\\x7f\\xff\\xff\\xff'); time.sleep(60)",
    ));
    assert!(giant.starts_with("TSK-022"), "{giant}");
    let nonsense = run(python(
        &kit,
        2,
        "task.raw(b'\\x00\\x00\\x00\\x01\\x01'); time.sleep(60)",
    ));
    assert!(nonsense.starts_with("TSK-023"), "{nonsense}");
    let flood = "body = pack([1, {'type': 'GetVariable', 'key': 'never'}])\n\
        for _ in range(300): task.raw(len(body).to_bytes(4, 'big') + body)\ntime.sleep(60)";
    let flood = run(python(&kit, 3, flood));
    assert!(flood.starts_with("TSK-022"), "{flood}");
    let mut refused = python(&kit, 4, "");
    set_env(&mut refused, "REFUSE", "2 threads run");
    assert_eq!(
        run(refused),
        "TSK-021: the Python runtime refused to fork: 2 threads run"
    );
    let mut stuck = python(&kit, 5, "");
    set_env(&mut stuck, "STUCK", "1");
    let said = run(stuck);
    assert!(
        said.starts_with("TSK-021: the Python runtime did not fork within"),
        "{said}"
    );
    let mut broken = python(&kit, 6, "");
    if let Job::Python(task) = &mut broken.job {
        task.runtime = runtime(&kit, &[("BROKEN", "1")]);
    }
    let said = run(broken);
    assert!(
        said.starts_with("TSK-020") && said.ends_with("Traceback: no airflow"),
        "{said}"
    );
    // After all of that the next one runs.
    assert!(is_well(&server.run(python(&kit, 7, "task.succeed()"))));
    eventually("all are forgotten", || kit.claims() == 0);
}

#[test]
fn s112_time_is_bounded() {
    let (kit, _) = kit("time");
    let server = kit.serve();
    // It does not end after its success: TERM is ignored, KILL is not.
    let script = "signal.signal(15, signal.SIG_IGN); task.succeed(); time.sleep(60)";
    assert!(is_well(&server.run(python(&kit, 1, script))));
    eventually("overtime ends it", || kit.claims() == 0);
    let mut long = python(&kit, 2, "time.sleep(60)");
    long.execution_timeout = Some(model::TimeDelta::from_millis(300));
    assert!(matches!(server.run(long), Outcome::TimedOut { .. }));
    // A grandchild holds the streams.
    let script = "import subprocess\n\
        subprocess.Popen(['sleep', '30'], start_new_session=True)\ntask.succeed()";
    assert!(is_well(&server.run(python(&kit, 3, script))));
    eventually("the log ends", || kit.log(3).contains("no longer read"));
    server.client.start(python(&kit, 4, "time.sleep(60)"));
    server.pid_of_start();
    server.client.kill(key(4), Fence(4));
    assert_eq!(server.end(4).0, Outcome::Killed);
}

#[test]
fn a_task_outlives_the_server_and_its_question_is_told_again() {
    let (mut kit, book) = kit("outlive");
    let server = kit.serve();
    let gate = kit.dir.join("gate");
    let script = format!(
        "answer = task.ask('GetVariable', key='never')\n\
         assert answer[0]['value'] == 'now', answer\n\
         while not os.path.exists({:?}): time.sleep(0.02)\ntask.succeed()",
        gate.display().to_string()
    );
    server.client.start(python(&kit, 1, &script));
    let pid = server.pid_of_start();
    eventually("it asks", || book.asked.lock().unwrap().len() == 1);
    let worker = server.client.pid();
    drop(server);
    let again = Arc::new(Book::default());
    kit.execution = Some(Arc::clone(&again) as _);
    let server = kit.serve();
    assert_eq!(server.client.pid(), worker);
    assert_eq!(server.pid_of_start(), pid);
    eventually("it asks again", || again.asked.lock().unwrap().len() == 1);
    let answer = again.held.lock().unwrap().pop().unwrap();
    answer(Answer::VariableResult {
        key: "never".to_owned(),
        value: Some("now".to_owned()),
    });
    // Its success is said while nobody is there.
    drop(server);
    fs::write(gate, "").unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let server = kit.serve();
    assert!(is_well(&server.end(1).0), "{}", kit.log(1));
    eventually("it is forgotten", || kit.claims() == 0);
}

#[test]
fn files_are_parsed() {
    let (kit, book) = kit("parse");
    let server = kit.serve();
    let parse = |env: &[(&str, &str)], timeout_ms: u64| -> Parsed {
        let (sender, done) = channel();
        let request = ParseRequest {
            runtime: runtime(&kit, env),
            path: "/dags/sub/a.py".to_owned(),
            bundle_path: "/dags".to_owned(),
            bundle_name: "dags-folder".to_owned(),
            timeout_ms,
            log_path: None,
        };
        server.client.parse(
            request,
            Box::new(move |parsed| sender.send(parsed).unwrap()),
        );
        done.recv_timeout(Duration::from_secs(20)).unwrap()
    };
    let script = r#"
assert op == "parse" and first["type"] == "DagFileParseRequest", first
task.ask("GetVariable", key="top")
task.ask("DagFileParsingResult", fileloc="/dags/sub/a.py", serialized_dags=[{"data": {"dag": {
    "dag_id": "a"}}, "last_loaded": None}], warnings=[], import_errors={"b.py": "trace"})
"#;
    let parsed = parse(&[("SCRIPT", script)], 10_000);
    let dag = serde_json::json!({"dag": {"dag_id": "a"}});
    assert_eq!(parsed.dags, [("/dags/sub/a.py".to_owned(), dag)]);
    assert_eq!(
        parsed.import_errors,
        [("b.py".to_owned(), "trace".to_owned())]
    );
    assert!(parsed.n_seconds > 0.0);
    assert_eq!(book.asked.lock().unwrap().len(), 1);
    let error = |env: &[(&str, &str)]| {
        let mut parsed = parse(env, 300);
        let (path, text) = parsed.import_errors.pop().unwrap();
        assert_eq!(path, "sub/a.py");
        text
    };
    let dead = error(&[("SCRIPT", "print('why', file=sys.stderr); os._exit(9)")]);
    assert!(
        dead.starts_with("TSK-024: the process ended with code 9"),
        "{dead}"
    );
    assert!(dead.ends_with("why"), "{dead}");
    let long = error(&[("SCRIPT", "while True: pass")]);
    assert!(
        long.starts_with("TSK-024: the file took longer than 0 s"),
        "{long}"
    );
    let broken = error(&[("BROKEN", "1")]);
    assert!(broken.starts_with("TSK-020"), "{broken}");
}

#[test]
fn a_triggerer_that_dies_is_started_anew_with_its_triggers() {
    let (kit, book) = kit("trigger");
    let server = kit.serve();
    let script = r#"
assert op == "triggerer" and first == {"type": "StartTriggerer"}, first
sync = task.ask("TriggerStateChanges", events=[], failures=[], finished=[])[0]
while not sync["to_create"]:
    time.sleep(0.02)
    sync = task.ask("TriggerStateChanges", events=[], failures=[], finished=[])[0]
mark = os.environ["MARK"]
if not os.path.exists(mark):
    open(mark, "w").close()
    os._exit(1)
one, two = sorted(sync["to_create"], key=lambda t: t["id"])
assert json.loads(one["encrypted_kwargs"]) == {"x": 1}, one
task.ask("TriggerStateChanges", events=[[one["id"], {"p": 2}]], failures=[[two["id"], ["trace"]]],
    finished=[])
time.sleep(60)
"#;
    let mark = kit.dir.join("mark").display().to_string();
    let runtime = runtime(&kit, &[("SCRIPT", script), ("MARK", &mark)]);
    let triggers = server.client.triggerer(runtime);
    for id in [1, 2] {
        triggers.create(model::execution::RunTrigger {
            id,
            classpath: "a.B".to_owned(),
            kwargs: serde_json::json!({ "x": 1 }),
            ti: None,
            timeout_after: None,
            dag_data: None,
            dag_run_data: None,
            lasts: false,
        });
    }
    eventually("both are heard of", || {
        !book.fired.lock().unwrap().is_empty() && !book.failed.lock().unwrap().is_empty()
    });
    let fired = book.fired.lock().unwrap().clone();
    assert_eq!(fired[0].payload, serde_json::json!({ "p": 2 }));
    let failed = book.failed.lock().unwrap().clone();
    assert_eq!(failed[0].traceback.as_deref(), Some("trace"));
}
