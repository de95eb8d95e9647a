//! Assets: lists, events, what waits, what is kept, and runs that follow.

use std::time::Duration;

use expect_test::expect;
use model::{
    AliasNo, AssetNo, DagNo, Fence, TaskNo,
    asset::{AliasRow, AssetRow, Condition, DagAssets, Watcher},
    change::{Change, Counters},
};
use serde_json::{Value as Json, json};

use super::{
    book::{self, at},
    node::Node,
};

const YAML: &str = "dag_id: NAME
schedule: null
tasks:
  - id: make
    uses: bash
    with: {bash_command: 'true'}
";

fn asset(no: u32, name: &str, is_active: bool) -> Change {
    let watcher = Watcher {
        name: "w".to_owned(),
        classpath: "a.B".to_owned(),
        kwargs: model::JsonMap::new(),
        trigger: Fence(7),
        since: at(0),
    };
    Change::PutAsset(Box::new(AssetRow {
        no: AssetNo(no),
        name: name.to_owned(),
        uri: format!("s3://{name}"),
        group: "asset".to_owned(),
        extra: json!({ "team": 1 }).as_object().unwrap().clone(),
        is_active,
        created_at: at(0),
        updated_at: at(1),
        watchers: if no == 1 { vec![watcher] } else { Vec::new() },
    }))
}

/// `report` waits for `orders` and `stock`, or an alias; `load` and `other` update them.
fn node() -> Node {
    let mut changes = Vec::new();
    for (no, name) in [(1, "report"), (2, "load"), (3, "other")] {
        let yaml = YAML.replace("NAME", name);
        let mut dag = book::dag(no, name, &yaml, &[]);
        if let Some(Change::PutDag(row)) = dag.first_mut() {
            row.is_paused = false;
            row.next_run = None;
        }
        changes.extend(dag);
        changes.push(Change::PutTaskName {
            dag: DagNo(no),
            task: TaskNo(0),
            task_id: "make".into(),
        });
    }
    changes.extend([
        asset(1, "orders", true),
        asset(2, "stock", true),
        asset(3, "old", false),
    ]);
    let Change::PutAsset(mut twin) = asset(4, "stock", false) else {
        panic!("no asset")
    };
    twin.uri = "s3://elsewhere".to_owned();
    changes.push(Change::PutAsset(twin));
    changes.push(Change::PutAlias(Box::new(AliasRow {
        no: AliasNo(1),
        name: "all".to_owned(),
        group: "asset".to_owned(),
        assets: [AssetNo(2)].into(),
    })));
    let names = |dag: u32| DagAssets {
        dag: DagNo(dag),
        condition: None,
        is_partitioned: false,
        schedule: [].into(),
        aliases: [].into(),
        inlets: [].into(),
        outlets: [].into(),
    };
    let (orders, stock) = (AssetNo(1), AssetNo(2));
    let both = vec![Condition::Asset(orders), Condition::Asset(stock)];
    let rows = [
        DagAssets {
            condition: Some(Condition::All(both)),
            schedule: [(orders, at(2)), (stock, at(2))].into(),
            inlets: [((orders, TaskNo(0)), at(2))].into(),
            ..names(1)
        },
        DagAssets {
            outlets: [((orders, TaskNo(0)), at(2)), ((stock, TaskNo(0)), at(2))].into(),
            ..names(2)
        },
        DagAssets {
            outlets: [((stock, TaskNo(0)), at(2))].into(),
            inlets: [((AssetNo(4), TaskNo(0)), at(2))].into(),
            ..names(3)
        },
    ];
    changes.extend(rows.map(|row| Change::PutDagAssets(Box::new(row))));
    changes.push(Change::PutCounters(Counters {
        dag: DagNo(4),
        fence: Fence(100),
        ..Counters::default()
    }));
    Node::new(&changes, &[])
}

async fn event(node: &Node, asset: u32) -> Json {
    let body = json!({ "asset_id": asset, "extra": { "n": asset } });
    let answer = node.ask("POST", "/assets/events", Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

fn names(list: &Json, of: &str, field: &str) -> String {
    let names = list[of].as_array().unwrap().iter();
    let names: Vec<String> = names
        .map(|it| it[field].to_string().replace('"', ""))
        .collect();
    format!("{} of {}", names.join(" "), list["total_entries"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn assets_are_listed_with_who_names_them() {
    let node = node();
    let list = |query: &str| {
        let path = format!("/assets{query}");
        let node = &node;
        async move { names(&node.get(&path).await, "assets", "name") }
    };
    assert_eq!(list("").await, "orders stock of 2");
    assert_eq!(
        list("?only_active=false&order_by=-name").await,
        "stock stock orders old of 4"
    );
    assert_eq!(list("?uri_pattern=s3://o").await, "orders of 1");
    assert_eq!(list("?dag_ids=other").await, "stock of 1");
    assert_eq!(list("?limit=1&offset=1").await, "stock of 2");
    let warnings = node.get("/dagWarnings?dag_id=other").await;
    let warning = &warnings["dag_warnings"][0];
    assert_eq!(warning["warning_type"], "asset conflict");
    expect![[r#"Cannot activate asset Asset(name="stock", uri="s3://elsewhere", group="asset"); name is already associated to 's3://stock'"#]]
        .assert_eq(warning["message"].as_str().unwrap());
    let one = node.get("/assets/1").await;
    let of = |field: &str| one[field].as_array().unwrap().len();
    assert_eq!(
        [
            "scheduled_dags",
            "producing_tasks",
            "consuming_tasks",
            "watchers"
        ]
        .map(of),
        [1, 1, 1, 1]
    );
    assert_eq!(one["producing_tasks"][0]["task_id"], "make");
    assert_eq!(node.get("/assets/2").await["aliases"][0]["name"], "all");
    let aliases = node.get("/assets/aliases?name_pattern=al").await;
    assert_eq!(names(&aliases, "asset_aliases", "name"), "all of 1");
    assert_eq!(node.get("/assets/aliases/1").await["group"], "asset");
    let no = node.refused("GET", "/assets/9", None).await;
    expect!["404 API-008 there is no asset with id `9`"].assert_eq(&no);
    let no = node.refused("GET", "/assets/aliases/9", None).await;
    expect!["404 API-008 there is no asset alias with id `9`"].assert_eq(&no);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_make_runs_and_say_which() {
    let node = node();
    let first = event(&node, 1).await;
    assert_eq!(first["extra"], json!({ "n": 1, "from_rest_api": true }));
    assert_eq!(first["source_map_index"], -1);
    let queued = node.get("/dags/report/assets/queuedEvents").await;
    assert_eq!(names(&queued, "queued_events", "asset_id"), "1 of 1");
    let queued = node.get("/assets/1/queuedEvents").await;
    assert_eq!(names(&queued, "queued_events", "dag_id"), "report of 1");
    node.get("/dags/report/assets/1/queuedEvents").await;
    event(&node, 2).await;
    let runs = node.get("/dags/report/dagRuns").await;
    let run = &runs["dag_runs"][0];
    assert_eq!(
        (&run["run_type"], &run["triggered_by"]),
        (&"asset_triggered".into(), &"asset".into())
    );
    let id = run["dag_run_id"].as_str().unwrap().replace('+', "%2B");
    let upstream = node
        .get(&format!("/dags/report/dagRuns/{id}/upstreamAssetEvents"))
        .await;
    assert_eq!(
        names(&upstream, "asset_events", "name"),
        "orders stock of 2"
    );
    let triggering = |at: usize| &upstream["asset_events"][at]["created_dagruns"][0]["triggering"];
    assert_eq!(
        (triggering(0), triggering(1)),
        (&false.into(), &true.into())
    );
    let list = |query: &str| {
        let path = format!("/assets/events{query}");
        let node = &node;
        async move { names(&node.get(&path).await, "asset_events", "asset_id") }
    };
    assert_eq!(list("").await, "1 2 of 2");
    assert_eq!(list("?order_by=-timestamp&limit=1").await, "2 of 2");
    assert_eq!(list("?asset_id=1&order_by=source_dag_id").await, "1 of 1");
    assert_eq!(list("?name_pattern=sto").await, "2 of 1");
    assert_eq!(list("?source_dag_id=load").await, " of 0");
    let at = first["timestamp"].as_str().unwrap().replace('+', "%2B");
    assert_eq!(list(&format!("?timestamp_gt={at}")).await, "2 of 1");

    let no = node
        .refused("GET", "/dags/report/assets/1/queuedEvents", None)
        .await;
    expect!["404 API-008 there is no queued event of dag `report` and asset `1`"].assert_eq(&no);
    let no = node
        .refused("DELETE", "/dags/report/assets/queuedEvents", None)
        .await;
    expect!["404 RUN-061 no such asset events wait for a run"].assert_eq(&no);
    event(&node, 1).await;
    let gone = node.ask("DELETE", "/assets/1/queuedEvents", None).await;
    assert_eq!(gone.status, 204);
    let body = json!({ "asset_id": 9 });
    let no = node.refused("POST", "/assets/events", Some(body)).await;
    expect!["404 RUN-060 there is no asset with id 9"].assert_eq(&no);
    let body = json!({ "asset_id": 1, "partition_key": " " });
    let no = node.refused("POST", "/assets/events", Some(body)).await;
    expect![[r#"
        422 API-014 body.partition_key string_pattern_mismatch: a partition key has 1
            to 250 characters, not only blanks"#]]
    .assert_eq(&no);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s139_an_asset_is_materialized_by_its_one_dag() {
    let node = node();
    let answer = node.ask("POST", "/assets/1/materialize", None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let run = answer.json();
    assert_eq!(run["run_type"], "asset_materialization");
    assert_eq!(run["dag_id"], "load");
    let id = run["dag_run_id"].as_str().unwrap();
    assert!(id.starts_with("asset_materialization__"), "{id}");
    let body = json!({ "dag_run_id": "mine", "conf": { "a": 1 } });
    let answer = node.ask("POST", "/assets/1/materialize", Some(body)).await;
    assert_eq!(answer.json()["dag_run_id"], "mine");
    for _ in 0..500 {
        let run = node.get("/dags/load/dagRuns/mine").await;
        if run["state"] == "success" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let no = node.refused("POST", "/assets/2/materialize", None).await;
    expect![[r#"
        409 API-015 more than one dag updates the asset with id 2: trigger one"#]]
    .assert_eq(&no);
    let no = node.refused("POST", "/assets/3/materialize", None).await;
    expect!["404 API-008 there is no dag that updates the asset with id `3`"].assert_eq(&no);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn assets_keep_values() {
    let node = node();
    let put = |value: Json| Some(json!({ "value": value }));
    let path = "/assets/1/state-store/mark";
    assert_eq!(node.ask("PUT", path, put(json!([1]))).await.status, 204);
    let found = node.get(path).await;
    assert_eq!(found["value"], json!([1]));
    assert_eq!(found["last_updated_by"]["kind"], "api");
    let list = node.get("/assets/1/state-store").await;
    assert_eq!(names(&list, "asset_state_store", "key"), "mark of 1");
    let no = node.refused("PUT", path, put(Json::Null)).await;
    expect![[r#"
        422 API-014 body.value value_error: a value is not null and has at most 1048576
            bytes as JSON"#]]
    .assert_eq(&no);
    assert_eq!(node.ask("DELETE", path, None).await.status, 204);
    let no = node.refused("GET", path, None).await;
    expect!["404 API-008 there is no value `mark`"].assert_eq(&no);
    assert_eq!(
        node.ask("DELETE", "/assets/1/state-store", None)
            .await
            .status,
        204
    );
    let no = node.refused("GET", "/assets/9/state-store", None).await;
    expect!["404 API-008 there is no asset with id `9`"].assert_eq(&no);
}
