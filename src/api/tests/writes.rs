//! Changes, as a client makes them, and what the book then says.

use std::time::Duration;

use expect_test::expect;
use model::Json;
use serde_json::json;

use super::node::Node;

const YAML: &str = "dag_id: etl
schedule: null
params:
  size: {default: 1, type: integer}
tasks:
  - id: extract
    uses: bash
    with: {bash_command: 'true'}
  - id: stay
    uses: bash
    with: {bash_command: 'sleep 60'}
  - id: after
    uses: empty
    needs: [stay]
";

fn node() -> Node {
    Node::new(&[], &[("etl.yaml", YAML)])
}

async fn trigger(node: &Node, run_id: &str) -> Json {
    let body = json!({ "logical_date": null, "dag_run_id": run_id, "conf": { "size": 2 } });
    let answer = node.ask("POST", "/dags/etl/dagRuns", Some(body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The task instance once it is in this state.
async fn wait_for(node: &Node, run_id: &str, task_id: &str, state: &str) -> Json {
    for _ in 0..500 {
        let path = format!("/dags/etl/dagRuns/{run_id}/taskInstances/{task_id}");
        let ti = node.get(&path).await;
        if ti["state"] == state {
            return ti;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{task_id} never was {state}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_triggered_explained_and_marked() {
    let node = node();
    let run = trigger(&node, "one").await;
    assert_eq!(
        (&run["run_type"], &run["triggered_by"]),
        (&"manual".into(), &"rest_api".into())
    );
    assert_eq!(run["conf"], json!({ "size": 2 }));
    let ti = wait_for(&node, "one", "extract", "success").await;
    assert_eq!(ti["orrery"]["cpu_seconds"], 1.5);
    let stays = wait_for(&node, "one", "stay", "running").await;
    assert_eq!(
        (&stays["hostname"], &stays["pid"]),
        (&"box".into(), &7.into())
    );

    let base = "/dags/etl/dagRuns/one";
    let value = node
        .get(&format!(
            "{base}/taskInstances/extract/xcomEntries/return_value"
        ))
        .await;
    assert_eq!(value["value"], "done");
    let waits = node
        .get(&format!("{base}/taskInstances/after/dependencies"))
        .await;
    assert_eq!(
        waits["dependencies"],
        json!([{ "name": "waits_for", "reason": "waits for `stay`" }])
    );
    let why = node.get(&format!("/orrery{base}/reasons")).await;
    assert!(
        why["tasks"].to_string().contains("waits for `stay`"),
        "{why}"
    );

    let body = json!({ "dry_run": true, "only_failed": false, "dag_run_id": "one" });
    let dry = node
        .ask("POST", "/dags/etl/clearTaskInstances", Some(body))
        .await
        .json();
    assert!(dry["total_entries"].as_u64().unwrap() >= 2, "{dry}");
    wait_for(&node, "one", "extract", "success").await;

    let patch = json!({ "new_state": "success" });
    let path = format!("{base}/taskInstances/stay");
    let answer = node
        .ask("PATCH", &format!("{path}/dry_run"), Some(patch.clone()))
        .await;
    assert_eq!(answer.json()["total_entries"], 1, "{}", answer.text);
    wait_for(&node, "one", "stay", "running").await;
    assert_eq!(node.ask("PATCH", &path, Some(patch)).await.status, 200);
    wait_for(&node, "one", "after", "success").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_noted_waited_for_cleared_and_deleted() {
    let node = node();
    let base = "/dags/etl/dagRuns/one";
    trigger(&node, "one").await;
    let ti = wait_for(&node, "one", "extract", "success").await;
    wait_for(&node, "one", "stay", "running").await;
    let patch = json!({ "new_state": "success" });
    let path = format!("{base}/taskInstances/stay");
    assert_eq!(node.ask("PATCH", &path, Some(patch)).await.status, 200);
    wait_for(&node, "one", "after", "success").await;

    let note = json!({ "note": "well done" });
    let answer = node.ask("PATCH", base, Some(note)).await.json();
    assert_eq!(
        (&answer["note"], &answer["state"]),
        (&"well done".into(), &"success".into())
    );
    let lines = node
        .ask(
            "GET",
            &format!("{base}/wait?interval=0.1&result=extract"),
            None,
        )
        .await;
    assert_eq!(
        lines.text,
        "{\"state\":\"success\",\"results\":{\"extract\":\"done\"}}\n"
    );

    let body = json!({ "dry_run": false, "only_failed": false, "task_ids": ["extract"],
        "dag_run_id": "one" });
    let cleared = node
        .ask("POST", "/dags/etl/clearTaskInstances", Some(body))
        .await
        .json();
    assert_eq!(cleared["total_entries"], 1, "{cleared}");
    for _ in 0..500 {
        let tries = node
            .get(&format!("{base}/taskInstances/extract/tries"))
            .await;
        if tries["total_entries"] == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let again = wait_for(&node, "one", "extract", "success").await;
    assert_eq!(again["try_number"], 2);
    assert_ne!(again["id"], ti["id"], "a try has an id of its own");

    assert_eq!(node.ask("DELETE", base, None).await.status, 204);
    assert_eq!(node.ask("GET", base, None).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_cannot_be_are_refused() {
    let node = node();
    trigger(&node, "one").await;
    let mut out = String::new();
    for (dag, body) in [
        ("etl", json!({ "logical_date": null, "dag_run_id": "one" })),
        ("none", json!({ "logical_date": null })),
        ("etl", json!({})),
        ("etl", json!({ "logical_date": "tomorrow" })),
        ("etl", json!({ "logical_date": "2026-01-05T00:00:00" })),
        (
            "etl",
            json!({ "logical_date": null, "partition_key": "north" }),
        ),
        (
            "etl",
            json!({ "logical_date": null, "conf": { "size": "big" } }),
        ),
        ("etl", json!({ "logical_date": null, "conf": [1] })),
        (
            "etl",
            json!({ "logical_date": null, "data_interval_start": "2026-01-01T00:00:00Z" }),
        ),
        (
            "etl",
            json!({ "logical_date": null, "note": "x".repeat(1_001) }),
        ),
        ("etl", json!({ "logical_date": null, "colour": 1 })),
    ] {
        out.push_str(
            &node
                .refused("POST", &format!("/dags/{dag}/dagRuns"), Some(body))
                .await,
        );
        out.push('\n');
    }
    expect![[r#"
        409 RUN-005 dag `etl` has a run `one` already: choose another dag_run_id, or
            clear that run
        404 CTL-012 there is no dag `none`
        422 API-014 body.logical_date missing: missing field `logical_date`
        422 API-014 body.logical_date value_error: `tomorrow` is not a time or duration
            in ISO 8601
        422 API-014 body.logical_date value_error: `2026-01-05T00:00:00` has no time
            zone: end it with Z or an offset like +01:00
        400 RUN-092 the runs of dag `etl` are for no partitions: leave partition_key out
        400 CTL-003 param `size`: "big" is not of type "integer"
        422 API-014 body.conf value_error: invalid type: sequence, expected a map
        422 API-014 body.data_interval_start value_error: give both data_interval_start
            and data_interval_end, or neither
        422 API-014 body.note string_too_long: a note has at most 1000 characters
        422 API-014 body.colour extra_forbidden: unknown field `colour`, expected one
            of `dag_run_id`, `data_interval_start`, `data_interval_end`, `logical_date`,
             `run_after`, `conf`, `note`, `partition_key`
    "#]]
    .assert_eq(&out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dags_are_paused_by_one_and_by_many() {
    let node = node();
    let body = || Some(json!({ "is_paused": true }));
    assert_eq!(
        node.ask("PATCH", "/dags/etl", body()).await.json()["is_paused"],
        true
    );
    let wrong = node
        .refused("PATCH", "/dags/etl?update_mask=owners", body())
        .await;
    expect!["400 API-009 `owners` cannot be changed here; only is_paused can"].assert_eq(&wrong);
    let body = Some(json!({ "is_paused": false }));
    let many = node
        .ask("PATCH", "/dags?dag_id_pattern=~", body)
        .await
        .json();
    assert_eq!(
        (&many["total_entries"], &many["dags"][0]["is_paused"]),
        (&1.into(), &false.into())
    );
    assert_eq!(node.get("/dags/etl").await["is_paused"], false);
    assert_eq!(node.ask("DELETE", "/dags/none", None).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pools_are_created_changed_and_deleted() {
    let node = node();
    let db = || json!({ "name": "db", "slots": 2, "description": "few" });
    let made = node.ask("POST", "/pools", Some(db())).await;
    assert_eq!((made.status, &made.json()["open_slots"]), (201, &2.into()));
    assert_eq!(node.ask("POST", "/pools", Some(db())).await.status, 409);
    let body = json!({ "slots": 5, "description": null });
    let patched = node
        .ask("PATCH", "/pools/db?update_mask=slots", Some(body))
        .await
        .json();
    assert_eq!(
        (&patched["slots"], &patched["description"]),
        (&5.into(), &"few".into())
    );
    let wrong = json!({ "name": "x", "slots": -2 });
    assert_eq!(node.ask("POST", "/pools", Some(wrong)).await.status, 422);
    let bulk = json!({ "actions": [
        { "action": "create", "entities": [db(), { "name": "web", "slots": 1 }],
            "action_on_existence": "skip" },
        { "action": "update", "entities": [{ "name": "none", "slots": 1 }] },
        { "action": "delete", "entities": ["web", "none"], "action_on_non_existence": "skip" },
    ] });
    let done = node.ask("PATCH", "/pools", Some(bulk)).await.json();
    expect![[r#"
        {"create":{"success":["web"],"errors":[]},"update":{"success":[],
            "errors":[{"error":"there is no pool `none`","status_code":404}]},
            "delete":{"success":["web"],"errors":[]}}"#]]
    .assert_eq(&super::node::wrap(&done.to_string()));
    assert_eq!(node.ask("DELETE", "/pools/db", None).await.status, 204);
    assert_eq!(node.ask("DELETE", "/pools/db", None).await.status, 404);
    assert_eq!(
        node.ask("PATCH", "/pools/default_pool", Some(json!({ "slots": 3 })))
            .await
            .status,
        400
    );
    let path = "/pools/default_pool?update_mask=slots";
    let masked = node.ask("PATCH", path, Some(json!({ "slots": 3 }))).await;
    assert_eq!(masked.status, 200);
    assert_eq!(
        node.ask("DELETE", "/pools/default_pool", None).await.status,
        400
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variables_are_sealed_masked_and_changed() {
    let node = node();
    let body = json!({ "key": "region", "value": { "eu": 1 }, "description": "where" });
    let made = node.ask("POST", "/variables", Some(body.clone())).await;
    assert_eq!(
        (made.status, &made.json()["value"]),
        (201, &"{\"eu\":1}".into())
    );
    assert_eq!(node.ask("POST", "/variables", Some(body)).await.status, 409);
    let body = json!({ "key": "db_password", "value": "hunter2" });
    node.ask("POST", "/variables", Some(body)).await;
    assert_eq!(node.get("/variables/db_password").await["value"], "***");
    let body = json!({ "key": "region", "value": "us" });
    let path = "/variables/region?update_mask=value";
    let patched = node.ask("PATCH", path, Some(body)).await.json();
    assert_eq!(
        (&patched["value"], &patched["description"]),
        (&"us".into(), &"where".into())
    );
    assert_eq!(
        node.get("/variables?variable_key_pattern=REG").await["total_entries"],
        1
    );
    assert_eq!(
        node.ask("DELETE", "/variables/region", None).await.status,
        204
    );
    assert_eq!(node.ask("GET", "/variables/region", None).await.status, 404);
    let book = std::fs::read(node.folder().join("book.redb")).unwrap();
    assert!(
        !book.windows(7).any(|bytes| bytes == b"hunter2"),
        "the value is in the book as it is"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xcoms_are_set_by_hand() {
    let node = node();
    trigger(&node, "one").await;
    wait_for(&node, "one", "extract", "success").await;
    let path = "/dags/etl/dagRuns/one/taskInstances/extract/xcomEntries";
    let body = || Some(json!({ "key": "n", "value": [1, 2] }));
    assert_eq!(node.ask("POST", path, body()).await.status, 201);
    assert_eq!(node.ask("POST", path, body()).await.status, 409);
    let changed = json!({ "value": { "a": 1 } });
    let one = format!("{path}/n");
    assert_eq!(
        node.ask("PATCH", &one, Some(changed)).await.json()["value"],
        json!({ "a": 1 })
    );
    let text = node.get(&format!("{one}?stringify=true")).await;
    assert_eq!(text["value"], "{\"a\":1}");
    assert_eq!(node.get(path).await["total_entries"], 2);
    assert_eq!(node.ask("DELETE", &one, None).await.status, 204);
    assert_eq!(node.ask("DELETE", &one, None).await.status, 404);
}
