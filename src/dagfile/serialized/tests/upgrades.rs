//! Precedence of defaults, and older versions.

use model::{Json, TimeDelta, dag::Dag};
use serde_json::json;

use super::super::decode;
use super::{samples, text};

fn dag(version: u32, task: &Json, defaults: &Json) -> Dag {
    let document = json!({
        "__version": version,
        "client_defaults": {"tasks": defaults},
        "dag": {"dag_id": "d", "tasks": [{"__type": "operator", "__var": task}]},
    });
    decode(&document).unwrap()
}

#[test]
fn the_nearest_layer_wins() {
    let defaults = json!({"retries": 3, "retry_delay": 60.0, "owner": "all", "queue": "q"});
    let mapped = json!({
        "task_id": "a",
        "_is_mapped": true,
        "expand_input": {"type": "dict-of-lists", "value": {"x": [1]}},
        "partial_kwargs": {
            "retries": 2,
            "owner": "partial",
            "retry_delay": {"__type": "timedelta", "__var": 5.0},
        },
        "owner": "task",
    });
    let dag = dag(3, &mapped, &defaults);
    let task = &dag.tasks[0];
    assert_eq!(task.owner, "task");
    assert_eq!(task.retries, 2);
    assert_eq!(task.retry_delay, TimeDelta::from_secs(5));
    assert_eq!(task.queue, "q");
    assert_eq!(task.pool_slots, 1);
}

#[test]
fn partial_kwargs_mean_nothing_where_nothing_is_mapped() {
    let task = json!({"task_id": "a", "partial_kwargs": {"retries": 2}});
    assert_eq!(dag(3, &task, &json!({})).tasks[0].retries, 0);
}

#[test]
fn version_2_wrote_callbacks_under_their_names() {
    let task = json!({"task_id": "a", "on_failure_callback": ["f"], "on_retry_callback": []});
    let callbacks = dag(2, &task, &json!({})).tasks[0].callbacks;
    assert!(callbacks.on_failure && !callbacks.on_retry);
}

/// `version_1.json` as Airflow 2 writes it, and what upstream's own conversion makes of it.
#[test]
fn version_1_becomes_what_upstream_makes_of_it() {
    let read = |name: &str| -> Json {
        let text = std::fs::read_to_string(samples::folder().join(name)).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let old = decode(&read("version_1.json")).unwrap();
    let new = decode(&read("version_1_converted.json")).unwrap();
    assert_eq!(text::dag(&old), text::dag(&new));
}
