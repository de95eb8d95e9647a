//! What the server consists of: jobs, providers, plugins, default connections.

use expect_test::expect;
use serde_json::{Value as Json, json};

use super::node::Node;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_process_is_upstreams_daemons() {
    let node = Node::new(&[], &[]);
    let all = node.get("/jobs?order_by=-job_type").await;
    let kinds: Vec<&str> = all["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["job_type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["TriggererJob", "SchedulerJob", "DagProcessorJob"]);
    let one = &all["jobs"][1];
    assert_eq!(
        (&one["state"], &one["hostname"]),
        (&json!("running"), &json!("box"))
    );
    let n = async |query: &str| node.get(&format!("/jobs?{query}")).await["total_entries"].clone();
    assert_eq!(n("job_type=SchedulerJob&is_alive=true").await, 1);
    assert_eq!(n("job_state=failed").await, 0);
    assert_eq!(n("hostname=other").await, 0);
    assert_eq!(n("end_date_gte=2020-01-01T00:00:00Z").await, 0);
    assert_eq!(n("start_date_gte=2020-01-01T00:00:00Z&limit=1").await, 3);
    let no = node.refused("GET", "/jobs?order_by=pid", None).await;
    expect![[r#"
        400 API-009 cannot order by `pid`; choose one of id, dag_id, state, job_type,
            start_date, end_date, latest_heartbeat, executor_class, hostname, unixname"#]]
    .assert_eq(&no);
}

fn says(ask: &Json) -> Result<Json, String> {
    match ask["op"].as_str() {
        Some("providers") => Ok(json!([
            { "package_name": "apache-airflow-providers-http", "description": "HTTP",
              "version": "5.0.0", "documentation_url": null },
            { "package_name": "apache-airflow-providers-standard", "description": "Standard",
              "version": "1.21.0", "documentation_url": "https://airflow.apache.org/" },
        ])),
        // As an older Airflow knows plugins.
        Some("plugins") => Ok(json!([{ "name": "own", "macros": [], "source": "own.py",
            "timetables": ["own.Own"], "appbuilder_views": [{ "name": "v", "view": "own.View" }] }])),
        _ => Err("Traceback\nImportError: no".to_owned()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runtime_says_which_providers_and_plugins_it_has() {
    let node = Node::with_python(says);
    let all = node.get("/providers?limit=1&offset=1").await;
    assert_eq!(all["total_entries"], 2);
    assert_eq!(
        all["providers"][0]["package_name"],
        "apache-airflow-providers-standard"
    );
    let all = node.get("/plugins").await;
    let own = &all["plugins"][0];
    assert_eq!(
        (&own["timetables"], &own["listeners"]),
        (&json!(["own.Own"]), &json!([]))
    );
    let no = node.refused("GET", "/plugins/importErrors", None).await;
    expect![[r#"
        503 CTL-022 the Python runtime cannot be asked for its plugin_errors:
            ImportError: no"#]]
    .assert_eq(&no);
    // Without a runtime there are none.
    let node = Node::new(&[], &[]);
    for path in ["/providers", "/plugins", "/plugins/importErrors"] {
        assert_eq!(node.get(path).await["total_entries"], 0, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn default_connections_leave_others_alone() {
    let node = Node::new(&[], &[]);
    let own = json!({ "connection_id": "http_default", "conn_type": "http", "host": "own" });
    assert_eq!(
        node.ask("POST", "/connections", Some(own)).await.status,
        201
    );
    for _ in 0..2 {
        let done = node.ask("POST", "/connections/defaults", None).await;
        assert_eq!((done.status, done.text.as_str()), (204, ""));
        assert_eq!(node.get("/connections").await["total_entries"], 62);
    }
    let kept = node.get("/connections/http_default").await;
    assert_eq!(kept["host"], "own");
    assert_eq!(
        node.get("/connections/postgres_default").await["conn_type"],
        "postgres"
    );
}
