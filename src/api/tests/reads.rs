//! Lists and single things from a book that was written before.

use expect_test::expect;
use model::Json;

use super::{
    book::{YAML, book},
    node::Node,
};

fn node() -> Node {
    let bad = ("bad.yaml", "dag_id: bad\ntasks: nothing\n");
    let (etl, web) = (
        YAML.to_owned(),
        YAML.replace("etl", "web").replace("daily, ", ""),
    );
    Node::new(&book(), &[("etl.yaml", &etl), ("web.yaml", &web), bad])
}

fn names(list: &Json, key: &str) -> String {
    let all = list.as_array().unwrap().iter().map(|one| match &one[key] {
        Json::String(text) => text
            .replace("scheduled__", "")
            .replace("T00:00:00+00:00", ""),
        other @ (Json::Null
        | Json::Bool(_)
        | Json::Number(_)
        | Json::Array(_)
        | Json::Object(_)) => other.to_string(),
    });
    all.collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_has_upstreams_shape() {
    let node = node();
    let run = "/dags/etl/dagRuns/scheduled__2026-01-11T00:00:00%2B00:00";
    let ti = format!("{run}/taskInstances/extract");
    for path in [
        "/dags".to_owned(),
        "/dags/etl".to_owned(),
        "/dags/etl/details".to_owned(),
        "/dags/etl/tasks?order_by=-task_id".to_owned(),
        "/dags/etl/tasks/load".to_owned(),
        "/dags/~/dagVersions".to_owned(),
        "/dags/etl/dagVersions/1".to_owned(),
        "/dagSources/etl".to_owned(),
        "/dagStats?dag_ids=etl&dag_ids=web".to_owned(),
        "/dagTags".to_owned(),
        "/dagWarnings".to_owned(),
        "/importErrors".to_owned(),
        "/dags/~/dagRuns".to_owned(),
        run.to_owned(),
        format!("{run}/taskInstances"),
        ti.clone(),
        format!("{ti}/tries"),
        format!("{ti}/tries/1"),
        format!("{ti}/-1/tries"),
        format!("{ti}/-1/tries/2"),
        format!("{ti}/-1"),
        format!("{ti}/dependencies"),
        format!("{ti}/-1/dependencies"),
        format!("{ti}/links"),
        format!("{ti}/logs/1"),
        format!("{ti}/xcomEntries"),
        format!("{ti}/xcomEntries/return_value"),
        format!("{ti}/xcomEntries/return_value?stringify=true"),
        "/pools".to_owned(),
        "/pools/db".to_owned(),
        "/variables".to_owned(),
        "/monitor/health".to_owned(),
        "/version".to_owned(),
        "/orrery/dags".to_owned(),
        "/orrery/dags/etl/grid".to_owned(),
        format!("/orrery{run}/reasons"),
        format!("/orrery{ti}/-1/reasons"),
    ] {
        node.get(&path).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dags_are_filtered_sorted_and_paged() {
    let node = node();
    for (query, expected) in [
        ("", "etl web"),
        ("?order_by=-dag_id", "web etl"),
        ("?limit=1&offset=1", "web"),
        ("?limit=0", ""),
        ("?tags=daily&tags=red", "etl web"),
        ("?tags=daily&tags=red&tags_match_mode=all", "etl"),
        ("?paused=true", "etl web"),
        ("?paused=false", ""),
        ("?dag_id_pattern=T", "etl"),
        ("?dag_id_pattern=~", "etl web"),
        ("?dag_id_prefix_pattern=w%7Cx", "web"),
        ("?last_dag_run_state=failed", "etl web"),
        ("?owners=bob", ""),
        ("?order_by=-last_run_start_date", "etl web"),
    ] {
        let list = node.get(&format!("/dags{query}")).await;
        assert_eq!(names(&list["dags"], "dag_id"), expected, "{query}");
    }
    expect![[r#"
        400 API-009 cannot order by `colour`; choose one of dag_id, dag_display_name,
            next_dagrun, state, start_date, last_run_state, last_run_start_date"#]]
    .assert_eq(&node.refused("GET", "/dags?order_by=colour", None).await);
    expect![[r#"
        422 API-014 query.limit int_parsing: `limit` should be a whole number from 0;
            query.paused bool_parsing: `paused` should be true or false"#]]
    .assert_eq(
        &node
            .refused("GET", "/dags?limit=many&paused=maybe", None)
            .await,
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_are_listed_by_index_and_by_scan() {
    let node = node();
    for (query, expected, total) in [
        ("etl/dagRuns?limit=2", "2026-01-02 2026-01-03", 100),
        (
            "etl/dagRuns?limit=2&order_by=-run_after",
            "2026-04-11 2026-04-10",
            100,
        ),
        (
            "etl/dagRuns?limit=2&offset=98",
            "2026-04-10 2026-04-11",
            100,
        ),
        (
            "etl/dagRuns?limit=2&state=failed",
            "2026-01-11 2026-01-21",
            10,
        ),
        (
            "etl/dagRuns?limit=2&run_type=manual",
            "2026-01-11 2026-01-21",
            10,
        ),
        (
            "~/dagRuns?limit=3&order_by=run_after",
            "2026-01-02 2026-01-02 2026-01-03",
            120,
        ),
        ("~/dagRuns?limit=1&dag_id_pattern=web", "2026-01-02", 20),
        (
            "etl/dagRuns?limit=2&order_by=-duration",
            "2026-01-02 2026-01-03",
            100,
        ),
        (
            "etl/dagRuns?limit=2&order_by=duration",
            "2026-04-11 2026-04-10",
            100,
        ),
        (
            "etl/dagRuns?logical_date_gte=2026-02-01&logical_date_lt=2026-02-03T00:00:00Z",
            "2026-02-01 2026-02-02",
            2,
        ),
        (
            "etl/dagRuns?run_id_pattern=03-1_T&limit=1",
            "2026-03-10",
            10,
        ),
        (
            "etl/dagRuns?conf_contains=%22day%22:42&limit=9",
            "2026-02-12",
            1,
        ),
        (
            "etl/dagRuns?duration_lt=902&limit=9",
            "2026-04-10 2026-04-11",
            2,
        ),
    ] {
        let list = node.get(&format!("/dags/{query}")).await;
        assert_eq!(names(&list["dag_runs"], "dag_run_id"), expected, "{query}");
        assert_eq!(list["total_entries"], total, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursors_go_to_the_end_and_back() {
    let node = node();
    for (base, list, order, n) in [
        ("/dags/etl/dagRuns", "dag_runs", "-run_after", 100),
        ("/dags/etl/dagRuns", "dag_runs", "duration", 100),
        (
            "/dags/~/dagRuns/~/taskInstances",
            "task_instances",
            "map_index",
            360,
        ),
        (
            "/dags/~/dagRuns/~/taskInstances",
            "task_instances",
            "-start_date",
            360,
        ),
    ] {
        let (mut cursor, mut seen, mut pages) = (String::new(), Vec::new(), Vec::new());
        loop {
            let path = format!("{base}?limit=30&order_by={order}&cursor={cursor}");
            let page = node.get(&path).await;
            assert!(page["total_entries_limit"].is_number());
            seen.extend(page[list].as_array().unwrap().iter().map(Json::to_string));
            pages.push(page.clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        let unique: std::collections::HashSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), unique.len()), (n, n), "{base} {order}");
        let back = pages.last().unwrap()["previous_cursor"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("{base}?limit=30&order_by={order}&cursor={back}");
        let before = node.get(&path).await;
        assert_eq!(before[list], pages[pages.len() - 2][list], "{base} {order}");
        assert!(pages[0]["previous_cursor"].is_null());
    }
    let wrong = node
        .refused("GET", "/dags/etl/dagRuns?cursor=nonsense", None)
        .await;
    expect!["400 API-009 `nonsense` is not a cursor of this list"].assert_eq(&wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn task_instances_are_filtered() {
    let node = node();
    let run = "scheduled__2026-01-11T00:00:00%2B00:00";
    for (path, expected, total) in [
        (
            format!("/dags/etl/dagRuns/{run}/taskInstances"),
            "extract load report",
            3,
        ),
        (
            format!("/dags/~/dagRuns/{run}/taskInstances?limit=4"),
            "extract load report extract",
            6,
        ),
        (
            "/dags/etl/dagRuns/~/taskInstances?state=failed&limit=1".to_owned(),
            "extract",
            10,
        ),
        (
            "/dags/~/dagRuns/~/taskInstances?state=failed&limit=1".to_owned(),
            "extract",
            12,
        ),
        (
            "/dags/~/dagRuns/~/taskInstances?operator=BashOperator&limit=1".to_owned(),
            "extract",
            120,
        ),
        (
            "/dags/~/dagRuns/~/taskInstances?try_number=2&limit=1".to_owned(),
            "extract",
            12,
        ),
        (
            "/dags/~/dagRuns/~/taskInstances?task_id=load&limit=1".to_owned(),
            "load",
            120,
        ),
        (
            format!("/dags/etl/dagRuns/{run}/taskInstances?task_id=load"),
            "load",
            1,
        ),
        (
            "/dags/~/dagRuns/~/taskInstances?state=no_status&state=running".to_owned(),
            "",
            0,
        ),
        (
            format!("/dags/etl/dagRuns/{run}/taskInstances?order_by=-state&limit=1"),
            "load",
            3,
        ),
    ] {
        let list = node.get(&path).await;
        assert_eq!(
            names(&list["task_instances"], "task_id"),
            expected,
            "{path}"
        );
        assert_eq!(list["total_entries"], total, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn task_instances_are_found_by_a_body_and_say_what_they_used() {
    let node = node();
    let run = "scheduled__2026-01-11T00:00:00%2B00:00";
    let body = serde_json::json!({ "dag_ids": ["web"], "task_ids": ["load"], "page_limit": 1 });
    let path = "/dags/~/dagRuns/~/taskInstances/list";
    let list = node.ask("POST", path, Some(body)).await.json();
    assert_eq!(list["total_entries"], 20);
    let one = node
        .get(&format!("/dags/etl/dagRuns/{run}/taskInstances/extract"))
        .await;
    assert_eq!(
        one["orrery"],
        serde_json::json!({ "cpu_seconds": 2.5, "peak_memory_bytes": 9000 })
    );
    assert_eq!(
        (&one["operator_name"], &one["priority_weight"]),
        (&"BashOperator".into(), &3.into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_named() {
    let node = node();
    let mut out = String::new();
    for (method, path) in [
        ("GET", "/dags/none"),
        ("GET", "/dags/etl/dagRuns/none"),
        (
            "GET",
            "/dags/etl/dagRuns/scheduled__2026-01-11T00:00:00%2B00:00/taskInstances/none",
        ),
        (
            "GET",
            "/dags/etl/dagRuns/scheduled__2026-01-11T00:00:00%2B00:00/taskInstances/load/4",
        ),
        (
            "GET",
            "/dags/etl/dagRuns/scheduled__2026-01-11T00:00:00%2B00:00/taskInstances/load/x",
        ),
        ("GET", "/pools/none"),
        ("GET", "/variables/none"),
        ("GET", "/config"),
        ("GET", "/auth/login"),
        ("GET", "/nonsense"),
        ("PUT", "/pools"),
    ] {
        out.push_str(&node.refused(method, path, None).await);
        out.push('\n');
    }
    expect![[r#"
        404 API-008 there is no dag `none`
        404 API-008 there is no run `none` of dag `etl`
        404 API-008 there is no task instance `none` in run
            `scheduled__2026-01-11T00:00:00+00:00` of dag `etl`
        404 API-008 there is no task instance `load` at map index `4` in run
            `scheduled__2026-01-11T00:00:00+00:00` of dag `etl`
        422 API-014 path.map_index int_parsing: this part of the path should be a whole
            number
        404 API-008 there is no pool `none`
        404 API-008 there is no variable `none`
        403 API-013 the configuration is not shown here; `orrery config show` has it
        404 API-012 `/api/v2/auth/login` is part of Airflow's API and not there yet
        404 API-003 there is nothing at `/api/v2/nonsense`
        405 API-004 PUT is not possible here; `Allow` says what is
    "#]]
    .assert_eq(&out);
}
