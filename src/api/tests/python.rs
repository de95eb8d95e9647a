//! What answers say of a Python dag: its file, its rendered fields, its links.

use expect_test::expect;
use model::{
    DagNo, Json, MapIndex, RunNo, TaskNo, TiKey, VersionNo,
    change::{Change, DagSource, DagVersion, Kept, KeptValue},
    state::TaskInstanceState,
    task_instance::TaskInstance,
};
use serde_json::json;

use super::{
    book::{at, dag, dag_run},
    node::Node,
};

const FILE: &str = "from airflow.sdk import dag\n# what people wrote\n";

fn document() -> Json {
    let task = |var: Json| json!({"__type": "operator", "__var": var});
    json!({"__version": 3, "dag": {
        "dag_id": "shop", "fileloc": "/dags/shop.py", "relative_fileloc": "shop.py",
        "timezone": "UTC",
        "timetable": {"__type": "airflow.timetables.simple.NullTimetable", "__var": {}},
        "task_group": {"_group_id": null, "children": {"sell": ["operator", "sell"], "pack": ["operator", "pack"]}},
        "dag_dependencies": [], "edge_info": {}, "params": [],
        "tasks": [task(json!({
            "task_id": "sell", "task_type": "PythonOperator", "_operator_name": "@task.sell",
            "_task_module": "airflow.providers.standard.operators.python",
            "template_fields": ["op_args", "op_kwargs"], "ui_color": "#abcdef",
            "_operator_extra_links": {"Receipt": "_link_receipt", "Report": "_link_report"},
        })), task(json!({
            "task_id": "pack", "task_type": "PythonOperator",
            "_task_module": "airflow.providers.standard.operators.python",
        }))],
    }})
}

fn key(task: u32, map: i32) -> TiKey {
    TiKey {
        run: RunNo(1),
        task: TaskNo(task),
        map: MapIndex(map),
    }
}

fn ti(task: u32, map: i32) -> Change {
    let key = key(task, map);
    Change::PutTaskInstance {
        dag: DagNo(1),
        ti: Box::new(TaskInstance {
            state: TaskInstanceState::Success,
            try_number: 1,
            start_date: Some(at(1)),
            rendered_map_index: (map == 1).then(|| "Berlin".to_owned()),
            ..TaskInstance::new(key, VersionNo(1), 1)
        }),
        was: None,
    }
}

fn book() -> Vec<Change> {
    let mut changes = dag(1, "shop", "", &[]);
    let version = |no: u32, text: Option<&str>| {
        Change::PutVersion(Box::new(DagVersion {
            dag: DagNo(1),
            version: VersionNo(no),
            created_at: at(i64::from(no)),
            hash: format!("{no}.0"),
            source: DagSource::Serialized {
                json: document().to_string(),
                text: text.map(str::to_owned),
            },
        }))
    };
    changes.retain(|change| !matches!(change, Change::PutVersion(_)));
    changes.extend([version(1, Some(FILE)), version(2, None)]);
    let name = |(no, task_id): (u32, &str)| Change::PutTaskName {
        dag: DagNo(1),
        task: TaskNo(no),
        task_id: task_id.into(),
    };
    changes.extend([(1, "sell"), (2, "pack")].map(name));
    let (run, _) = dag_run(1, 1, 1);
    let run = Box::new(model::run::DagRun {
        run_id: "r".into(),
        ..run
    });
    changes.push(Change::PutRun { run, was: None });
    changes.extend([ti(1, -1), ti(2, 0), ti(2, 1)]);
    let key = key(1, -1);
    changes.push(Change::PutKept {
        key,
        what: Kept::Rendered,
        value: KeptValue {
            value: json!({"op_args": "['bread']", "op_kwargs": {"n": 3}}),
            expires_at: None,
            updated_at: None,
        },
    });
    changes.push(Change::PutXCom {
        key,
        name: "_link_receipt".to_owned(),
        value: json!("https://shop.example/1"),
        at: at(2),
    });
    changes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_is_the_file_as_it_was_at_the_version() {
    let node = Node::new(&book(), &[]);
    let body = node.get("/dagSources/shop?version_number=1").await;
    assert_eq!(body["content"], FILE);
    // Nobody could keep it: not the JSON that stands for it.
    let body = node.get("/dagSources/shop?version_number=2").await;
    assert_eq!(body["content"], Json::Null);
    let body = node.get("/dags/shop/dagVersions").await;
    assert_eq!(body["total_entries"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn instances_have_rendered_fields_labels_and_links() {
    let node = Node::new(&book(), &[]);
    let body = node.get("/dags/shop/dagRuns/r/taskInstances/sell").await;
    assert_eq!(
        body["rendered_fields"],
        json!({"op_args": "['bread']", "op_kwargs": {"n": 3}})
    );
    assert_eq!(body["operator"], "PythonOperator");
    assert_eq!(body["operator_name"], "@task.sell");
    let body = node
        .get("/dags/shop/dagRuns/r/taskInstances/pack/listMapped?order_by=map_index")
        .await;
    let labels: Vec<_> = body["task_instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ti| (&ti["rendered_map_index"], &ti["rendered_fields"]))
        .collect();
    assert_eq!(
        labels,
        [(&json!("0"), &json!({})), (&json!("Berlin"), &json!({})),]
    );
    let refused = node
        .refused(
            "GET",
            "/dags/shop/dagRuns/r/taskInstances/sell/listMapped",
            None,
        )
        .await;
    assert_eq!(refused, "404 API-008 there is no mapped task `sell`");
    let links = "/dags/shop/dagRuns/r/taskInstances/sell/links";
    let body = node.get(links).await;
    let expected = expect![[
        r#"{"extra_links":{"Receipt":"https://shop.example/1","Report":null},"total_entries":2}"#
    ]];
    expected.assert_eq(&body.to_string());
    let refused = node
        .refused("GET", &format!("{links}?try_number=7"), None)
        .await;
    assert_eq!(refused, "404 API-008 there is no try `7`");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_says_what_its_operator_says() {
    let node = Node::new(&book(), &[]);
    let body = node.get("/dags/shop/tasks/sell").await;
    let shown = json!([
        body["operator_name"],
        body["class_ref"],
        body["template_fields"],
        body["extra_links"],
        body["ui_color"],
    ]);
    expect![[r##"["@task.sell",{"module_path":"airflow.providers.standard.operators.python","class_name":"PythonOperator"},["op_args","op_kwargs"],["Receipt","Report"],"#abcdef"]"##]]
    .assert_eq(&shown.to_string());
}

/// As upstream has it: a task that was not mapped when it ran first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s040_tries_of_what_had_no_index_are_those_of_the_first() {
    let mut changes = book();
    let with_tries = |map: i32, try_number: u32| {
        let Change::PutTaskInstance { ti, .. } = ti(2, map) else {
            unreachable!()
        };
        TaskInstance { try_number, ..*ti }
    };
    changes.push(Change::ArchiveTry(Box::new(with_tries(-1, 1))));
    changes.push(Change::ArchiveTry(Box::new(with_tries(0, 2))));
    changes.push(Change::PutTaskInstance {
        dag: DagNo(1),
        ti: Box::new(with_tries(0, 3)),
        was: Some(TaskInstanceState::Success),
    });
    let node = Node::new(&changes, &[]);
    let folder = node.control().logs().join("shop/r");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("pack.-1.1.log"), "{\"event\":\"alone\"}\n").unwrap();
    let at = "/dags/shop/dagRuns/r/taskInstances/pack";
    let tries = node.get(&format!("{at}/0/tries")).await;
    let seen = tries["task_instances"].as_array().unwrap().iter();
    let seen: Vec<_> = seen
        .map(|one| (&one["try_number"], &one["map_index"]))
        .collect();
    assert_eq!(json!(seen), json!([[1, 0], [2, 0], [3, 0]]));
    let log = node.get(&format!("{at}/logs/1?map_index=0")).await;
    assert_eq!(log["content"][0]["event"], "alone");
    let others = node.get(&format!("{at}/1/tries")).await;
    assert_eq!(others["total_entries"], 1);
}
