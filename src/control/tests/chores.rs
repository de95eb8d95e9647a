//! Retention, logs and the disk.

use std::sync::Arc;

use model::{Json, command::Reply, ports::Clock};

use super::kit::{Node, Scripted, well};
use crate::{Retention, reconcilers::Keeper, testing::WallClock};

const DAG: &str = "
dag_id: d
is_paused_upon_creation: false
tasks:
  - {id: a, uses: bash, with: {bash_command: 'true'}}
";

#[test]
fn old_runs_go_with_their_logs_and_logs_of_ended_runs_shrink() {
    let node = Node::new(&[("d", DAG)], Scripted::new(|_| well()));
    let mut runs = Vec::new();
    for n in 0..6 {
        let id = format!("r{n}");
        let Reply::Run { run, .. } = node.trigger("d", &id, Json::Null) else {
            panic!()
        };
        node.temp
            .write(&format!("logs/d/{id}/a.-1.1.log"), &"line\n".repeat(2_000));
        node.ended(run);
        runs.push(run);
    }
    let control = node.control();
    let keeper = Keeper {
        reader: control.reader().clone(),
        handle: control.handle().clone(),
        clock: Arc::new(WallClock) as Arc<dyn Clock>,
        metrics: Arc::default(),
        data: node.path(""),
        logs: node.path("logs"),
        retention: Retention {
            days_max: None,
            runs_per_dag_max: Some(2),
            runs_per_dag_min: 1,
            disk_budget_bytes: None,
        },
        disk_needed_bytes: 0,
    };
    keeper.all_rounds();
    let book = control.snapshot().unwrap();
    let left: Vec<bool> = runs
        .iter()
        .map(|run| book.run(*run).unwrap().is_some())
        .collect();
    assert_eq!(left, [false, false, false, false, true, true]);
    keeper.all_rounds();
    for (n, left) in left.iter().enumerate() {
        let folder = node.path(&format!("logs/d/r{n}"));
        assert_eq!(folder.exists(), *left, "r{n}");
        let file = folder.join("a.-1.1.log");
        if *left {
            assert!(!file.exists(), "it is compressed");
            let page = crate::logs::read::page(&file, 0, 100, false)
                .unwrap()
                .unwrap();
            assert!(page.text.starts_with("line\n"));
        }
    }
}
