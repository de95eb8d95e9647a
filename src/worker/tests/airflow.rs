//! The same with a real Airflow, where `ORRERY_TEST_AIRFLOW` names a virtual environment that has
//! one; else nothing.

use super::{
    kit::*,
    python::{Book, kit, runtime, startup},
};
use model::{
    Fence,
    execution::RunTrigger,
    ports::{Executor, ParseRequest, Parser},
    report::{Happened, Outcome},
    work::{Job, PythonRuntime, PythonTask, Work},
};
use std::{fs, sync::mpsc::channel, time::Duration};

const DAG: &str = r#"
import datetime, sys
from airflow.sdk import DAG, Variable, task
from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import BaseOperator

class Waits(BaseOperator):
    def execute(self, context):
        trigger = TimeDeltaTrigger(datetime.timedelta(milliseconds=100))
        self.defer(trigger=trigger, method_name="go")
    def go(self, context, event=None):
        print("resumed with", type(event).__name__)

with DAG("d", schedule=None):
    @task
    def t():
        print("variable", Variable.get("v"))
        print("to stderr", file=sys.stderr)
        return {"a": 1}
    @task
    def fails():
        raise ValueError("why not")
    t() >> fails() >> Waits(task_id="waits")
"#;

fn airflow(kit: &Kit, venv: &str) -> PythonRuntime {
    let dags = kit.dir.join("dags");
    fs::create_dir_all(&dags).unwrap();
    fs::write(dags.join("d.py"), DAG).unwrap();
    let dags = dags.display().to_string();
    let bundles = serde_json::json!([{
        "name": "dags-folder",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": { "path": dags },
    }]);
    let home = kit.dir.display().to_string();
    let env = [
        ("HOME", home.as_str()),
        ("AIRFLOW_HOME", &home),
        ("AIRFLOW__CORE__DAGS_FOLDER", &dags),
        (
            "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST",
            &bundles.to_string(),
        ),
        ("AIRFLOW__CORE__LOAD_EXAMPLES", "False"),
        ("AIRFLOW__CORE__FERNET_KEY", ""),
        (
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
            "sqlite:////nonexistent/orrery.db",
        ),
        ("_AIRFLOW_PROCESS_CONTEXT", "client"),
    ];
    PythonRuntime {
        folder: venv.to_owned(),
        ..runtime(kit, &env)
    }
}

fn task(runtime: &PythonRuntime, fence: u64, task_id: &str) -> Work {
    let mut work = bash(fence, "");
    let mut startup = startup();
    startup.ti.task_id = task_id.into();
    work.job = Job::Python(Box::new(PythonTask {
        runtime: runtime.clone(),
        env: Vec::new(),
        startup,
    }));
    work
}

#[test]
fn airflow_itself() {
    let Ok(venv) = std::env::var("ORRERY_TEST_AIRFLOW") else {
        return;
    };
    let (kit, book) = kit("airflow");
    let runtime = airflow(&kit, &venv);
    let server = kit.serve_for(Duration::from_secs(120));
    let (sender, done) = channel();
    let dags = kit.dir.join("dags").display().to_string();
    let request = ParseRequest {
        runtime: runtime.clone(),
        path: format!("{dags}/d.py"),
        bundle_path: dags,
        bundle_name: "dags-folder".to_owned(),
        timeout_ms: 60_000,
        log_path: None,
    };
    server.client.parse(
        request,
        Box::new(move |parsed| sender.send(parsed).unwrap()),
    );
    let parsed = done.recv_timeout(Duration::from_secs(120)).unwrap();
    assert_eq!(parsed.import_errors, []);
    assert_eq!(parsed.dags[0].1["dag"]["dag_id"], "d");

    let outcome = server.run(task(&runtime, 1, "t"));
    assert!(
        matches!(outcome, Outcome::Success { .. }),
        "{outcome:?}\n{}",
        kit.log(1)
    );
    let events = kit.events(1);
    for expected in ["task.stdout: variable value of v", "task.stderr: to stderr"] {
        assert!(events.contains(expected), "{events}");
    }
    let asked = book.asked.lock().unwrap().join("\n");
    for expected in ["SetRenderedFields", "GetVariable { key: \"v\" }", "SetXCom"] {
        assert!(asked.contains(expected), "{asked}");
    }
    let outcome = server.run(task(&runtime, 2, "fails"));
    let Outcome::Failed { may_retry, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert!(
        !may_retry && kit.log(2).contains("why not"),
        "{}",
        kit.log(2)
    );
    defers(&kit, &book, &server, &runtime);
}

fn defers(kit: &Kit, book: &Book, server: &Server, runtime: &PythonRuntime) {
    server.client.start(task(runtime, 3, "waits"));
    server.pid_of_start();
    let Happened::Deferred(deferral) = server.next().what else {
        panic!("no deferral\n{}", kit.log(3));
    };
    server.client.ack(Fence(3));
    let model::task_instance::Trigger::Python { class, kwargs } = deferral.trigger else {
        panic!("no Python trigger");
    };
    let triggers = server.client.triggerer(runtime.clone());
    triggers.create(RunTrigger {
        id: 7,
        classpath: class,
        kwargs,
        ti: None,
        timeout_after: None,
        dag_data: None,
        dag_run_data: None,
        lasts: false,
    });
    let fired = || book.fired.lock().unwrap().pop();
    let mut payload = None;
    for _ in 0..300 {
        payload = fired();
        if payload.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let payload = payload.expect("the trigger fires");
    assert_eq!(payload.trigger_id, 7);
    let mut resumed = task(runtime, 4, "waits");
    if let Job::Python(task) = &mut resumed.job {
        let (method, kwargs) = deferral.resume.unwrap();
        let context = &mut task.startup.ti_context;
        (context.next_method, context.next_kwargs) = (Some(method), Some(kwargs));
        context.event = Some(payload.payload.clone());
    }
    let outcome = server.run(resumed);
    let log = kit.log(4);
    assert!(
        matches!(outcome, Outcome::Success { .. }),
        "{outcome:?} {:?}\n{log}",
        payload.payload
    );
    assert!(log.contains("resumed with DateTime"), "{log}");
}
