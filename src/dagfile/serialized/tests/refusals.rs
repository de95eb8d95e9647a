//! What is refused, and in which words.

use expect_test::{Expect, expect};
use model::Json;
use serde_json::json;

use super::super::decode;

fn document(tasks: &Json) -> Json {
    json!({"__version": 3, "dag": {"dag_id": "d", "fileloc": "/d.py", "tasks": tasks}})
}

fn task(more: Json) -> Json {
    let mut all = json!({"task_id": "a", "task_type": "T", "_task_module": "m"});
    let Json::Object(more) = more else { panic!() };
    all.as_object_mut().unwrap().extend(more);
    json!({"__type": "operator", "__var": all})
}

fn check(document: &Json, expected: &Expect) {
    let error = decode(document).unwrap_err();
    expected.assert_eq(&format!("{}: {error}", error.code));
}

#[test]
fn no_dags() {
    check(
        &json!([]),
        &expect!["DAG-030: a serialised dag is an object"],
    );
    check(
        &json!({"__version": 3}),
        &expect!["DAG-030: the object `dag` is missing"],
    );
    check(
        &json!({"__version": 4, "dag": {}}),
        &expect![
            "DAG-030: serialised dags of version 4 are not known; versions 1 to 3 can be read"
        ],
    );
    check(
        &json!({"__version": 3, "dag": {"dag_id": "d"}}),
        &expect!["DAG-030: the list `tasks` is missing"],
    );
    let mut deep = json!({});
    for _ in 0..250 {
        deep = json!([deep]);
    }
    check(
        &document(&deep),
        &expect!["DAG-030: the serialised dag is nested more than 200 levels deep"],
    );
}

#[test]
fn values_that_cannot_be() {
    check(
        &document(&json!([task(json!({"retries": "3"}))])),
        &expect!["DAG-031: task `a`: `retries` must be a number"],
    );
    check(
        &document(&json!([task(json!({"trigger_rule": "sometimes"}))])),
        &expect!["DAG-031: task `a`: `trigger_rule` must be the name of a trigger rule"],
    );
    check(
        &document(&json!([task(json!({
            "_is_mapped": true,
            "_expand_input_attr": "expand_input",
            "expand_input": {"type": "dict-of-lists", "value": {"x": 3}},
        }))])),
        &expect![
            "DAG-031: task `a`: `expand_input` must be what `expand` or `expand_kwargs` was given"
        ],
    );
    check(
        &json!({"__version": 3, "dag": {
            "dag_id": "d",
            "tasks": [],
            "timetable": {"__type": "airflow.timetables.trigger.CronTriggerTimetable"},
        }}),
        &expect![
            "DAG-031: the dag: timetable airflow.timetables.trigger.CronTriggerTimetable: \
             `expression` is missing"
        ],
    );
}

#[test]
fn edges_that_lead_nowhere() {
    check(
        &document(&json!([task(json!({"downstream_task_ids": ["b"]}))])),
        &expect!["DAG-032: task `a`: there is no task `b` after it"],
    );
    check(
        &document(&json!([
            task(json!({"downstream_task_ids": ["b"]})),
            task(json!({"task_id": "b", "downstream_task_ids": ["a"]})),
        ])),
        &expect![
            "DAG-032: the tasks wait for each other: `a` → `b` → `a`: take one of these edges away"
        ],
    );
    check(
        &document(&json!([task(json!({})), task(json!({}))])),
        &expect!["DAG-032: there are two tasks `a`"],
    );
    let children = json!({"a": ["operator", "a"], "b": ["operator", "gone"]});
    check(
        &json!({"__version": 3, "dag": {
            "dag_id": "d",
            "tasks": [task(json!({}))],
            "task_group": {"_group_id": null, "children": children},
        }}),
        &expect!["DAG-032: task group ``: there is no task `gone`"],
    );
}
