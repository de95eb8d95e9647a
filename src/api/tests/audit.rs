//! The audit log: what leaves an entry, what an entry keeps, and how entries are found.

use expect_test::expect;
use model::{AuditNo, DeploymentId, Json, audit::AuditEntry, change::Change};
use serde_json::json;

use super::node::Node;

const YAML: &str = "dag_id: etl
dag_display_name: The ETL
schedule: null
tasks:
  - id: one
    uses: bash
    with: {bash_command: 'true'}
";

/// The log, a line for each entry.
async fn show(node: &Node, query: &str) -> String {
    let list = node.get(&format!("/eventLogs?{query}")).await;
    let mut out = String::new();
    for entry in list["event_logs"].as_array().unwrap() {
        out += entry["event"].as_str().unwrap();
        for name in ["dag_id", "run_id", "task_id", "map_index", "owner"] {
            out += &match &entry[name] {
                Json::Null => " -".to_owned(),
                Json::String(text) => format!(" {text}"),
                other @ (Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
                    format!(" {other}")
                }
            };
        }
        out += &format!(" {}\n", entry["extra"].as_str().unwrap_or("-"));
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::too_many_lines)] // What is asked is data.
async fn each_change_that_is_asked_for_is_an_entry() {
    let node = Node::new(&[], &[("etl.yaml", YAML)]);
    let run =
        json!({ "logical_date": null, "dag_run_id": "r1", "conf": { "password": "hunter2" } });
    let clear = json!({ "dry_run": false, "dag_run_id": "r1", "only_failed": false });
    let dry = json!({ "dag_run_id": "r1", "only_failed": false });
    let shop = json!({ "connection_id": "shop", "conn_type": "http", "password": "hunter2",
        "extra": "{\"any\": \"hunter2\"}" });
    let base = "/dags/etl/dagRuns";
    for (method, path, body, status) in [
        ("POST", base, Some(run.clone()), 200),
        ("POST", base, Some(run), 409),
        (
            "POST",
            "/dags/none/dagRuns",
            Some(json!({ "logical_date": null })),
            404,
        ),
        ("POST", "/pools", Some(json!({ "slots": 1 })), 422),
        (
            "PATCH",
            "/dags/etl",
            Some(json!({ "is_paused": false })),
            200,
        ),
        ("POST", "/dags/etl/clearTaskInstances", Some(clear), 200),
        ("POST", "/dags/etl/clearTaskInstances", Some(dry), 200),
        (
            "POST",
            "/variables",
            Some(json!({ "key": "plain", "value": "hunter2" })),
            201,
        ),
        ("DELETE", "/variables/plain", None, 204),
        ("POST", "/connections", Some(shop), 201),
        (
            "PATCH",
            "/dags/etl/dagRuns/r1/taskInstances/one/-1",
            Some(json!({ "new_state": "skipped" })),
            200,
        ),
        (
            "PATCH",
            "/dags/etl/dagRuns/r1/taskInstances/one/dry_run",
            Some(json!({ "new_state": "skipped" })),
            200,
        ),
        ("POST", "/orrery/setup/cancel", None, 409),
        ("GET", "/dags/etl", None, 200),
    ] {
        let answer = node.ask(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path} {}", answer.text);
    }
    expect![[r#"
        trigger_dag_run etl r1 - - anonymous {"logical_date":null,"dag_run_id":"r1","conf":{"password":"***"},"method":"POST"}
        trigger_dag_run etl r1 - - anonymous {"logical_date":null,"dag_run_id":"r1","conf":{"password":"***"},"method":"POST"}
        trigger_dag_run none - - - anonymous {"logical_date":null,"method":"POST"}
        post_pool - - - - anonymous {"slots":1,"method":"POST"}
        patch_dag etl - - - anonymous {"is_paused":false,"method":"PATCH"}
        post_clear_task_instances etl r1 - - anonymous {"dry_run":false,"dag_run_id":"r1","only_failed":false,"method":"POST"}
        post_variable - - - - anonymous {"key":"plain","value":"***","method":"POST"}
        delete_variable - - - - anonymous {"variable_key":"plain","method":"DELETE"}
        post_connection - - - - anonymous {"connection_id":"shop","conn_type":"http","password":"***","extra":{"any":"***"},"method":"POST"}
        patch_task_instance etl r1 one -1 anonymous {"map_index":"-1","new_state":"skipped","method":"PATCH"}
        orrery_cancel_setup - - - - anonymous {"method":"POST"}
    "#]].assert_eq(&show(&node, "").await);
    let list = node.get("/eventLogs?dag_id=etl&limit=1").await;
    let first = &list["event_logs"][0];
    assert_eq!(first["dag_display_name"], "The ETL");
    let path = format!("/eventLogs/{}", first["event_log_id"]);
    assert_eq!(&node.get(&path).await, first);
    for path in ["/eventLogs/1", "/eventLogs/-1"] {
        assert_eq!(node.ask("GET", path, None).await.status, 404);
    }
    assert_eq!(node.ask("GET", "/eventLogs/x", None).await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s155_the_entries_of_a_deleted_dag_stay() {
    let node = Node::new(&[], &[("etl.yaml", YAML)]);
    assert_eq!(node.ask("DELETE", "/dags/etl", None).await.status, 204);
    expect![[r#"
        delete_dag etl - - - anonymous {"method":"DELETE"}
    "#]]
    .assert_eq(&show(&node, "dag_id=etl").await);
}

/// What a client was told is in the log, whatever came of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_in_the_book_before_the_answer() {
    let node = Node::new(&[], &[]);
    for n in 1..4 {
        let answer = node.ask("DELETE", "/variables/none", None).await;
        assert_eq!(answer.status, 404);
        assert_eq!(node.get("/eventLogs?limit=0").await["total_entries"], n);
    }
}

/// Entry `n` of a long log.
fn entry(n: u64) -> Change {
    let names = ["trigger_dag_run", "patch_dag", "heartbeat timeout"];
    let is_rare = n == 777;
    let event = if is_rare {
        "delete_dag"
    } else {
        names[(n % 3) as usize]
    };
    let some = |text: String| Some(text);
    Change::PutAudit {
        no: AuditNo(1_000_000 + n),
        entry: Box::new(AuditEntry {
            dag_id: some(format!("dag_{}", n % 7)),
            task_id: (n % 3 == 2).then(|| "t".to_owned()),
            run_id: n.is_multiple_of(2).then(|| match n {
                0..500_000 => format!("run_{}", n % 5),
                _ => format!("many_{}", n % 1_700),
            }),
            map_index: (n % 3 == 2).then_some(-1),
            try_number: (n % 3 == 2).then_some(1),
            owner: (n % 3 != 2).then(|| if n.is_multiple_of(4) { "ann" } else { "Bob" }.to_owned()),
            extra: some(format!("{n}")),
            ..AuditEntry::new(event)
        }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_are_found_by_all_that_they_say() {
    let entries: Vec<Change> = (0..2_000).map(entry).collect();
    let node = Node::new(&entries, &[]);
    let mut out = String::new();
    for query in [
        "",
        "order_by=-when",
        "order_by=-event_log_id&offset=3",
        "order_by=-when&offset=1999",
        "dag_id=dag_3&order_by=-when",
        "dag_id=dag_3&run_id=run_2",
        "run_id=run_2&task_id=t&event=heartbeat%20timeout",
        "event=delete_dag",
        "event=none",
        "event=patch_dag&included_events=delete_dag",
        "included_events=delete_dag&included_events=none",
        "excluded_events=trigger_dag_run&excluded_events=patch_dag",
        "event_pattern=DELETE",
        "event_prefix_pattern=delete|x",
        "owner=ann&dag_id_pattern=_6",
        "owner_pattern=b",
        "task_id_pattern=t&map_index=-1&try_number=1",
        "map_index=3",
        "after=1970-01-01T00:00:01.000500Z&before=1970-01-01T00:00:01.000503Z",
        "order_by=-extra",
        "order_by=owner&order_by=-id",
        "order_by=task_id",
    ] {
        let list = node.get(&format!("/eventLogs?limit=3&{query}")).await;
        let entries = list["event_logs"].as_array().unwrap();
        let ids: Vec<&str> = entries
            .iter()
            .map(|entry| entry["extra"].as_str().unwrap())
            .collect();
        out += &format!("{query}: {} of {}\n", ids.join(" "), list["total_entries"]);
    }
    expect![[r#"
        : 0 1 2 of 2000
        order_by=-when: 1999 1998 1997 of 2000
        order_by=-event_log_id&offset=3: 1996 1995 1994 of 2000
        order_by=-when&offset=1999: 0 of 2000
        dag_id=dag_3&order_by=-when: 1998 1991 1984 of 286
        dag_id=dag_3&run_id=run_2: 52 122 192 of 28
        run_id=run_2&task_id=t&event=heartbeat%20timeout: 2 32 62 of 67
        event=delete_dag: 777 of 1
        event=none:  of 0
        event=patch_dag&included_events=delete_dag:  of 0
        included_events=delete_dag&included_events=none: 777 of 1
        excluded_events=trigger_dag_run&excluded_events=patch_dag: 2 5 8 of 667
        event_pattern=DELETE: 777 of 1
        event_prefix_pattern=delete|x: 777 of 1
        owner=ann&dag_id_pattern=_6: 48 76 132 of 47
        owner_pattern=b: 1 3 6 of 1000
        task_id_pattern=t&map_index=-1&try_number=1: 2 5 8 of 666
        map_index=3:  of 0
        after=1970-01-01T00:00:01.000500Z&before=1970-01-01T00:00:01.000503Z: 501 502 of 2
        order_by=-extra: 999 998 997 of 2000
        order_by=owner&order_by=-id: 1999 1998 1995 of 2000
        order_by=task_id: 1997 1994 1991 of 2000
    "#]]
    .assert_eq(&out);
    assert_eq!(
        node.ask("GET", "/eventLogs?order_by=when2", None)
            .await
            .status,
        400
    );
    assert_eq!(
        node.ask("GET", "/eventLogs?after=x", None).await.status,
        422
    );
}

/// Each operation that changes something has an event, by the name of upstream's function.
#[test]
fn all_that_changes_something_is_recorded() {
    let (_, described) = crate::router::described();
    let events = crate::audit::events(&described);
    let mut names: Vec<&str> = events.values().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let expected = expect![[r#"
        bulk_connections
        bulk_dag_runs
        bulk_pools
        bulk_task_instances
        bulk_variables
        cancel_backfill
        clear_asset_state_store
        clear_dag_run
        clear_dag_run_partitions
        clear_dag_runs
        clear_task_state_store
        create_asset_event
        create_backfill
        create_default_connections
        create_xcom_entry
        delete_asset_queued_events
        delete_asset_state_store
        delete_connection
        delete_dag
        delete_dag_asset_queued_event
        delete_dag_asset_queued_events
        delete_dag_run
        delete_pool
        delete_task_instance
        delete_task_state_store
        delete_variable
        delete_xcom_entry
        materialize_asset
        orrery_cancel_setup
        orrery_retry_setup
        patch_connection
        patch_dag
        patch_dag_run
        patch_dags
        patch_pool
        patch_task_group_instances
        patch_task_instance
        patch_task_state_store
        patch_variable
        pause_backfill
        post_clear_task_instances
        post_connection
        post_pool
        post_variable
        reparse_dag_file
        set_asset_state_store
        set_task_state_store
        trigger_dag_run
        unpause_backfill
        update_hitl_detail
        update_xcom_entry"#]];
    expected.assert_eq(&names.join("\n"));
}

/// A million entries: `cargo test --release -p api -- --ignored a_question`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes long"]
async fn a_question_about_a_million_entries_is_quick() {
    let write = |writer: &mut store::Writer| {
        for part in 0..100_u64 {
            let entries: Vec<Change> = (part * 10_000..(part + 1) * 10_000).map(entry).collect();
            writer.commit(DeploymentId::DEFAULT, &entries).unwrap();
        }
    };
    let node = Node::over(write, &[]);
    for query in [
        "order_by=-when",
        "order_by=-when&dag_id=dag_3",
        "order_by=-when&dag_id=dag_3&run_id=run_2&event=trigger_dag_run",
        "event=delete_dag",
        "event_pattern=delete",
        "order_by=-when&dag_id_pattern=dag&task_id_pattern=t",
        "order_by=-when&run_id_pattern=many",
        "after=1970-01-01T00:00:01.900000Z&owner=ann",
        "order_by=-when&map_index=7",
        "order_by=event",
    ] {
        let since = std::time::Instant::now();
        let list = node.get(&format!("/eventLogs?{query}")).await;
        println!(
            "{:>8.1} ms {} {query}",
            since.elapsed().as_secs_f64() * 1e3,
            list["total_entries"]
        );
    }
}
