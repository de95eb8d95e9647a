//! Each property of the schema arrives: in the model, or in `extra`.

use model::Json;
use serde_json::{Map, json};

use super::super::decode;

/// A dag with one task, one group and room for one more property in each.
fn document(dag: &Json, task: &Json, group: &Json) -> Json {
    let with = |mut all: Json, more: &Json| {
        let more: Map<String, Json> = more.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(more);
        all
    };
    let group = with(
        json!({"_group_id": "g", "children": {"g.a": ["operator", "g.a"]}}),
        group,
    );
    let root = json!({"_group_id": null, "children": {
        "g": ["taskgroup", group], "b": ["operator", "b"],
    }});
    let task = with(
        json!({"task_id": "g.a", "task_type": "T", "_task_module": "m"}),
        task,
    );
    let body = json!({
        "dag_id": "d",
        "fileloc": "/d.py",
        "task_group": root,
        "tasks": [
            {"__type": "operator", "__var": task},
            {"__type": "operator", "__var": {"task_id": "b"}},
        ],
    });
    json!({"__version": 3, "dag": with(body, dag)})
}

fn check(n: usize, values: &Json, place: fn(&Json) -> Json) {
    let values = values.as_object().unwrap();
    assert_eq!(values.len(), n);
    let bare = decode(&place(&json!({}))).unwrap();
    for (name, value) in values {
        let mut property = Map::new();
        property.insert(name.clone(), value.clone());
        let document = place(&Json::Object(property));
        let dag = decode(&document).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_ne!(dag, bare, "`{name}` makes no difference");
    }
}

/// `tasks` and `task_group` are what the other tests are about.
#[test]
fn of_dags() {
    let asset = json!({"__type": "asset", "name": "a", "uri": "u", "group": "", "extra": {}});
    let values = json!({
        "params": [["p", {"__class": "airflow.sdk.definitions.param.Param", "default": 1}]],
        "dag_id": "other",
        "timezone": 3600,
        "owner_links": {"o": "https://example.com"},
        "timetable": {
            "__type": "airflow.timetables.simple.AssetTriggeredTimetable",
            "__var": {"asset_condition": asset},
        },
        "catchup": true,
        "allowed_run_types": ["manual"],
        "fail_fast": true,
        "fileloc": "/other.py",
        "relative_fileloc": "d.py",
        "_processor_dags_folder": "/dags",
        "dag_display_name": "D",
        "description": "About",
        "deadline": [{
            "reference": {"reference_type": "DagRunQueuedAtDeadline"},
            "interval": {"__classname__": "datetime.timedelta", "__version__": 2, "__data__": 9.0},
            "callback": {"__classname__": "c", "__version__": 0, "__data__": {"path": "m.f"}},
        }],
        "_concurrency": 3,
        "max_active_tasks": 3,
        "max_active_runs": 3,
        "max_consecutive_failed_dag_runs": 3,
        "default_args": {"__type": "dict", "__var": {"retries": 1}},
        "start_date": 1.5,
        "end_date": 1.5,
        "dagrun_timeout": 60.0,
        "doc_md": "# D",
        "access_control": {"__type": "dict", "__var": {}},
        "is_paused_upon_creation": false,
        "has_on_success_callback": true,
        "has_on_failure_callback": true,
        "render_template_as_native_obj": true,
        "tags": ["t"],
        "edge_info": {"b": {"g.a": {"label": "yes"}}},
        "dag_dependencies": [{
            "source": "d", "target": "e", "label": "l",
            "dependency_type": "trigger", "dependency_id": "a",
        }],
        "disable_bundle_versioning": true,
        "rerun_with_latest_version": true,
    });
    check(33, &values, |more| document(more, &json!({}), &json!({})));
}

#[test]
fn of_groups() {
    let values = json!({
        "_group_id": "h",
        "group_display_name": "G",
        "prefix_group_id": false,
        "children": {},
        "tooltip": "T",
        "doc_md": "# G",
        "ui_color": "red",
        "ui_fgcolor": "blue",
        "upstream_group_ids": ["x"],
        "downstream_group_ids": ["x"],
        "upstream_task_ids": ["b"],
        "downstream_task_ids": ["b"],
        "later": 1,
    });
    check(13, &values, |more| document(&json!({}), &json!({}), more));
    let mapped = document(
        &json!({}),
        &json!({}),
        &json!({
            "is_mapped": true,
            "expand_input": {"type": "dict-of-lists", "value": {"x": [1, 2]}},
        }),
    );
    let dag = decode(&mapped).unwrap();
    let id = dag
        .mapped_group(&dag.tasks[0])
        .map(|group| group.group_id.as_str());
    assert_eq!(id, Some("g"));
    assert!(dag.needs_expansion(&dag.tasks[0]) && !dag.needs_expansion(&dag.tasks[1]));
}

/// As text: too long for the macro.
const OF_TASKS: &str = r##"{
        "task_type": "Other",
        "_task_module": "other",
        "_operator_extra_links": {"l": "k"},
        "_task_display_name": "A",
        "owner": "o",
        "start_date": 5.0,
        "end_date": 5.0,
        "trigger_rule": "all_done",
        "depends_on_past": true,
        "ignore_first_depends_on_past": true,
        "wait_for_past_depends_before_skipping": true,
        "wait_for_downstream": true,
        "retries": 2,
        "queue": "q",
        "pool": "p",
        "pool_slots": 2,
        "execution_timeout": 5.0,
        "retry_delay": 5.0,
        "retry_exponential_backoff": 1.5,
        "max_retry_delay": 5.0,
        "params": [["p", 1]],
        "priority_weight": 2,
        "weight_rule": "my.Strategy",
        "executor": "e",
        "executor_config": {"__type": "dict", "__var": {}},
        "do_xcom_push": false,
        "email": ["a@example.com"],
        "ui_color": "#123",
        "ui_fgcolor": "#123",
        "template_fields": ["f"],
        "template_ext": [".sh"],
        "template_fields_renderers": {"f": "bash"},
        "downstream_task_ids": ["b"],
        "doc": "d",
        "doc_md": "d",
        "doc_json": "d",
        "doc_yaml": "d",
        "doc_rst": "d",
        "_logger_name": "l",
        "_is_sensor": true,
        "_is_empty": true,
        "_can_skip_downstream": true,
        "_operator_name": "@t",
        "_disallow_kwargs_override": true,
        "map_index_template": "m",
        "allow_nested_operators": false,
        "render_template_as_native_obj": true,
        "inlets": [{"__type": "asset", "__var": {"name": "a", "uri": "u"}}],
        "outlets": [{"__type": "asset_alias", "__var": {"name": "l"}}],
        "has_on_execute_callback": true,
        "has_on_failure_callback": true,
        "has_on_skipped_callback": true,
        "has_on_success_callback": true,
        "has_on_retry_callback": true,
        "has_retry_policy": true,
        "multiple_outputs": true,
        "start_from_trigger": true,
        "start_trigger_args": {
            "__type": "START_TRIGGER_ARGS", "trigger_cls": "t.T", "next_method": "m"
        },
        "is_setup": true,
        "is_teardown": true,
        "on_failure_fail_dagrun": true,
        "max_active_tis_per_dag": 2,
        "max_active_tis_per_dagrun": 2,
        "reschedule": true,
        "task_display_name": "A",
        "later": {"x": 1}
    }"##;

/// `_is_mapped` and what belongs to it need each other, and mail needs an address.
#[test]
fn of_tasks() {
    let values = serde_json::from_str(OF_TASKS).unwrap();
    check(66, &values, |more| document(&json!({}), more, &json!({})));
}
