//! Callbacks of Python dags, people in the loop, and what the evaluator says.

use std::time::{Duration, Instant};

use model::{
    Json, RunNo, Timestamp,
    backfill::{BackfillAsk, Reprocess},
    command::{Command, Reply, TriggerRun},
    execution::{Answer, Ask, Asker, Callback, HitlDetail, HitlUser},
    ports::Execution as _,
    report::{AwaitedInput, Happened},
    state::{DagRunType, TriggeredBy},
    work::{Job, PythonTask, Work},
};
use serde_json::json;

use super::kit::{Call, Node, Scripted, badly, finished, python, well};

fn document(more: Json) -> String {
    let mut dag = json!({
        "dag_id": "p", "fileloc": "/f.py", "relative_fileloc": "p.py", "timezone": "UTC",
        "timetable": {"__type": "airflow.timetables.simple.NullTimetable", "__var": {}},
        "task_group": {"_group_id": null, "children": {"a": ["operator", "a"]}, "tooltip": "",
            "ui_color": "c", "ui_fgcolor": "f", "upstream_group_ids": [],
            "downstream_group_ids": [], "upstream_task_ids": [], "downstream_task_ids": [],
            "prefix_group_id": true},
        "tasks": [{"__type": "operator", "__var": {
            "task_id": "a", "task_type": "PythonOperator", "has_on_failure_callback": true,
            "_task_module": "airflow.providers.standard.operators.python",
        }}],
        "dag_dependencies": [], "edge_info": {}, "params": [],
    });
    let fields = dag.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    format!("# airflow\n{}\n", json!({"__version": 3, "dag": dag}))
}

fn eventually<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "no {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn call(node: &Node) -> Call {
    eventually("call", || node.calls.next())
}

#[test]
fn s046_a_dag_is_called_until_it_was_called_to_the_end() {
    let dag = document(json!({"has_on_failure_callback": true}));
    let mut node = Node::new(&[("p.py", &dag)], Scripted::new(|_| badly()));
    let run = node.trigger_surely("p", "r");
    assert_eq!(node.ended(run), "failed a:failed");
    let (request, calls, done) = call(&node);
    assert!(request.path.ends_with("dags/p.py"), "{}", request.path);
    assert_eq!(request.log_path.as_deref(), Some("~dag_processor/p.py.log"));
    let [
        Callback::Dag {
            msg,
            dag_run,
            last_ti,
            is_failure_callback,
            filepath,
            ..
        },
    ] = &calls[..]
    else {
        panic!("{calls:?}");
    };
    assert_eq!(
        (msg.as_deref(), filepath.as_str()),
        (Some("task_failure"), "p.py")
    );
    assert!(is_failure_callback);
    assert_eq!(dag_run.as_ref().unwrap().state.as_str(), "failed");
    assert_eq!(last_ti.as_ref().unwrap().task_id.as_str(), "a");
    // Nobody hears of its end before the server dies.
    drop(done);
    node.has_python = false;
    node.restart();
    std::thread::sleep(Duration::from_millis(50));
    assert!(node.calls.next().is_none(), "there is no runtime");
    // It is taken up when a runtime is ready, not at the next start.
    node.control().use_runtime(&python());
    let (_, again, done) = call(&node);
    assert_eq!(again, calls);
    done(None);
    let owed = || node.control().snapshot().unwrap().owed_callbacks().unwrap();
    eventually("end of what is owed", || owed().is_empty().then_some(()));
    node.restart();
    assert!(node.calls.next().is_none());
}

#[test]
fn s106_a_lost_task_is_told_by_its_file() {
    let node = Node::new(
        &[("p.py", &document(json!({})))],
        Scripted::new(|_| {
            Some(model::report::Outcome::Lost {
                message: "gone".to_owned(),
            })
        }),
    );
    let run = node.trigger_surely("p", "r");
    assert_eq!(node.ended(run), "failed a:failed");
    let (_, calls, done) = call(&node);
    let [
        Callback::Task {
            ti,
            task_callback_type,
            context,
            msg,
            ..
        },
    ] = &calls[..]
    else {
        panic!("{calls:?}");
    };
    assert_eq!((&*ti.task_id, ti.try_number), ("a", 1));
    assert_eq!(task_callback_type.unwrap().as_str(), "failed");
    assert_eq!(context.as_ref().unwrap().dag_run.run_id.as_str(), "r");
    assert_eq!(msg.as_deref(), Some("gone"));
    // What went wrong with the child is no reason to call again.
    done(Some("it took too long".to_owned()));
    let owed = || node.control().snapshot().unwrap().owed_callbacks().unwrap();
    eventually("end of what is owed", || owed().is_empty().then_some(()));
}

/// A node with one task that runs, and its asker.
fn asks() -> (Node, RunNo, std::sync::mpsc::Receiver<(Asker, PythonTask)>) {
    let (tell, started) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let executor = Scripted::new(move |work: &Work| {
        if let Job::Python(task) = &work.job {
            let (key, fence) = (work.key, work.fence);
            let who = Asker::Try { key, fence, n: 1 };
            tell.lock().unwrap().send((who, (**task).clone())).unwrap();
        }
        None
    });
    let node = Node::new(&[("p.py", &document(json!({})))], executor);
    let run = node.trigger_surely("p", "r");
    (node, run, started)
}

fn ask(node: &Node, who: &Asker, ask: Ask) -> Answer {
    let (tell, answer) = std::sync::mpsc::channel();
    let give = Box::new(move |answer| tell.send(answer).unwrap());
    node.execution.ask(who.clone(), ask, give);
    answer.recv_timeout(Duration::from_secs(20)).unwrap()
}

fn tell(node: &Node, who: &Asker, what: Happened) {
    let Asker::Try { key, fence, .. } = who else {
        panic!("{who:?}");
    };
    node.executor.tell(*key, *fence, vec![what]);
}

#[test]
fn s122_a_task_asks_and_goes_on_with_the_answer() {
    let (mut node, run, started) = asks();
    let next = || started.recv_timeout(Duration::from_secs(20)).unwrap();
    let (who, task) = next();
    let ti_id = task.startup.ti.id.clone();
    let response = Ask::GetHITLDetailResponse {
        ti_id: ti_id.clone(),
    };
    let missing = ask(&node, &who, response.clone());
    assert!(
        matches!(missing, Answer::Failure { status: 404, .. }),
        "{missing:?}"
    );
    let detail = HitlDetail {
        ti_id,
        options: vec!["yes".to_owned(), "no".to_owned()],
        subject: "Well?".to_owned(),
        body: None,
        defaults: None,
        multiple: false,
        params: None,
        assigned_users: Some(Vec::new()),
    };
    let asked = Ask::CreateHITLDetailPayload {
        detail: detail.clone(),
    };
    let answer = ask(&node, &who, asked);
    assert_eq!(answer, Answer::HITLDetailRequestResult(Box::new(detail)));
    let resume = ("execute_complete".to_owned(), json!({}));
    let awaited = AwaitedInput {
        timeout: None,
        resume,
    };
    tell(&node, &who, Happened::AwaitsInput(Box::new(awaited)));
    let waits = |node: &Node| node.look(run).1 == "a:awaiting_input";
    eventually("wait", || waits(&node).then_some(()));
    node.restart();
    assert!(waits(&node));
    let Asker::Try { key, .. } = who else {
        panic!()
    };
    let reply = node.command(Command::AnswerHuman {
        key,
        chosen_options: vec!["yes".to_owned()],
        params_input: model::JsonMap::new(),
        by: Some(HitlUser {
            id: "ada".to_owned(),
            name: "Ada".to_owned(),
        }),
        for_others: false,
    });
    assert!(matches!(reply, Reply::Done), "{reply:?}");
    let (who, task) = next();
    let kwargs = task.startup.ti_context.next_kwargs.unwrap();
    assert_eq!(kwargs["event"]["chosen_options"], json!(["yes"]));
    let Answer::HITLDetailResponseResult {
        response_received,
        responded_by_user,
        ..
    } = ask(&node, &who, response)
    else {
        panic!("no response");
    };
    assert!(response_received && responded_by_user.unwrap().id == "ada");
    tell(&node, &who, finished(well().unwrap()));
    assert_eq!(node.ended(run), "success a:success");
}

#[test]
fn a_custom_timetable_says_when_runs_are_due_and_what_they_are_called() {
    let dag = document(json!({
        "timetable": {"__type": "workdays.Workdays", "__var": {"n": 1}},
        "start_date": 0.0, "catchup": true,
    }));
    let mut node = Node::new(&[("p.py", &dag)], Scripted::new(|_| well()));
    let (ask, _) = eventually("question", || node.evaluator.next());
    assert_eq!(ask["op"], "timetable");
    assert_eq!(
        ask["timetable"],
        json!({"__type": "workdays.Workdays", "__var": {"n": 1}})
    );
    assert_eq!(
        (&ask["last"], &ask["earliest"]),
        (&Json::Null, &json!("1970-01-01T00:00:00+00:00"))
    );
    // It dies without an answer: the next one is asked again.
    node.restart();
    let (_, answer) = eventually("question", || node.evaluator.next());
    let at = |text: &str| Timestamp::parse(text).unwrap().isoformat();
    let (start, end) = (at("2026-01-05T00:00:00Z"), at("2026-01-06T00:00:00Z"));
    answer(Ok(json!({
        "next": {"run_after": end, "data_interval": {"start": start, "end": end}},
        "run_id": "scheduled__mine", "summary": "workdays", "description": "Each workday",
    })));
    let (ask, answer) = eventually("next question", || node.evaluator.next());
    assert_eq!(
        ask["last"]["data_interval"],
        json!({"start": start, "end": end})
    );
    answer(Err("it broke".to_owned()));
    let book = node.control().snapshot().unwrap();
    let dag = book.dag_no("p").unwrap().unwrap();
    let run = book.run_no(dag, "scheduled__mine").unwrap().unwrap();
    assert_eq!(node.ended(run), "success a:success");
    let row = book.dag(dag).unwrap().unwrap();
    assert_eq!(row.summary.timetable_summary.as_deref(), Some("workdays"));
}

/// A dag with a timetable in Python, which has said that no run follows, and an interval of it.
fn workdays() -> (Node, Timestamp, Timestamp, Json) {
    let timetable = json!({"__type": "workdays.Workdays", "__var": {"n": 1}});
    let dag = document(json!({"timetable": timetable, "catchup": false}));
    let node = Node::new(&[("p.py", &dag)], Scripted::new(|_| well()));
    let (_, answer) = eventually("question", || node.evaluator.next());
    answer(Ok(json!({"next": null})));
    let at = |text: &str| Timestamp::parse(text).unwrap();
    let (start, end) = (at("2026-01-02T00:00:00Z"), at("2026-01-05T00:00:00Z"));
    let interval = json!({"start": start.isoformat(), "end": end.isoformat()});
    (node, start, end, interval)
}

/// What comes of a command whose question is answered so, and the question.
fn asked(node: &Node, command: Command, answer: Result<Json, String>) -> (Reply, Json) {
    std::thread::scope(|scope| {
        let asks = scope.spawn(|| node.command(command));
        let (words, tell) = eventually("question", || node.evaluator.next());
        tell(answer);
        (asks.join().unwrap(), words)
    })
}

#[test]
fn a_custom_timetable_is_asked_for_runs_by_hand() {
    let (node, start, end, interval) = workdays();
    let command = Command::TriggerRun(Box::new(TriggerRun {
        dag_id: "p".into(),
        run_id: None,
        run_type: DagRunType::Manual,
        logical_date: Some(end),
        data_interval: None,
        run_after: None,
        conf: Json::Null,
        note: None,
        triggered_by: TriggeredBy::Test,
        user: None,
        reset: false,
        partition_key: None,
    }));
    let answer = json!({"data_interval": interval, "run_id": "manual__mine"});
    let (reply, words) = asked(&node, command, Ok(answer));
    assert_eq!(words["op"], "manual");
    assert_eq!(words["run_type"], "manual");
    assert_eq!(words["logical_date"], end.isoformat());
    let Reply::Run { run, run_id, .. } = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(&*run_id, "manual__mine");
    let book = node.control().snapshot().unwrap();
    let found = book.run(run).unwrap().unwrap();
    assert_eq!(found.data_interval.unwrap().start, start);
}

#[test]
fn a_custom_timetable_is_asked_for_backfills() {
    let (node, start, end, interval) = workdays();
    let command = || {
        Command::CreateBackfill(Box::new(BackfillAsk {
            dag_id: "p".into(),
            from_date: start,
            to_date: end,
            conf: None,
            reprocess: Reprocess::None,
            max_active_runs: 1,
            backwards: false,
            latest_version: None,
            user: None,
            dates: Vec::new(),
        }))
    };
    let wrong = "Traceback\nValueError: no workdays".to_owned();
    let (refused, words) = asked(&node, command(), Err(wrong));
    assert_eq!(words["op"], "between");
    assert_eq!(words["earliest"], start.isoformat());
    let Reply::Refused(refusal) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        refusal.message.ends_with("ValueError: no workdays"),
        "{refusal:?}"
    );
    let dates = json!([{"run_after": end.isoformat(), "data_interval": interval}]);
    let (made, _) = asked(&node, command(), Ok(dates));
    let Reply::Backfill(made) = made else {
        panic!("{made:?}");
    };
    assert_eq!(made.n_dates, 1);
}
