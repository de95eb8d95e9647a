//! Backfills, as a client makes them. Each answer is held against upstream's description.

use std::time::Duration;

use model::Json;
use serde_json::json;

use super::node::Node;

const YAML: &str = "dag_id: daily
schedule: '@daily'
start_date: '2030-01-01'
is_paused_upon_creation: false
params:
  size: {default: 1, type: integer}
tasks:
  - id: extract
    uses: bash
    with: {bash_command: 'true'}
";
const STAYS: &str = "dag_id: stays
schedule: '@daily'
start_date: '2030-01-01'
is_paused_upon_creation: false
tasks:
  - id: stay
    uses: bash
    with: {bash_command: 'sleep 60'}
";
const MANUAL: &str = "dag_id: manual
schedule: null
tasks:
  - {id: a, uses: empty}
";
const BARRED: &str = "dag_id: barred
schedule: '@daily'
start_date: '2030-01-01'
allowed_run_types: [scheduled]
params:
  size: {default: 1, type: integer}
tasks:
  - {id: a, uses: empty}
";

fn node() -> Node {
    let files = [
        ("daily.yaml", YAML),
        ("stays.yaml", STAYS),
        ("manual.yaml", MANUAL),
        ("barred.yaml", BARRED),
    ];
    Node::new(&[], &files)
}

fn body(dag_id: &str, more: Json) -> Json {
    let mut body = json!({
        "dag_id": dag_id, "from_date": "2025-11-01T00:00:00Z", "to_date": "2025-11-03T00:00:00Z",
    });
    let fields = body.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    body
}

/// Status and code of what is not taken.
async fn refused(node: &Node, dag_id: &str, more: Json) -> (u16, String) {
    let answer = node
        .ask("POST", "/backfills", Some(body(dag_id, more)))
        .await;
    let code = answer.json()["code"].as_str().unwrap_or("").to_owned();
    (answer.status, code)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s141_backfills_are_created_refused_and_said_beforehand() {
    let node = node();
    let dry = node
        .ask("POST", "/backfills/dry_run", Some(body("daily", json!({}))))
        .await;
    assert_eq!((dry.status, &dry.json()["total_entries"]), (200, &3.into()));
    let first = dry.json()["backfills"][0]["logical_date"].clone();
    assert_eq!(first, "2025-11-01T00:00:00Z");
    for (dag_id, more, status, code) in [
        ("nosuch", json!({}), 404, "RUN-001"),
        ("manual", json!({}), 422, "RUN-081"),
        (
            "daily",
            json!({"to_date": "2020-01-01T00:00:00Z"}),
            422,
            "RUN-082",
        ),
        (
            "daily",
            json!({"reprocess_behavior": "all"}),
            422,
            "API-014",
        ),
        (
            "daily",
            json!({"dag_run_conf": {"size": "x"}}),
            422,
            "CTL-003",
        ),
        (
            "barred",
            json!({"dag_run_conf": {"size": "x"}}),
            400,
            "RUN-007",
        ),
        ("daily", json!({"max_active_runs": 0}), 422, "RUN-088"),
        ("daily", json!({"other": 0}), 422, "API-014"),
    ] {
        let found = refused(&node, dag_id, more.clone()).await;
        assert_eq!(found, (status, code.to_owned()), "{more}");
    }
    let conf = json!({"dag_run_conf": {"size": 2}});
    let made = node
        .ask("POST", "/backfills", Some(body("daily", conf)))
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    let made = made.json();
    assert_eq!(
        (&made["id"], &made["dag_run_conf"]),
        (&1.into(), &json!({"size": 2}))
    );
    // All runs are there with the answer.
    let runs = node.get("/dags/daily/dagRuns?order_by=run_after").await;
    assert_eq!(runs["total_entries"], 3);
    let run = &runs["dag_runs"][0];
    assert_eq!(run["dag_run_id"], "backfill__2025-11-01T00:00:00+00:00");
    assert_eq!(
        (&run["run_type"], &run["triggered_by"]),
        (&"backfill".into(), &"backfill".into())
    );
    assert_eq!(run["conf"], json!({"size": 2}));
    for _ in 0..500 {
        if node.get("/backfills/1").await["completed_at"].is_string() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let all = node.get("/backfills?dag_id=daily").await;
    assert_eq!(all["total_entries"], 1);
    assert!(all["backfills"][0]["completed_at"].is_string(), "{all}");
    assert_eq!(node.ask("GET", "/backfills", None).await.status, 422);
    assert_eq!(node.ask("GET", "/backfills/77", None).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s144_backfills_are_paused_and_cancelled() {
    let node = node();
    let one = json!({"max_active_runs": 1});
    let made = node
        .ask("POST", "/backfills", Some(body("stays", one)))
        .await;
    assert_eq!(made.status, 200, "{}", made.text);
    assert_eq!(
        refused(&node, "stays", json!({})).await,
        (409, "RUN-080".to_owned())
    );
    for (act, paused) in [("pause", true), ("unpause", false)] {
        let changed = node.ask("PUT", &format!("/backfills/1/{act}"), None).await;
        assert_eq!(
            (changed.status, &changed.json()["is_paused"]),
            (200, &paused.into())
        );
    }
    let cancelled = node.ask("PUT", "/backfills/1/cancel", None).await;
    assert!(
        cancelled.json()["completed_at"].is_string(),
        "{}",
        cancelled.text
    );
    let runs = node.get("/dags/stays/dagRuns?order_by=run_after").await;
    let states: Vec<&Json> = (0..3).map(|at| &runs["dag_runs"][at]["state"]).collect();
    assert_eq!(states, ["running", "failed", "failed"]);
    for act in ["pause", "unpause", "cancel"] {
        let refused = node.ask("PUT", &format!("/backfills/1/{act}"), None).await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (409, &"RUN-090".into())
        );
    }
    let unknown = node.ask("PUT", "/backfills/9/pause", None).await;
    assert_eq!(
        (unknown.status, &unknown.json()["code"]),
        (404, &"RUN-089".into())
    );
}
