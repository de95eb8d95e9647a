//! Runs to their end, over restarts and clears.

use model::{Json, command::Reply, report::Outcome};
use serde_json::json;

use super::kit::{Node, Scripted, badly, well};

const CHAIN: &str = "
dag_id: chain
is_paused_upon_creation: false
params:
  n: {type: integer, minimum: 1, default: 3}
tasks:
  - {id: a, uses: bash, with: {bash_command: {$t: 'echo {{ params.n }} {{ var.value.greeting }}'}}}
  - {id: b, uses: bash, with: {bash_command: 'true'}, needs: [a], retries: 1, retry_delay: 0}
  - {id: c, uses: empty, needs: [b]}
";

const BRANCH: &str = "
dag_id: branch
is_paused_upon_creation: false
tasks:
  - {id: pick, uses: branch, with: {expression: \"'left'\"}}
  - {id: left, uses: bash, with: {bash_command: 'true'}, needs: [pick]}
  - {id: right, uses: bash, with: {bash_command: 'true'}, needs: [pick]}
  - {id: join, uses: empty, needs: [left, right], trigger_rule: none_failed_min_one_success}
";

fn run(reply: Reply) -> model::RunNo {
    match reply {
        Reply::Run { run, .. } => run,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_chain_runs_to_its_end_and_a_failure_is_tried_again() {
    let executor = Scripted::new(|work| {
        if work.log_path.contains("/b.-1.1.log") {
            badly()
        } else {
            well()
        }
    });
    let node = Node::new(&[("chain", CHAIN)], executor);
    let run = run(node.trigger("chain", "r1", json!({"n": 5})));
    assert_eq!(node.ended(run), "success a:success b:success c:success");
    assert_eq!(node.executor.started(), ["a/1", "b/1", "b/2"]);
    // Acknowledgements follow the commit that others see already.
    while node.executor.acked() < 3 {
        std::thread::yield_now();
    }
}

#[test]
fn conf_is_checked_before_a_run_is_made() {
    let node = Node::new(&[("chain", CHAIN)], Scripted::new(|_| well()));
    let Reply::Refused(no) = node.trigger("chain", "r1", json!({"n": 0})) else {
        panic!()
    };
    assert_eq!(no.message, "param `n`: 0 is less than the minimum of 1");
    let Reply::Refused(no) = node.trigger("none", "r1", Json::Null) else {
        panic!()
    };
    assert_eq!(no.code, "CTL-012");
}

#[test]
fn a_branch_skips_what_it_does_not_choose_and_writes_a_log() {
    let node = Node::new(&[("branch", BRANCH)], Scripted::new(|_| well()));
    let run = run(node.trigger("branch", "r1", Json::Null));
    let ended = node.ended(run);
    assert_eq!(
        ended,
        "success join:success left:success pick:success right:skipped"
    );
    let log = node.path("logs").join(crate::logs::path::path(
        "branch",
        "r1",
        "pick",
        model::MapIndex::NONE,
        1,
    ));
    let text = std::fs::read_to_string(log).unwrap();
    assert!(text.contains("Following branch left") && text.contains("Skipping tasks right"));
}

#[test]
fn a_run_goes_on_where_it_was_after_a_restart() {
    let executor = Scripted::new(|work| {
        if work.log_path.contains("/b.") {
            None
        } else {
            well()
        }
    });
    let mut node = Node::new(&[("chain", CHAIN)], executor);
    let run = run(node.trigger("chain", "r1", Json::Null));
    while node.executor.started().len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    node.restart();
    node.restart();
    node.executor.end(
        "b",
        Outcome::Success {
            xcoms: Vec::new(),
            skip: Vec::new(),
            outlets: Box::default(),
        },
    );
    assert_eq!(node.ended(run), "success a:success b:success c:success");
    assert_eq!(
        node.executor.started(),
        ["a/1", "b/1"],
        "nothing was started twice"
    );
}

#[test]
fn a_task_triggers_another_dag_and_waits_for_it() {
    let outer = "
dag_id: outer
is_paused_upon_creation: false
tasks:
  - id: go
    uses: trigger-dag
    with: {trigger_dag_id: chain, wait_for_completion: true, poke_interval: 1, conf: {n: 2}}
";
    let node = Node::new(
        &[("chain", CHAIN), ("outer", outer)],
        Scripted::new(|_| well()),
    );
    let run = run(node.trigger("outer", "r1", Json::Null));
    assert_eq!(node.ended(run), "success go:success");
    assert_eq!(node.executor.started(), ["a/1", "b/1"]);
}

#[test]
fn a_sensor_waits_without_an_executor() {
    let node_dag = |path: &str| {
        format!(
            "
dag_id: sensor
is_paused_upon_creation: false
tasks:
  - {{id: wait, uses: file-sensor, with: {{filepath: {path}, poke_interval: 0.1}}}}
  - {{id: then, uses: bash, with: {{bash_command: 'true'}}, needs: [wait]}}
"
        )
    };
    let place = crate::testing::Folder::new();
    let path = place.path().join("done").to_string_lossy().into_owned();
    let mut node = Node::new(&[("sensor", &node_dag(&path))], Scripted::new(|_| well()));
    let run = run(node.trigger("sensor", "r1", Json::Null));
    let waits = |node: &Node| while !node.look(run).1.contains("wait:deferred") {};
    waits(&node);
    node.restart();
    waits(&node);
    place.write("done", "");
    assert_eq!(node.ended(run), "success then:success wait:success");
}
