//! Runs of partitions: asked for, found and cleared by their keys and dates; and tasks that are new.

use expect_test::expect;
use serde_json::{Value as Json, json};

use super::node::Node;

const DAYS: &str = "
dag_id: days
schedule:
  uses: airflow.timetables.trigger.CronPartitionTimetable
  with: {cron: '0 0 * * *', timezone: Europe/Zurich, key_format: '%Y-%m-%d'}
start_date: '2026-01-01'
is_paused_upon_creation: true
tasks:
  - {id: a, uses: empty}
";
const PLAIN: &str = "dag_id: plain\nschedule: null\ntasks:\n  - {id: a, uses: empty}\n";

fn ask(run_id: &str, key: Option<&str>) -> Json {
    json!({ "dag_run_id": run_id, "logical_date": null, "partition_key": key })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s136_runs_are_asked_for_and_cleared_by_partition() {
    let node = Node::new(&[], &[("days.yaml", DAYS), ("plain.yaml", PLAIN)]);
    for key in ["2026-03-01", "2026-03-02"] {
        let body = Some(ask(&format!("of_{key}"), Some(key)));
        let run = node.ask("POST", "/dags/days/dagRuns", body).await;
        assert_eq!(run.status, 200, "{}", run.text);
        assert_eq!(run.json()["partition_key"], key);
    }
    let date = &node.get("/dags/days/dagRuns/of_2026-03-01").await["partition_date"];
    assert_eq!(date, "2026-02-28T23:00:00Z");
    let path = "/dags/plain/dagRuns";
    let no = node.refused("POST", path, Some(ask("x", Some("k")))).await;
    expect![[r#"
        400 RUN-092 the runs of dag `plain` are for no partitions: leave partition_key
            out"#]]
    .assert_eq(&no);
    let path = "/dags/days/dagRuns";
    let no = node
        .refused("POST", path, Some(ask("x", Some("soon"))))
        .await;
    expect![[r#"
        400 RUN-092 partition key `soon` is none: time data 'soon' is not of the format
            '%Y-%m-%d'"#]]
    .assert_eq(&no);

    let path = "/dags/days/clearDagRuns";
    let found = |body: Json| {
        let node = &node;
        async move {
            let answer = node.ask("POST", path, Some(body)).await.json();
            let all = answer["task_instances"].as_array().unwrap().clone();
            let ids = all
                .iter()
                .map(|ti| ti["dag_run_id"].as_str().unwrap().to_owned());
            ids.collect::<Vec<_>>().join(" ")
        }
    };
    assert_eq!(
        found(json!({ "partition_key": "2026-03-02" })).await,
        "of_2026-03-02"
    );
    // Bounds are meant in the zone of the timetable.
    let from = json!({ "partition_date_start": "2026-03-01T00:00:00Z" });
    assert_eq!(found(from).await, "of_2026-03-01 of_2026-03-02");
    let window = json!({
        "partition_date_start": "2026-03-01T00:00:01Z", "partition_date_end": "2026-03-02T00:00:00Z",
    });
    assert_eq!(found(window).await, "of_2026-03-02");
    for body in [
        json!({}),
        json!({ "partition_key": "k", "partition_date_end": "2026-03-02T00:00:00Z" }),
        json!({
            "partition_date_start": "2026-03-03T00:00:00Z",
            "partition_date_end": "2026-03-02T00:00:00Z",
        }),
        json!({ "partition_key": "2026-03-02", "only_new": true, "only_failed": true }),
    ] {
        let answer = node.ask("POST", path, Some(body)).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
    }
    let everywhere = json!({ "partition_key": "k" });
    let answer = node
        .ask("POST", "/dags/~/clearDagRuns", Some(everywhere))
        .await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    let new = json!({ "only_new": true });
    let answer = node
        .ask("POST", "/dags/days/dagRuns/of_2026-03-01/clear", Some(new))
        .await;
    assert_eq!(answer.json()["total_entries"], 0);
}
