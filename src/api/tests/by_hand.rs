//! What people do to groups, instances, partitions and files.

use std::fmt::Write;

use expect_test::expect;
use model::{
    DagNo, MapIndex, RunNo, TaskNo, TiKey, VersionNo,
    change::{Change, DagSource, DagVersion},
    state::TaskInstanceState::{Failed, Success, UpstreamFailed},
    task_instance::TaskInstance,
};
use serde_json::{Value as Json, json};

use super::{
    book::{at, dag, dag_run},
    node::{Answer, Node},
};

const DAG: &str = "
dag_id: d
schedule: null
tasks:
  - {id: stay, uses: bash, with: {bash_command: 'sleep 60'}}
  - {id: b, uses: empty, needs: [stay]}
  - {id: c, uses: empty, needs: [b]}
";
const RUN: &str = "/dags/d/dagRuns/r";

async fn node() -> Node {
    let node = Node::new(&[], &[("d.yaml", DAG)]);
    let body = json!({ "dag_run_id": "r", "logical_date": null });
    let run = node.ask("POST", "/dags/d/dagRuns", Some(body)).await;
    assert_eq!(run.status, 200, "{}", run.text);
    node
}

/// A finished run of a dag with a group: `a` before it, `g.b` and `g.c` in it, `z` after it.
fn grouped() -> Vec<Change> {
    let tasks = [("a", "g.b"), ("g.b", "g.c"), ("g.c", "z"), ("z", "")];
    let operator = |(id, below): (&str, &str)| {
        let below: Vec<&str> = [below].into_iter().filter(|id| !id.is_empty()).collect();
        json!({"__type": "operator", "__var": {
            "task_id": id, "task_type": "EmptyOperator", "downstream_task_ids": below,
            "_task_module": "airflow.providers.standard.operators.empty",
        }})
    };
    let group = json!({"_group_id": "g", "prefix_group_id": true, "children": {
        "g.b": ["operator", "g.b"], "g.c": ["operator", "g.c"]}});
    let document = json!({"__version": 3, "dag": {
        "dag_id": "d", "fileloc": "/dags/d.py", "relative_fileloc": "d.py", "timezone": "UTC",
        "timetable": {"__type": "airflow.timetables.simple.NullTimetable", "__var": {}},
        "task_group": {"_group_id": null, "children": {
            "a": ["operator", "a"], "g": ["taskgroup", group], "z": ["operator", "z"]}},
        "dag_dependencies": [], "edge_info": {}, "params": [],
        "tasks": tasks.map(operator),
    }});
    let mut changes = dag(1, "d", "", &[]);
    changes.retain(|change| !matches!(change, Change::PutVersion(_)));
    changes.push(Change::PutVersion(Box::new(DagVersion {
        dag: DagNo(1),
        version: VersionNo(1),
        created_at: at(1),
        hash: "1.0".to_owned(),
        source: DagSource::Serialized {
            json: document.to_string(),
            text: None,
        },
    })));
    let (run, _) = dag_run(1, 1, 1);
    let run = Box::new(model::run::DagRun {
        run_id: "r".into(),
        ..run
    });
    changes.push(Change::PutRun { run, was: None });
    let states = [Success, Failed, UpstreamFailed, UpstreamFailed];
    for (no, ((id, _), state)) in (1..).zip(tasks.into_iter().zip(states)) {
        let (dag, task) = (DagNo(1), TaskNo(no));
        changes.push(Change::PutTaskName {
            dag,
            task,
            task_id: id.into(),
        });
        let key = TiKey {
            run: RunNo(1),
            task,
            map: MapIndex::NONE,
        };
        let ti = TaskInstance {
            state,
            try_number: 1,
            ..TaskInstance::new(key, VersionNo(1), 0)
        };
        changes.push(Change::PutTaskInstance {
            dag,
            ti: Box::new(ti),
            was: None,
        });
    }
    changes
}

/// Task, state and note of each.
fn shown(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut out = String::new();
    for ti in answer.json()["task_instances"].as_array().unwrap() {
        let text = |name: &str| ti[name].as_str().unwrap_or("-").to_owned();
        write!(
            out,
            "{} {} {}; ",
            text("task_id"),
            text("state"),
            text("note")
        )
        .unwrap();
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_are_set_as_one() {
    let node = Node::new(&grouped(), &[]);
    let path = format!("{RUN}/taskGroupInstances/g");
    let patch = |path: String, body: Json| {
        let node = &node;
        async move { node.ask("PATCH", &path, Some(body)).await }
    };
    let dry = patch(format!("{path}/dry_run"), json!({})).await;
    assert_eq!(shown(&dry), "g.b failed -; g.c upstream_failed -; ");
    let failed = json!({ "new_state": "failed", "include_upstream": true });
    let dry = patch(format!("{path}/dry_run"), failed).await;
    assert_eq!(dry.json()["total_entries"], 2);
    let skipped = json!({ "new_state": "skipped", "note": "not today" });
    let done = patch(path.clone(), skipped.clone()).await;
    assert_eq!(
        shown(&done),
        "g.b skipped not today; g.c skipped not today; "
    );
    // What failed below runs again.
    let z = node.get(&format!("{RUN}/taskInstances/z")).await;
    assert_eq!(z["state"], Json::Null);
    let mut told = String::new();
    for (path, body) in [
        (path.clone(), skipped),
        (path.clone(), json!({})),
        (path.clone(), json!({ "new_state": "running" })),
        (path.clone(), json!({ "new_state": "failed", "sort": 1 })),
        (path.replace("/g", "/h"), json!({ "new_state": "failed" })),
        (path.replace("/r/", "/s/"), json!({ "new_state": "failed" })),
        (path.replace("/d/", "/e/"), json!({ "new_state": "failed" })),
    ] {
        told += &node.refused("PATCH", &path, Some(body)).await;
        told += "\n";
    }
    expect![[r#"
        409 RUN-040 all task instances of group `g` are skipped already: nothing to set
        422 API-014 body.new_state missing: give new_state, note or both
        422 API-014 body.new_state value_error: `running` cannot be set by hand: use
            success, failed or skipped
        422 API-014 body.sort extra_forbidden: unknown field `sort`, expected one of
            `new_state`, `note`, `include_upstream`, `include_downstream`,
            `include_future`, `include_past`
        404 API-008 there is no task group `h` in dag `d`
        404 API-008 there is no task instance of group `g` in run `s`
        404 API-008 there is no dag `e`
    "#]]
    .assert_eq(&told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_are_deleted() {
    let node = node().await;
    let path = format!("{RUN}/taskInstances/c");
    let done = node.ask("DELETE", &path, None).await;
    assert_eq!((done.status, done.text.as_str()), (200, "null"));
    assert_eq!(node.ask("GET", &path, None).await.status, 404);
    let no = node.refused("DELETE", &path, None).await;
    expect!["404 API-008 there is no task instance `c` in run `r` of dag `d`"].assert_eq(&no);
    let no = node
        .refused(
            "DELETE",
            &format!("{RUN}/taskInstances/b?map_index=3"),
            None,
        )
        .await;
    expect!["404 API-008 there is no task instance `b` at map index `3` in run `r` of dag `d`"]
        .assert_eq(&no);
    let left = node.get(&format!("{RUN}/taskInstances")).await;
    assert_eq!(left["total_entries"], 2);
    // One that is at work is ended.
    let path = format!("{RUN}/taskInstances/stay");
    assert_eq!(node.ask("DELETE", &path, None).await.status, 200);
    assert_eq!(node.ask("GET", &path, None).await.status, 404);
}

const DAYS: &str = "
dag_id: days
schedule:
  uses: airflow.timetables.trigger.CronPartitionTimetable
  with: {cron: '0 0 * * *', timezone: UTC, key_format: '%Y-%m-%d'}
start_date: '2026-01-01'
is_paused_upon_creation: true
tasks:
  - {id: a, uses: empty}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s136_runs_are_taken_out_of_their_partitions() {
    let node = Node::new(&[], &[("days.yaml", DAYS)]);
    for (run, key) in [
        ("one", "2026-03-01"),
        ("two", "2026-03-02"),
        ("three", "2026-03-02"),
    ] {
        let body = json!({ "dag_run_id": run, "logical_date": null, "partition_key": key });
        let run = node.ask("POST", "/dags/days/dagRuns", Some(body)).await;
        assert_eq!(run.status, 200, "{}", run.text);
    }
    let path = "/dags/days/clearPartitions";
    let counts = |body: Json| {
        let node = &node;
        async move {
            let answer = node.ask("POST", path, Some(body)).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let answer = answer.json();
            let n = |name: &str| answer[name].as_u64().unwrap();
            (n("dag_runs_cleared"), n("task_instances_cleared"))
        }
    };
    let two = json!({ "partition_key": "2026-03-02" });
    assert_eq!(counts(two.clone()).await, (2, 0));
    let mut now = two.clone();
    now["dry_run"] = json!(false);
    now["clear_task_instances"] = json!(true);
    assert_eq!(counts(now).await, (2, 2));
    let run = node.get("/dags/days/dagRuns/two").await;
    assert_eq!(
        (&run["partition_key"], &run["partition_date"]),
        (&Json::Null, &Json::Null)
    );
    assert_eq!(counts(two).await, (0, 0));
    let of_run = json!({ "run_id": "two", "clear_task_instances": true });
    assert_eq!(counts(of_run).await, (0, 1));
    let window = json!({ "partition_date_end": "2026-03-01T00:00:00Z" });
    assert_eq!(counts(window).await, (1, 0));
    assert_eq!(counts(json!({ "run_id": "nobody" })).await, (0, 0));
    let mut told = String::new();
    for body in [
        json!({}),
        json!({ "run_id": "one", "partition_key": "k" }),
        json!({ "run_id": "one", "force": true }),
        json!({
            "partition_date_start": "2026-03-03T00:00:00Z",
            "partition_date_end": "2026-03-02T00:00:00Z",
        }),
    ] {
        told += &node.refused("POST", path, Some(body)).await;
        told += "\n";
    }
    let body = Some(json!({ "run_id": "one" }));
    told += &node
        .refused("POST", "/dags/none/clearPartitions", body)
        .await;
    expect![[r#"
        422 API-014 body.run_id value_error: give exactly one of run_id (not empty),
            partition_key, or a window of partition_date_start and partition_date_end
        422 API-014 body.run_id value_error: give exactly one of run_id (not empty),
            partition_key, or a window of partition_date_start and partition_date_end
        422 API-014 body.force extra_forbidden: unknown field `force`, expected one of
            `partition_key`, `partition_date_start`, `partition_date_end`, `run_id`,
            `clear_task_instances`, `dry_run`
        422 API-014 body.partition_date_end value_error: partition_date_start must be
            on or before partition_date_end
        404 API-008 there is no dag `none`"#]]
    .assert_eq(&told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dag_files_are_read_again() {
    let node = node().await;
    let dag = node.get("/dags/d").await;
    let (token, first) = (
        dag["file_token"].as_str().unwrap(),
        &dag["last_parsed_time"],
    );
    let path = format!("/parseDagFile/{token}");
    let done = node.ask("PUT", &path, None).await;
    assert_eq!((done.status, done.text.as_str()), (201, "null"));
    for _ in 0..500 {
        if node.get("/dags/d").await["last_parsed_time"] != *first {
            let no = node.refused("PUT", "/parseDagFile/other.yaml", None).await;
            expect!["404 API-008 there is no dag file `other.yaml`"].assert_eq(&no);
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it was not read again");
}
