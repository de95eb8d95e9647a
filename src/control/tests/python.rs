//! Tries of Python dags: what they are told at the start, and what they are answered.

use std::sync::{Mutex, mpsc};

use model::{
    Fence, Json, TiKey, TimeDelta, Timestamp,
    change::Kept,
    command::Command,
    execution::{Answer, Ask, Asker, ErrorKind, SkipTarget, TriggerFired},
    ports::{Clock, Execution as _},
    report::Happened,
    task_instance::{Deferral, Trigger},
    work::{Job, PythonTask, Work},
};
use serde_json::json;

use super::kit::{Node, Scripted, badly, well};
use crate::testing::WallClock;

fn dag(tasks: &[&str]) -> String {
    let operator = |id: &&str| {
        let is_above = *id == "a" && tasks.len() > 1;
        let below: &[&str] = if is_above { &["b"] } else { &[] };
        json!({"__type": "operator", "__var": {
            "task_id": id, "task_type": "PythonOperator", "retries": 1, "retry_delay": 0.0,
            "_task_module": "airflow.providers.standard.operators.python",
            "downstream_task_ids": below,
        }})
    };
    let operators: Vec<Json> = tasks.iter().map(operator).collect();
    let children = tasks
        .iter()
        .map(|id| ((*id).to_owned(), json!(["operator", id])));
    let children: model::JsonMap = children.collect();
    let dag = json!({"__version": 3, "dag": {
        "dag_id": "p", "fileloc": "/f.py", "relative_fileloc": "p.py", "timezone": "UTC",
        "timetable": {"__type": "airflow.timetables.simple.NullTimetable", "__var": {}},
        "task_group": {"_group_id": null, "children": children, "tooltip": "", "ui_color": "c",
            "ui_fgcolor": "f", "upstream_group_ids": [], "downstream_group_ids": [],
            "upstream_task_ids": [], "downstream_task_ids": [], "prefix_group_id": true},
        "tasks": operators, "dag_dependencies": [], "edge_info": {}, "params": [],
    }});
    format!("# airflow\n{dag}\n")
}

/// A node whose tasks end when they are told to, and what was started.
struct Kit {
    node: Node,
    started: mpsc::Receiver<(TiKey, Fence, PythonTask)>,
}

impl Kit {
    fn new(tasks: &[&str]) -> Self {
        let (tell, started) = mpsc::channel();
        let tell = Mutex::new(tell);
        let executor = Scripted::new(move |work: &Work| {
            if let Job::Python(task) = &work.job {
                let what = (work.key, work.fence, (**task).clone());
                tell.lock().unwrap().send(what).unwrap();
            }
            None
        });
        let node = Node::new(&[("p.py", &dag(tasks))], executor);
        Self { node, started }
    }

    fn next(&self) -> (Asker, PythonTask) {
        let (key, fence, task) = self
            .started
            .recv_timeout(std::time::Duration::from_secs(20))
            .unwrap();
        (Asker::Try { key, fence, n: 1 }, task)
    }

    fn ask(&self, who: &Asker, ask: Ask) -> Answer {
        let (tell, answer) = mpsc::channel();
        let give = Box::new(move |answer| tell.send(answer).unwrap());
        self.node.execution.ask(who.clone(), ask, give);
        answer
            .recv_timeout(std::time::Duration::from_secs(20))
            .unwrap()
    }

    fn tell(&self, who: &Asker, what: Happened) {
        let Asker::Try { key, fence, .. } = who else {
            panic!("no try")
        };
        self.node.executor.tell(*key, *fence, vec![what]);
    }
}

fn key_of(who: &Asker) -> (TiKey, Fence) {
    match who {
        Asker::Try { key, fence, .. } => (*key, *fence),
        other => panic!("{other:?}"),
    }
}

fn ti_id() -> String {
    "any".to_owned()
}

fn set(key: &str, value: Json) -> Ask {
    Ask::SetXCom {
        key: key.to_owned(),
        value,
        dag_id: "p".into(),
        run_id: "r".into(),
        task_id: "a".into(),
        map_index: None,
        dag_result: false,
        mapped_length: None,
    }
}

fn get(key: &str) -> Ask {
    Ask::GetXCom {
        key: key.to_owned(),
        dag_id: "p".into(),
        run_id: "r".into(),
        task_id: "a".into(),
        map_index: None,
        include_prior_dates: false,
    }
}

/// It waits for a trigger, and goes on with what that gave.
fn waits(kit: &Kit, second: &Asker, at: Timestamp) -> Asker {
    let deferral = Deferral {
        trigger: Trigger::Python {
            class: "t.T".to_owned(),
            kwargs: json!({}),
        },
        timeout: Some(at.plus(TimeDelta::from_secs(600))),
        soft_fail: false,
        resume: Some(("go_on".to_owned(), json!({"x": 1}))),
    };
    kit.tell(second, Happened::Deferred(Box::new(deferral)));
    let (_, fence) = key_of(second);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while kit.node.triggerer.all().is_empty() {
        assert!(std::time::Instant::now() < until);
        std::thread::yield_now();
    }
    assert_eq!(
        kit.node.triggerer.all(),
        [format!("create {fence} t.T Some(\"a\")")]
    );
    kit.node.execution.trigger_fired(TriggerFired {
        trigger_id: fence.0,
        payload: json!("done"),
        end: None,
        seq: Some(7),
    });
    let (third, task) = kit.next();
    let context = &task.startup.ti_context;
    assert_eq!(context.next_method.as_deref(), Some("go_on"));
    assert_eq!(context.next_kwargs, Some(json!({"x": 1, "event": "done"})));
    assert!(context.xcom_keys_to_clear.is_empty() && context.start_date.is_some());
    let told = kit.node.triggerer.all();
    assert_eq!(
        told[1..],
        [format!("cancel {fence}"), "confirm 7".to_owned()]
    );
    third
}

#[test]
fn s006_a_try_is_told_what_upstreams_runner_needs() {
    let kit = Kit::new(&["a", "b"]);
    let run = kit.node.trigger_surely("p", "r");
    let (first, task) = kit.next();
    let startup = &task.startup;
    assert_eq!(startup.dag_rel_path, "p.py");
    assert_eq!((startup.ti.try_number, startup.ti.map_index), (1, -1));
    assert_eq!(startup.ti.id.len(), 36);
    let context = &startup.ti_context;
    assert!(context.should_retry && context.xcom_keys_to_clear.is_empty());
    assert_eq!((context.max_tries, context.task_reschedule_count), (1, 0));
    assert_eq!(context.dag_run.run_id.as_str(), "r");
    let env = |name: &str| task.runtime.env.iter().find(|(is, _)| is == name);
    assert_eq!(env("DEPLOYED").unwrap().1, "yes");
    assert_eq!(env("_AIRFLOW_PROCESS_CONTEXT").unwrap().1, "client");

    // It looks again later: its XComs are to be cleared, and it is the same try.
    assert_eq!(kit.ask(&first, set("k", json!(1))), Answer::Nothing);
    let at = WallClock.now();
    kit.tell(&first, Happened::Rescheduled { at });
    let (second, task) = kit.next();
    let context = &task.startup.ti_context;
    assert_eq!(task.startup.ti.id, startup.ti.id);
    assert_eq!(
        (context.task_reschedule_count, &*context.xcom_keys_to_clear),
        (1, &["k".to_owned()][..])
    );
    let start = kit.ask(
        &second,
        Ask::GetTaskRescheduleStartDate {
            ti_id: ti_id(),
            try_number: 1,
        },
    );
    assert!(
        matches!(
            start,
            Answer::TaskRescheduleStartDate {
                start_date: Some(_)
            }
        ),
        "{start:?}"
    );

    let third = waits(&kit, &second, at);

    // A new try has another id, and nothing of the wait.
    kit.tell(&third, super::kit::finished(badly().unwrap()));
    let (fourth, task) = kit.next();
    assert_ne!(task.startup.ti.id, startup.ti.id);
    let context = &task.startup.ti_context;
    assert_eq!((&context.next_method, context.should_retry), (&None, false));
    assert_eq!(
        (task.startup.ti.try_number, context.task_reschedule_count),
        (2, 0)
    );
    // What the earlier try says now is not taken.
    let stale = kit.ask(&third, set("k", json!(2)));
    assert!(
        matches!(stale, Answer::Failure { status: 410, .. }),
        "{stale:?}"
    );
    kit.tell(&fourth, super::kit::finished(well().unwrap()));
    let (fifth, _) = kit.next();
    kit.tell(&fifth, super::kit::finished(well().unwrap()));
    assert_eq!(kit.node.ended(run), "success a:success b:success");
}

fn miss(kind: ErrorKind, key: &str, value: &str) -> Answer {
    Answer::Error {
        kind,
        detail: [(key.to_owned(), value.into())].into_iter().collect(),
    }
}

#[test]
fn questions_are_answered_from_the_book_and_after_the_commit() {
    let kit = Kit::new(&["a", "b"]);
    kit.node.trigger_surely("p", "r");
    let (who, _) = kit.next();
    assert_eq!(kit.ask(&who, set("k", json!([1, 2]))), Answer::Nothing);
    let value = |value| Answer::XComResult {
        key: "k".to_owned(),
        value,
    };
    assert_eq!(kit.ask(&who, get("k")), value(json!([1, 2])));
    let Answer::XComResult {
        value: Json::Null, ..
    } = kit.ask(&who, get("none"))
    else {
        panic!("a miss is null");
    };

    let key = || "v".to_owned();
    let put = Ask::PutVariable {
        key: key(),
        value: Some("1".to_owned()),
        description: None,
    };
    assert_eq!(kit.ask(&who, put), Answer::Nothing);
    let found = Answer::VariableResult {
        key: key(),
        value: Some("1".to_owned()),
    };
    assert_eq!(kit.ask(&who, Ask::GetVariable { key: key() }), found);
    let keys = Ask::GetVariableKeys {
        prefix: None,
        limit: 10,
        offset: 0,
    };
    let expected = Answer::VariableKeysResult {
        keys: vec![key()],
        total_entries: 1,
    };
    assert_eq!(kit.ask(&who, keys), expected);
    for _ in 0..2 {
        let deleted = kit.ask(&who, Ask::DeleteVariable { key: key() });
        assert_eq!(deleted, Answer::OKResponse { ok: true });
    }
    let expected = miss(ErrorKind::VariableNotFound, "key", "v");
    assert_eq!(kit.ask(&who, Ask::GetVariable { key: key() }), expected);
}

#[test]
fn connections_come_from_the_environment_and_the_book() {
    let kit = Kit::new(&["a", "b"]);
    kit.node.trigger_surely("p", "r");
    let (who, _) = kit.next();
    let connection = |id: &str| Ask::GetConnection {
        conn_id: id.to_owned(),
    };
    let expected = miss(ErrorKind::ConnectionNotFound, "conn_id", "db");
    assert_eq!(kit.ask(&who, connection("db")), expected);
    let Answer::ConnectionResult(shop) = kit.ask(&who, connection("shop")) else {
        panic!("the environment has it");
    };
    assert_eq!((shop.conn_type.as_str(), shop.port), ("http", Some(80)));
    let words = model::execution::ConnectionWords {
        conn_id: "db".to_owned(),
        ..*shop
    };
    let control = kit.node.control();
    let sealed = crate::queries::connections::seal(control.reader(), &words, None).unwrap();
    assert!(!format!("{sealed:?}").contains("secret"));
    kit.node.command(Command::PutConnection {
        connection: sealed,
        only_new: true,
    });
    assert_eq!(
        kit.ask(&who, connection("db")),
        Answer::ConnectionResult(Box::new(words))
    );
}

#[test]
fn what_a_task_keeps_is_found_until_it_expires() {
    let kit = Kit::new(&["a", "b"]);
    kit.node.trigger_surely("p", "r");
    let (who, _) = kit.next();
    let state = |key: &str| Ask::GetTaskStateStore {
        ti_id: ti_id(),
        key: key.to_owned(),
    };
    let put = |key: &str, expires_at| Ask::SetTaskStateStore {
        ti_id: ti_id(),
        key: key.to_owned(),
        value: json!(1),
        expires_at,
    };
    let well = Answer::OKResponse { ok: true };
    assert_eq!(kit.ask(&who, put("s", None)), well);
    assert_eq!(kit.ask(&who, put("old", Some(WallClock.now()))), well);
    assert_eq!(
        kit.ask(&who, state("s")),
        Answer::TaskStateStoreResult { value: json!(1) }
    );
    assert_eq!(
        kit.ask(&who, state("old")),
        miss(ErrorKind::TaskStoreNotFound, "key", "old")
    );
    assert_eq!(
        kit.ask(&who, Ask::ClearTaskStateStore { ti_id: ti_id() }),
        well
    );
    assert_eq!(
        kit.ask(&who, state("s")),
        miss(ErrorKind::TaskStoreNotFound, "key", "s")
    );
}

#[test]
fn what_a_task_says_of_itself() {
    let kit = Kit::new(&["a", "b"]);
    kit.node.trigger_surely("p", "r");
    let (who, _) = kit.next();
    let control = kit.node.control();
    let rendered_fields: model::JsonMap = [("f".to_owned(), json!("x"))].into_iter().collect();
    let set_fields = Ask::SetRenderedFields { rendered_fields };
    assert_eq!(kit.ask(&who, set_fields), Answer::Nothing);
    let book = control.snapshot().unwrap();
    let (key, _) = key_of(&who);
    assert_eq!(
        book.kept(key, &Kept::Rendered).unwrap().unwrap().value,
        json!({"f": "x"})
    );
    drop(book);

    let label = Ask::SetRenderedMapIndex {
        rendered_map_index: "l".to_owned(),
    };
    assert_eq!(kit.ask(&who, label), Answer::Nothing);
    let ti = control.snapshot().unwrap().task_instance(key).unwrap();
    assert_eq!(ti.unwrap().rendered_map_index.as_deref(), Some("l"));
}

#[test]
fn questions_about_runs() {
    let kit = Kit::new(&["a", "b"]);
    kit.node.trigger_surely("p", "r");
    let (who, _) = kit.next();
    let Answer::DagResult(dag) = kit.ask(&who, Ask::GetDag { dag_id: "p".into() }) else {
        panic!("there is such a dag");
    };
    assert_eq!(
        (dag.is_paused, dag.relative_fileloc.as_deref()),
        (false, Some("p.py"))
    );
    let missing = kit.ask(
        &who,
        Ask::GetDagRunState {
            dag_id: "p".into(),
            run_id: "x".into(),
        },
    );
    assert!(
        matches!(missing, Answer::Failure { status: 404, .. }),
        "{missing:?}"
    );

    let trigger = |reset_dag_run| Ask::TriggerDagRun {
        dag_id: "p".into(),
        run_id: "other".into(),
        logical_date: None,
        run_after: None,
        conf: None,
        reset_dag_run,
        partition_key: None,
        note: None,
    };
    assert_eq!(
        kit.ask(&who, trigger(false)),
        Answer::OKResponse { ok: true }
    );
    let again = kit.ask(&who, trigger(false));
    let detail = model::JsonMap::new();
    assert_eq!(
        again,
        Answer::Error {
            kind: ErrorKind::DagRunAlreadyExists,
            detail
        }
    );

    let count = Ask::GetDRCount {
        dag_id: "p".into(),
        logical_dates: None,
        run_ids: None,
        states: None,
    };
    assert_eq!(kit.ask(&who, count), Answer::DRCount { count: 2 });
}

#[test]
fn questions_about_instances() {
    let kit = Kit::new(&["a", "b"]);
    kit.node.trigger_surely("p", "r");
    let (who, _) = kit.next();
    let count = |states: Option<&str>| Ask::GetTICount {
        dag_id: "p".into(),
        map_index: None,
        task_ids: Some(vec!["b".into()]),
        task_group_id: None,
        logical_dates: None,
        run_ids: Some(vec!["r".into()]),
        states: states.map(|state| vec![state.to_owned()]),
    };
    assert_eq!(kit.ask(&who, count(None)), Answer::TICount { count: 1 });
    assert_eq!(
        kit.ask(&who, count(Some("null"))),
        Answer::TICount { count: 1 }
    );
    assert_eq!(
        kit.ask(&who, count(Some("success"))),
        Answer::TICount { count: 0 }
    );

    let tasks = vec![SkipTarget {
        task_id: "b".into(),
        map_index: None,
    }];
    assert_eq!(
        kit.ask(&who, Ask::SkipDownstreamTasks { tasks }),
        Answer::Nothing
    );
    let states = Ask::GetTaskStates {
        dag_id: "p".into(),
        map_index: None,
        task_ids: Some(vec!["b".into()]),
        task_group_id: None,
        logical_dates: None,
        run_ids: Some(vec!["r".into()]),
    };
    let task_states = json!({"r": {"b": "skipped"}}).as_object().cloned().unwrap();
    assert_eq!(
        kit.ask(&who, states),
        Answer::TaskStatesResult { task_states }
    );
    let crumbs = Ask::GetTaskBreadcrumbs {
        dag_id: "p".into(),
        run_id: "r".into(),
    };
    let Answer::TaskBreadcrumbsResult { breadcrumbs } = kit.ask(&who, crumbs) else {
        panic!("no breadcrumbs");
    };
    assert_eq!(breadcrumbs[0]["operator"], "PythonOperator");
    let parse = Asker::Parse {
        file: "p.py".to_owned(),
    };
    let wrong = kit.ask(&parse, Ask::ClearTaskStateStore { ti_id: ti_id() });
    assert!(
        matches!(wrong, Answer::Failure { status: 400, .. }),
        "{wrong:?}"
    );
}

#[test]
fn a_trigger_waits_for_a_runtime_and_no_longer() {
    let mut kit = Kit::new(&["a"]);
    let run = kit.node.trigger_surely("p", "r");
    let (first, _) = kit.next();
    let deferral = Deferral {
        trigger: Trigger::Python {
            class: "t.T".to_owned(),
            kwargs: json!({}),
        },
        timeout: None,
        soft_fail: false,
        resume: Some(("go_on".to_owned(), json!({}))),
    };
    kit.tell(&first, Happened::Deferred(Box::new(deferral)));
    let (_, fence) = key_of(&first);
    let create = format!("create {fence} t.T Some(\"a\")");
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let told = |kit: &Kit, n: usize| {
        while kit.node.triggerer.all().len() < n {
            assert!(std::time::Instant::now() < until);
            std::thread::yield_now();
        }
        assert_eq!(kit.node.triggerer.all(), vec![create.clone(); n]);
    };
    told(&kit, 1);
    let second = kit.node.trigger_surely("p", "r2");
    let (fourth, _) = kit.next();
    kit.node.has_python = false;
    kit.node.restart();
    told(&kit, 1);
    // One that runs already is not started again by what is derived anew.
    kit.node.control().use_runtime(&super::kit::python());
    told(&kit, 2);
    assert!(kit.started.try_recv().is_err());
    kit.node.execution.trigger_fired(TriggerFired {
        trigger_id: fence.0,
        payload: json!("done"),
        end: None,
        seq: None,
    });
    let (third, task) = kit.next();
    assert_eq!(
        task.startup.ti_context.next_method.as_deref(),
        Some("go_on")
    );
    for (who, run) in [(third, run), (fourth, second)] {
        kit.tell(&who, super::kit::finished(well().unwrap()));
        assert_eq!(kit.node.ended(run), "success a:success");
    }
}
