//! What HTTP itself asks of us: strangers, bad requests, streams, the UI and many at once.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use expect_test::expect;
use futures_util::StreamExt;
use serde_json::json;
use tower::ServiceExt;

use super::node::Node;

const YAML: &str = "dag_id: etl\nschedule: null\ntasks:\n  - id: stay\n    uses: bash\n    \
    with: {bash_command: 'sleep 60'}\n";

fn node() -> Node {
    Node::new(&[], &[("etl.yaml", YAML)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_of_the_deployment_and_of_others() {
    let node = node();
    let mut out = String::new();
    for path in [
        "/d/default/api/v2/version",
        "/api/v2/version",
        "/d/other/api/v2/version",
        "/d/default/api/nonsense",
        "/api/v2/dags/",
        "/apis",
        "/errors/API-008",
        "/errors/NO-1",
        "/assets/none.js",
        "/d/default/dags/a%2Bb",
    ] {
        let answer = node.send(Request::get(path), Body::empty()).await;
        let begin: String = answer.text.chars().take(40).collect();
        let begin = begin.lines().next().unwrap_or_default().to_owned();
        let mime = answer.header("content-type");
        out.push_str(&format!("{path} {}\n  {mime} {begin}\n", answer.status));
    }
    let ui = std::path::Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../ui/dist/index.html"
    ));
    // With a UI, its first page answers where the page that says how to build it does without.
    if !ui.exists() {
        expect![[r#"
            /d/default/api/v2/version 200
              application/json {"version":"0.0.0","git_version":null}
            /api/v2/version 200
              application/json {"version":"0.0.0","git_version":null}
            /d/other/api/v2/version 404
              application/json {"detail":"there is no deployment `other
            /d/default/api/nonsense 404
              application/json {"detail":"there is nothing at `/api/non
            /api/v2/dags/ 404
              application/json {"detail":"there is nothing at `/api/v2/
            /apis 200
              text/html; charset=utf-8 <!doctype html><html lang="en"><meta cha
            /errors/API-008 200
              text/plain; charset=utf-8 # API-008: what the path names is not th
            /errors/NO-1 404
              application/json {"detail":"there is no error code `NO-1`
            /assets/none.js 200
              text/html; charset=utf-8 <!doctype html><html lang="en"><meta cha
            /d/default/dags/a%2Bb 200
              text/html; charset=utf-8 <!doctype html><html lang="en"><meta cha
        "#]]
        .assert_eq(&out);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_say_what_browsers_may_do() {
    let node = node();
    let answer = node.ask("GET", "/version", None).await;
    assert!(
        answer
            .header("content-security-policy")
            .starts_with("default-src 'self';")
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-allow-origin"), "");
    let answer = node.ask("PUT", "/pools", None).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "GET,HEAD,POST,PATCH")
    );
    let request = Request::post("/api/v2/pools").header("origin", "http://evil.example");
    assert_eq!(node.send(request, Body::from("{}")).await.status, 403);
    let answer = node.send(Request::get("/metrics"), Body::empty()).await;
    assert!(answer.text.contains("orrery_queue_depth"));
    let answer = node
        .send(Request::get("/openapi.json"), Body::empty())
        .await;
    assert_eq!(answer.json()["info"]["title"], "Orrery");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_wrong_huge_or_cut_off() {
    let node = node();
    let post = || Request::post("/api/v2/pools");
    let huge = node.send(post(), Body::from(vec![b' '; 5 << 20])).await;
    assert_eq!(huge.status, 413, "{}", huge.text);
    let told = post().header("content-length", "99999999");
    assert_eq!(node.send(told, Body::empty()).await.status, 413);
    let broken = futures_util::stream::iter([
        Ok(Bytes::from_static(b"{\"name\": ")),
        Err(std::io::Error::other("the line was cut")),
    ]);
    let cut = node.send(post(), Body::from_stream(broken)).await;
    assert_eq!(cut.status, 400, "{}", cut.text);
    for (body, place) in [("{\"name\": \"x\"", 12), ("{]", 2), ("\u{fffd}", 3)] {
        let answer = node.send(post(), Body::from(body)).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.json()["detail"][0]["loc"][0], "body");
        assert!(
            answer.json()["detail"][0]["loc"][1].as_u64().unwrap() <= place,
            "{}",
            answer.text
        );
    }
    let deep = "[".repeat(100_000);
    assert_eq!(node.send(post(), Body::from(deep)).await.status, 422);
}

/// The next event of a stream as (event, data).
async fn next(stream: &mut axum::body::BodyDataStream, rest: &mut String) -> (String, String) {
    loop {
        if let Some((one, left)) = rest.clone().split_once("\n\n") {
            *rest = left.to_owned();
            let field = |name: &str| {
                let line = one.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap_or_default().trim().to_owned()
            };
            if !field("event:").is_empty() {
                return (field("event:"), field("data:"));
            }
            continue;
        }
        let bytes = tokio::time::timeout(Duration::from_secs(10), stream.next()).await;
        rest.push_str(std::str::from_utf8(&bytes.unwrap().unwrap().unwrap()).unwrap());
    }
}

async fn stream(node: &Node, path: &str) -> axum::body::BodyDataStream {
    let request = Request::get(path)
        .header("host", "localhost")
        .body(Body::empty())
        .unwrap();
    let response = node.router().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    response.into_body().into_data_stream()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_told_as_they_happen() {
    let node = node();
    let mut events = stream(&node, "/api/v2/orrery/events").await;
    let mut rest = String::new();
    let (event, data) = next(&mut events, &mut rest).await;
    assert_eq!(event, "hello");
    assert!(data.contains("\"version\":\"0.0.0\""), "{data}");
    let body = json!({ "logical_date": null, "dag_run_id": "one" });
    node.ask("POST", "/dags/etl/dagRuns", Some(body)).await;
    let mut seen = false;
    for _ in 0..20 {
        let (event, data) = next(&mut events, &mut rest).await;
        assert_eq!(event, "changes");
        if data.contains("[\"etl\",\"one\"]") {
            seen = true;
            break;
        }
    }
    assert!(seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_followed_to_its_end() {
    let node = node();
    let body = json!({ "logical_date": null, "dag_run_id": "one" });
    node.ask("POST", "/dags/etl/dagRuns", Some(body)).await;
    let ti = "/dags/etl/dagRuns/one/taskInstances/stay";
    while node.get(ti).await["state"] != "running" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let log = node.folder().join("logs/etl/one/stay.-1.1.log");
    std::fs::create_dir_all(log.parent().unwrap()).unwrap();
    std::fs::write(&log, "{\"event\":\"one\"}\nplain\n").unwrap();
    let part = node.get(&format!("{ti}/logs/1")).await;
    assert_eq!(
        part["content"],
        json!([{ "event": "one" }, { "event": "plain" }])
    );
    assert_eq!(part["continuation_token"], "22");
    let tail = format!("/d/default/api/v2/orrery{ti}/-1/logs/1/tail?offset=0&lines=1");
    let mut events = stream(&node, &tail).await;
    let mut rest = String::new();
    let (event, data) = next(&mut events, &mut rest).await;
    assert_eq!(
        (event.as_str(), data.as_str()),
        ("start", "{\"skipped\":1}")
    );
    let (event, data) = next(&mut events, &mut rest).await;
    assert_eq!(
        (event.as_str(), data.as_str()),
        ("lines", "[{\"event\":\"plain\"}]")
    );
    let more = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
    std::io::Write::write_all(&mut &more, b"{\"event\":\"three\"}\n").unwrap();
    let (event, data) = next(&mut events, &mut rest).await;
    assert_eq!(
        (event.as_str(), data.as_str()),
        ("lines", "[{\"event\":\"three\"}]")
    );
    let patch = json!({ "new_state": "failed" });
    assert_eq!(node.ask("PATCH", ti, Some(patch)).await.status, 200);
    loop {
        let (event, _) = next(&mut events, &mut rest).await;
        if event == "end" {
            break;
        }
    }
    let request =
        Request::get(format!("/api/v2{ti}/logs/1")).header("accept", "application/x-ndjson");
    let lines = node.send(request, Body::empty()).await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    assert!(
        lines.text.starts_with("{\"event\":\"one\"}\nplain\n"),
        "{}",
        lines.text
    );
}
