//! What task instances keep from try to try.

use expect_test::expect;
use serde_json::{Value as Json, json};

use super::node::Node;

const DAG: &str = "dag_id: d\nschedule: null\ntasks:\n  - {id: a, uses: empty}\n";
const BASE: &str = "/dags/d/dagRuns/r/taskInstances/a/state-store";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s154_values_of_a_task_are_listed_and_changed() {
    let node = Node::new(&[], &[("d.yaml", DAG)]);
    let body = json!({ "dag_run_id": "r", "logical_date": null });
    assert_eq!(
        node.ask("POST", "/dags/d/dagRuns", Some(body)).await.status,
        200
    );
    let put = |name: &str, body: Json| {
        let (node, path) = (&node, format!("{BASE}/{name}"));
        async move { node.ask("PUT", &path, Some(body)).await.status }
    };
    assert_eq!(
        put("seen", json!({ "value": [1], "expires_at": null })).await,
        204
    );
    assert_eq!(put("mark", json!({ "value": 7 })).await, 204);
    assert_eq!(put("none", json!({ "value": null })).await, 422);
    assert_eq!(
        put("when", json!({ "value": 1, "expires_at": "soon" })).await,
        422
    );
    let all = node.get(BASE).await;
    assert_eq!(all["total_entries"], 2);
    let first = &all["task_state_store"][0];
    assert_eq!(
        (&first["key"], &first["value"]),
        (&json!("mark"), &json!(7))
    );
    assert!(first["expires_at"].is_string());
    let patch = Some(json!({ "value": { "n": 2 } }));
    let path = format!("{BASE}/seen");
    assert_eq!(node.ask("PATCH", &path, patch.clone()).await.status, 200);
    let seen = node.get(&path).await;
    assert_eq!(
        (&seen["value"]["n"], &seen["expires_at"]),
        (&json!(2), &Json::Null)
    );
    let no = node.refused("PATCH", &format!("{BASE}/other"), patch).await;
    expect!["404 API-008 there is no value `other`"].assert_eq(&no);
    assert_eq!(node.ask("DELETE", &path, None).await.status, 204);
    assert_eq!(node.ask("GET", &path, None).await.status, 404);
    let all = format!("{BASE}?all_map_indices=true");
    assert_eq!(node.ask("DELETE", &all, None).await.status, 204);
    assert_eq!(node.get(BASE).await["total_entries"], 0);
    // As upstream's: what is not there keeps nothing, and nothing can be kept with it.
    let other = BASE.replace("/a/", "/b/");
    assert_eq!(node.get(&other).await["total_entries"], 0);
    assert_eq!(node.ask("DELETE", &other, None).await.status, 404);
    let no = node
        .refused("PUT", &format!("{other}/k"), Some(json!({ "value": 1 })))
        .await;
    expect!["404 API-008 there is no task instance `b` in run `r` of dag `d`"].assert_eq(&no);
    let no = node
        .refused("GET", &format!("{BASE}/k?map_index=-2"), None)
        .await;
    expect![[r#"
        422 API-014 query.map_index greater_than_equal: a map index is 0 or more, or -1
            for a task that is not mapped"#]]
    .assert_eq(&no);
}
